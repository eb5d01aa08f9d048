"""The flow behind a switch's numbers: from where a call enters, every step it can come to."""

from collections import deque
from collections.abc import Callable

from cctoolkit.model.schemas import MAX_STEPS
from cctoolkit.takeover.call import Call, Stop
from cctoolkit.takeover.dialplan import Dialplan
from cctoolkit.takeover.known_apps import SILENT
from cctoolkit.takeover.leftovers import Leftovers, Place
from cctoolkit.takeover.names import Names
from cctoolkit.takeover.steps import Data, To, Way, by_hand, changed, led, merged, reached, rings
from cctoolkit.takeover.values import Value, plain_name, variables
from cctoolkit.takeover.walk import Walker

MAX_EXPLORED = 1_500
"""Steps of one project, before those that are alike become one."""
MAX_SKIPPED = 200
TOO_MUCH = "by-hand-too-much"

Recognise = Callable[[Stop], tuple[str, Data] | None]
"""Returns what a step is to be called, and the step; None where a call goes on as if the line were not there."""


class Flow:
    """Collects the steps of one project."""

    def __init__(self, walker: Walker, recognise: Recognise, notes: Leftovers, longest: int) -> None:
        self.walker = walker
        self.recognise = recognise
        self.notes = notes
        self.names = Names(longest)
        self.entries: dict[str, str] = {}
        self._steps: dict[str, Data] = {}
        self._known: dict[object, str] = {}
        self._open: deque[str] = deque()
        self._matters = Relevant(walker.plan)

    def enter(self, number: str, start: Way) -> None:
        """Follow the calls of a number."""
        self.entries[number] = self._step(start)
        while self._open:
            name = self._open.popleft()
            self._steps[name] = changed(self._steps[name], (Call, Stop), lambda way: To(self._step(way)))

    def steps(self) -> dict[str, Data]:
        """Return the steps, alike ones as one; `entries` name them."""
        steps, self.entries = merged(self._steps, self.entries)
        for name, target in list(rings(steps)):
            end = self.names.of(("ring", name), f"by-hand-{name}")
            steps[end] = by_hand(end)
            steps[name] = led(steps[name], {target: end})
            what = f"calls go round for ever by way of {name}"
            why = f'a spec has no such ring: the step "{end}" hangs up in its place'
            self.notes.add(Place("extensions.conf"), what, why, "lead it to an end")
        found = reached(steps, self.entries)
        if len(found) > MAX_STEPS:
            self._too_much(Place("extensions.conf"))
            kept = list(found)[: MAX_STEPS - 1]
            names = dict.fromkeys(found.keys() - set(kept), TOO_MUCH)
            found = {name: led(found[name], names) for name in kept} | {TOO_MUCH: by_hand(TOO_MUCH)}
            self.entries = {number: names.get(name, name) for number, name in self.entries.items()}
        return reached(found, self.entries)

    def _step(self, start: Way) -> str:
        stop = self.walker.walk(start)
        for _ in range(MAX_SKIPPED):
            key = self._key(stop)
            if key in self._known:
                return self._known[key]
            found = self.recognise(stop) if len(self._steps) < MAX_EXPLORED else None
            if found is not None:
                return self._add(key, *found)
            stop = self.walker.walk(stop.call.next)
        self._too_much(stop.line.place if stop.line else Place("extensions.conf"))
        return self._known.get(TOO_MUCH) or self._add(TOO_MUCH, TOO_MUCH, by_hand(TOO_MUCH))

    def _add(self, key: object, wanted: str, data: Data) -> str:
        name = self._known[key] = self.names.of(key, wanted, "step")
        self._steps[name] = data
        self._open.append(name)
        return name

    def _too_much(self, place: Place) -> None:
        why = f'a flow has {MAX_STEPS} steps at most: the step "{TOO_MUCH}" stands for the others'
        self.notes.add(place, "more steps, or lines without one", why, "import fewer numbers: --project NAME=NUMBER")

    def _key(self, stop: Stop) -> object:
        """Return what makes two stops the same step: the place, and what of the call's variables can still matter."""
        if stop.line is None and not stop.asks and not stop.lost:
            return "end"
        held = self._matters.of(stop.call)
        return stop.line, stop.call.at, stop.call.returns, stop.app, stop.args, stop.lost, stop.asks, held


class Relevant:
    """Knows which variables decide anything in a dialplan, themselves or by what is made of them."""

    def __init__(self, plan: Dialplan) -> None:
        self.names: set[str] = {"QUEUE_PRIO"}
        made: dict[str, set[str]] = {}
        for line in plan.lines():
            if line.app in ("set", "mset"):
                name, _, text = line.data.partition("=")
                made.setdefault(plain_name(name.strip()), set()).update(variables(text))
                self.names |= variables(text) if "${" in name else set()
            elif line.app not in SILENT:
                self.names |= variables(line.data)
        ahead = list(self.names)
        while ahead:
            for name in made.pop(ahead.pop(), ()):
                if name not in self.names:
                    self.names.add(name)
                    ahead.append(name)
        self._begins = tuple(name[:-1] for name in self.names if name.endswith("*"))

    def of(self, call: Call) -> frozenset[tuple[str, Value]]:
        """Return those a call holds; one that is empty is as good as not set."""
        return frozenset((name, worth) for name, worth in call.held.items() if worth != "" and self._decides(name))

    def _decides(self, name: str) -> bool:
        return name in self.names or "(" in name or name.startswith(self._begins)
