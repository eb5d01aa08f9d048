"""Where a call would go: the graph walked with a number, a time and what the caller does.

The same semantics as the rendered dialplan, on the same graph; a live test places the same calls and compares.
"""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from msgspec import Struct

from cctoolkit.errors import SpecError, UsageError
from cctoolkit.flow.graph import FlowGraph, Vertex
from cctoolkit.model.calendar import answer
from cctoolkit.model.guard import Always, BadInput, Edge, InHours, Key, NoInput, QueueExit

MAX_STEPS = 200
SILENCE = "-"


class Call(Struct, frozen=True):
    """A call to think through: `keys` in the order pressed ("-" is silence for one attempt; after the last key the
    caller is silent), `queue` how queues end for it: "answered", "abandoned", "timeout", "full" or "no-agents".
    """

    number: str
    at: datetime
    keys: tuple[str, ...] = ()
    queue: str = "answered"


class Taken(Struct, frozen=True):
    """One step of a walk: why it was left, and by which label ("" never: an end has its name as label)."""

    step: str
    kind: str
    label: str
    why: str
    target: str = ""


class Walk(Struct, frozen=True):
    """A whole call: its steps in order and how it ended."""

    number: str
    steps: tuple[Taken, ...]

    @property
    def end(self) -> str:
        """Return the end's name, such as answered or hangup."""
        return self.steps[-1].label

    @property
    def path(self) -> tuple[tuple[str, str], ...]:
        """Return (step, label) pairs: what events of a real call are held against."""
        return tuple((t.step, t.label) for t in self.steps)


def simulate(graph: FlowGraph, call: Call) -> Walk:
    """Walk the graph; raise UsageError for a number nobody declared, SpecError for a loop without end."""
    step = _entry_step(graph, call.number)
    keys = iter(call.keys)
    taken: list[Taken] = []
    while step:
        if len(taken) == MAX_STEPS:
            raise SpecError(f"the call is still going round after {MAX_STEPS} steps, last in {step!r}")
        taken.append(_leave(graph, graph.vertices[step], call, keys))
        step = taken[-1].target
    return Walk(call.number, tuple(taken))


def _entry_step(graph: FlowGraph, number: str) -> str:
    for entry in graph.entries:
        if number in entry.forms:
            return entry.step
    known = ", ".join(entry.number for entry in graph.entries)
    raise UsageError(f"{number} is no number of project {graph.project}", expected=f"one of {known}")


def _leave(graph: FlowGraph, vertex: Vertex, call: Call, keys: Iterator[str]) -> Taken:
    edge, why = _choose(graph, vertex, call, keys)
    if edge is None:
        return Taken(vertex.name, vertex.kind, why, f"ends: {why}")
    return Taken(vertex.name, vertex.kind, edge.guard.label, why, edge.target)


def _choose(graph: FlowGraph, vertex: Vertex, call: Call, keys: Iterator[str]) -> tuple[Edge | None, str]:
    """Return the edge the call takes and why; no edge and the end's name where it ends."""
    guards = {type(edge.guard) for edge in vertex.edges}
    if not vertex.edges:
        return None, vertex.ends[0]
    if Always in guards:
        return vertex.edges[0], "always"
    if InHours in guards:
        return _by_hours(graph, vertex, call.at)
    if QueueExit in guards:
        if call.queue in vertex.ends:
            return None, call.queue
        return _labelled(vertex, f"queue-{call.queue}"), f"left the queue: {call.queue}"
    return _by_keys(vertex, keys)


def _by_hours(graph: FlowGraph, vertex: Vertex, at: datetime) -> tuple[Edge, str]:
    local = at.astimezone(ZoneInfo(graph.time_zone))
    for edge in vertex.edges:
        guard = edge.guard
        if isinstance(guard, InHours) and answer(graph.calendars[guard.calendar], local) == guard.outcome:
            return edge, f"{guard.calendar} is {guard.outcome} at {local:%a %Y-%m-%d %H:%M} {graph.time_zone}"
    raise SpecError(f"step {vertex.name!r} has no way out at {local}")


def _by_keys(vertex: Vertex, keys: Iterator[str]) -> tuple[Edge, str]:
    known = {edge.guard.key: edge for edge in vertex.edges if isinstance(edge.guard, Key)}
    wrong = SILENCE
    for attempt in range(1, vertex.attempts + 1):
        pressed = next(keys, SILENCE)
        if pressed in known:
            return known[pressed], f"pressed {pressed}, attempt {attempt} of {vertex.attempts}"
        wrong = pressed
    kind: type[NoInput | BadInput] = NoInput if wrong == SILENCE else BadInput
    how = "silence" if wrong == SILENCE else f"pressed {wrong}"
    return next(e for e in vertex.edges if isinstance(e.guard, kind)), f"{how} at the last of {vertex.attempts} attempts"


def _labelled(vertex: Vertex, label: str) -> Edge:
    for edge in vertex.edges:
        if edge.guard.label == label:
            return edge
    raise UsageError(f"step {vertex.name!r} cannot be left by {label}", expected=", ".join(e.guard.label for e in vertex.edges))
