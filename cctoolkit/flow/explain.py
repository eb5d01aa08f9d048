"""Why a call goes where it goes: a walk of `simulate`, each turn with its reason, what is heard, how long it may last
and the places of the spec that say so.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from cctoolkit.flow.explain_hours import asked
from cctoolkit.flow.graph import FlowGraph
from cctoolkit.flow.prove_times import longest_waits
from cctoolkit.flow.simulate import OVERRIDDEN, Taken, Walk
from cctoolkit.model.guard import (
    Always,
    BadInput,
    Collected,
    Edge,
    InHours,
    Key,
    Match,
    NoInput,
    Otherwise,
    QueueKey,
    Share,
)
from cctoolkit.model.project import Project
from cctoolkit.model.steps.hours import Hours

Route = tuple[str | int, ...]


class Turn(Struct, frozen=True):
    """One step of an explained walk. `route` is where the step stands in the spec, `reason` where what decided stands
    (empty: nothing of the spec decided); `after_seconds` is how much of the call's waits may be over when it begins.
    """

    step: str
    kind: str
    label: str
    why: str
    target: str
    hears: tuple[str, ...]
    after_seconds: int
    route: Route
    reason: Route


class Explained(Struct, frozen=True):
    """A whole call: when it came in, local to the project, and its turns."""

    number: str
    at: datetime
    turns: tuple[Turn, ...]

    @property
    def end(self) -> str:
        """Return the end's name, such as answered."""
        return self.turns[-1].label


def explain(project: Project, graph: FlowGraph, walk: Walk, at: datetime) -> Explained:
    """Explain a walk of a call that came in at an aware moment."""
    local = at.astimezone(ZoneInfo(graph.time_zone))
    waits = longest_waits(project)
    turns: list[Turn] = []
    passed = 0
    for taken in walk.steps:
        why, reason = _why(project, graph, taken, local)
        heard = tuple(project.flow[taken.step].sounds())
        turns.append(
            Turn(taken.step, taken.kind, taken.label, why, taken.target, heard, passed, ("flow", taken.step), reason)
        )
        passed += _waited(taken, waits.get(taken.step, 0))
    return Explained(walk.number, local, tuple(turns))


def _why(project: Project, graph: FlowGraph, taken: Taken, local: datetime) -> tuple[str, Route]:
    edge = next((e for e in graph.vertices[taken.step].edges if e.guard.label == taken.label), None)
    if edge is None:
        return taken.why, ()
    if isinstance(edge.guard, InHours):
        calendar = edge.guard.calendar
        if OVERRIDDEN in taken.why:
            return f"hours {taken.why}{_no_way(project, taken)}", _written_at(taken, edge)
        said, place = asked(graph.calendars[calendar], local)
        return f"hours {calendar}: {said}", ("calendars", calendar, *place)
    return taken.why, _written_at(taken, edge)


def _no_way(project: Project, taken: Taken) -> str:
    """Say that a step has no way of its own for what a supervisor says, if so."""
    step = project.flow[taken.step]
    return (
        "" if not isinstance(step, Hours) or getattr(step.next, taken.label) else ", which goes the way of closed here"
    )


def _written_at(taken: Taken, edge: Edge) -> Route:
    """Return the place that leads a call this way: the key, or the outcome in `next`, with the parent as a fallback."""
    if isinstance(edge.guard, Key | QueueKey):
        return ("flow", taken.step, "keys", edge.guard.key)
    if isinstance(edge.guard, Match | Share):
        return ("flow", taken.step, "cases", edge.guard.case)
    # queue-no-agents stands under no_agents: labels of guards that only one step type has begin with its name.
    own = not isinstance(edge.guard, Always | InHours | NoInput | BadInput | Collected | Otherwise)
    outcome = taken.label.partition("-")[2] if own else taken.label
    return ("flow", taken.step, "next", outcome.replace("-", "_"))


def _waited(taken: Taken, longest: int) -> int:
    """Return how long a turn may last: a key or an agent may come at once, whatever else uses the wait up."""
    return 0 if taken.label.startswith(("key-", "queue-key-", "queue-full", "queue-no-agents")) else longest


def clocks(explained: Explained) -> Iterator[datetime]:
    """Yield the latest local time at which each turn begins; prompts and talk are not counted."""
    for turn in explained.turns:
        yield explained.at + timedelta(seconds=turn.after_seconds)
