"""The flow behind a switch's numbers: from where a call enters, every step it can come to."""

from collections.abc import Callable

from cctoolkit.takeover.call import Call, Stop
from cctoolkit.takeover.dialplan import Dialplan
from cctoolkit.takeover.known_apps import SILENT
from cctoolkit.takeover.leftovers import Leftovers, Place
from cctoolkit.takeover.names import Names
from cctoolkit.takeover.steps import Data, To, Way, by_hand, changed, led, merged, reached, rings
from cctoolkit.takeover.values import Value, variables
from cctoolkit.takeover.walk import Walker

MAX_STEPS = 3_000
"""Steps of one project, before those that are alike become one."""
MAX_SKIPPED = 200

Recognise = Callable[[Stop], tuple[str, Data] | None]
"""Returns what a step is to be called, and the step; None where a call goes on as if the line were not there."""


class Flow:
    """Collects the steps of one project."""

    def __init__(self, walker: Walker, recognise: Recognise, notes: Leftovers) -> None:
        self.walker = walker
        self.recognise = recognise
        self.notes = notes
        self.names = Names()
        self.entries: dict[str, str] = {}
        self._steps: dict[str, Data] = {}
        self._known: dict[object, str] = {}
        self._open: list[str] = []
        self._matters = Relevant(walker.plan)

    def enter(self, number: str, start: Way) -> None:
        """Follow the calls of a number."""
        self.entries[number] = self._step(start)
        while self._open:
            name = self._open.pop()
            self._steps[name] = changed(self._steps[name], (Call, Stop), lambda way: To(self._step(way)))

    def steps(self) -> dict[str, Data]:
        """Return the steps, alike ones as one; `entries` name them."""
        steps, self.entries = merged(self._steps, self.entries)
        for name, target in list(rings(steps)):
            end = self.names.of(("ring", name), f"by-hand-{name}")
            steps[end] = by_hand(end)
            steps[name] = led(steps[name], {target: end})
            self.notes.add(
                Place("extensions.conf"),
                f"calls go round for ever by way of {name}",
                f'a spec has no such ring: the step "{end}" hangs up in its place',
                "lead it to an end",
            )
        return reached(steps, self.entries)

    def _step(self, start: Way) -> str:
        stop = self.walker.walk(start)
        for _ in range(MAX_SKIPPED):
            key = self._key(stop)
            if key in self._known:
                return self._known[key]
            found = self.recognise(stop) if len(self._steps) < MAX_STEPS else None
            if found or len(self._steps) >= MAX_STEPS:
                break
            stop = self.walker.walk(stop.call.next)
        else:
            found = None
        if found is None:
            place = stop.line.place if stop.line else Place("extensions.conf")
            self.notes.add(
                place,
                "too much",
                f"more than {MAX_STEPS} steps, or {MAX_SKIPPED} lines in a row without one",
                "import fewer numbers at a time: --project NAME=NUMBER",
            )
            found = ("by-hand-too-much", by_hand("too much"))
            key = "too much"
        wanted, data = found
        name = self._known.get(key) or self.names.of(key, wanted, "step")
        if key not in self._known:
            self._known[key] = name
            self._steps[name] = data
            self._open.append(name)
        return name

    def _key(self, stop: Stop) -> object:
        """Return what makes two stops the same step: the place, and what of the call's variables can still matter."""
        if stop.line is None and not stop.asks and not stop.lost:
            return "end"
        held = self._matters.of(stop.call)
        return stop.line, stop.call.at, stop.call.returns, stop.app, stop.args, stop.lost, stop.asks, held


class Relevant:
    """Knows which variables decide anything in a dialplan, themselves or by what is made of them."""

    def __init__(self, plan: Dialplan) -> None:
        lines = [line for context in plan.contexts.values() for held in context.extensions.values()
                 for line in held.lines.values()]  # fmt: skip
        self.names: set[str] = {"QUEUE_PRIO"}
        made: dict[str, set[str]] = {}
        for line in lines:
            if line.app in ("set", "mset"):
                name, _, text = line.data.partition("=")
                made.setdefault(name.strip().lstrip("_"), set()).update(variables(text))
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
