"""One project of an import: what its numbers lead to, and what of the switch that uses."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cctoolkit.model.phone import example
from cctoolkit.takeover import agents, site, trunks
from cctoolkit.takeover.agents import Person
from cctoolkit.takeover.flow import Flow
from cctoolkit.takeover.leftovers import Leftovers, Place
from cctoolkit.takeover.names import Names
from cctoolkit.takeover.numbers import Number
from cctoolkit.takeover.queues import Queue
from cctoolkit.takeover.recognise import step
from cctoolkit.takeover.scene import Facts, Scene
from cctoolkit.takeover.steps import by_hand, written
from cctoolkit.takeover.switch import Switch
from cctoolkit.takeover.walk import Walker
from cctoolkit.takeover.wanted import Wanted, longest_name

BY_HAND = "by-hand-number"


def build(
    name: str, numbers: Mapping[str, Number], scene: Scene, progress: Callable[[str], None]
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Return a project's numbers, calendars and flow; its numbers' calls are followed to their ends."""
    flow = Flow(scene.walker, lambda stop: step(scene, stop), scene.notes, scene.facts.longest)
    for count, (full, number) in enumerate(numbers.items(), 1):
        progress(f"project {name}: following the calls of number {count} of {len(numbers)}")
        flow.enter(full, scene.walker.enter(number.context, number.extension))
    steps = {one: written(data) for one, data in flow.steps().items()}
    listed = [number.data(flow.entries[full]) for full, number in numbers.items()]
    if not listed:
        steps[BY_HAND] = written(by_hand(BY_HAND))
        listed = [_placeholder(scene)]
    used = {one.get("calendar") for one in steps.values()}
    calendars = {key: value for key, value in scene.calendars.items() if key in used}
    facts = scene.facts
    about = {"id": name, "title": name, "client": "To be named", "language": facts.language, "time_zone": facts.zone}
    return {"project": about, "numbers": listed, "calendars": calendars, "flow": steps}, steps


def _placeholder(scene: Scene) -> dict[str, Any]:
    """Return a number that stands where none was found."""
    country, full = example(scene.facts.country)
    why = f"a project has one: {full}, an example of a number, was written"
    by_hand_ = "name the context calls come into, --context NAME; or write the number"
    scene.notes.add(Place("extensions.conf"), "no number was found", why, by_hand_)
    return Number(full, country, "", full, Place("extensions.conf")).data(BY_HAND)


class Share:
    """What of the switch belongs to which project: a queue to the first one whose calls come to it."""

    def __init__(
        self, switch: Switch, people: Mapping[str, Person], names: Names, wanted: Wanted, notes: Leftovers
    ) -> None:
        self.switch = switch
        self.people = people
        self.wanted = wanted
        self.notes = notes
        self.vacant = False
        self._left = dict(switch.queues)
        self._owners: dict[str, str] = {}
        self._outward = {one.name: names.of(("out", one.name), f"{one.name}-out", "trunk") for one in switch.trunks}

    def scene(self, walker: Walker, language: str, numbers: Sequence[Number]) -> Scene:
        """Return what a project's calls are followed with."""
        facts = Facts(
            self.wanted.country, language, self.wanted.today, self._left, self.switch.voicemail, self._outward, numbers,
            self.wanted.time_zone or "UTC", longest_name(self.wanted), dict(self._owners),
        )  # fmt: skip
        return Scene(walker, facts, self.notes)

    def take(
        self, name: str, numbers: Mapping[str, Number], scene: Scene, progress: Callable[[str], None], *, last: bool
    ) -> dict[str, Any]:
        """Return a project; the last one has the queues that nobody's calls come to."""
        data, steps = build(name, numbers, scene, progress)
        mine = {key: queue for key, queue in self._left.items() if last or queue.id in scene.queues}
        self._left = {key: queue for key, queue in self._left.items() if key not in mine}
        self._owners |= dict.fromkeys(mine, name)
        queues = {queue.id: queue.data for queue in mine.values()}
        waited = dict.fromkeys(one["queue"] for one in steps.values() if one["type"] == "queue")
        data |= {
            "trunks": self._trunks(scene),
            "queues": queues,
            "agents": self._agents(queues, list(waited)),
            "after_call": self._after_call(mine),
        }
        order = ("project", "numbers", "trunks", "calendars", "flow", "queues", "agents", "after_call")
        return {section: data[section] for section in order if data[section]}

    def _trunks(self, scene: Scene) -> dict[str, Any]:
        """Return the trunks the flow calls over: the project's own, beside the carrier's of the same address."""
        found = {}
        for one in self.switch.trunks:
            name = self._outward[one.name]
            data = trunks.data(one, name, self.switch.listeners, self.notes) if name in scene.trunks else None
            if data is not None:
                # The carrier's trunk registers; one account registers once.
                data.pop("register", None)
                found[name] = data
        return found

    def _agents(self, queues: Mapping[str, Any], waited: list[str]) -> list[dict[str, Any]]:
        """Return who serves the queues; where calls wait and nobody does, an agent who is nobody yet."""
        found = [
            self._assignment(one, queues) for one in self.people.values() if not queues.keys().isdisjoint(one.queues)
        ]
        unserved = [queue for queue in waited if not any(queue in one["queues"] for one in found)]
        if found and unserved:
            self.vacant = True
            found.append({"agent": site.VACANT, "queues": unserved})
            what = f"nobody serves {', '.join(unserved)}"
            why = f'the agent "{site.VACANT}" stands for whoever will'
            self.notes.add(Place("queues.conf"), what, why, "name the agents who log in there")
        elif unserved:
            self.notes.add(
                Place("queues.conf"), "no agent is known", "those who log in are in no file", "write the agents"
            )
        return found

    def _assignment(self, person: Person, queues: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {"agent": person.id, "queues": [name for name in queues if name in person.queues]}
        if penalty := agents.penalty_of(person):
            found["penalty"] = penalty
        if self.wanted.certified:
            found["certified"] = self.wanted.certified
        return found

    def _after_call(self, queues: Mapping[str, Queue]) -> dict[str, Any]:
        limits = {queue.wrap_up for queue in queues.values()}
        most = max(limits, default=0)
        if len(limits) > 1:
            why = f"a project has one limit: {most}s was written"
            self.notes.add(Place("queues.conf"), "a wrapuptime for each queue", why, "write after_call: limit")
        return {"limit": f"{most}s"} if most else {}
