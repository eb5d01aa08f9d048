"""Every call that can be placed, one by one: what the proof is held against.

It shares nothing with the proof but the graph and the calendars: calendars are asked at every minute, and from each
number every walk is walked, by every decision, until it ends or comes back to a step of its own. Each whole walk is
also placed as a call with `simulate`, which must go the same way.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from cctoolkit.errors import SpecError, UsageError
from cctoolkit.flow.call import Call
from cctoolkit.flow.graph import FlowGraph
from cctoolkit.flow.prove_facts import Facts
from cctoolkit.flow.route import Route, Turn, presses
from cctoolkit.flow.simulate import simulate
from cctoolkit.model.calendar import timetable
from cctoolkit.model.guard import Edge, InHours, Key, QueueKey

CHECKED = 60
"""So many whole walks of each moment are placed as calls."""


@dataclass
class Found:
    """What went wrong in some call: steps by kind; `rings` are ways round without a key of the caller's."""

    steps: set[tuple[str, str]] = field(default_factory=set)
    rings: set[frozenset[str]] = field(default_factory=set)
    reached: set[str] = field(default_factory=set)
    calls: int = 0


def call_of(route: Route) -> Call:
    """Return the call that a route is."""
    return Call(route.number, route.at, route.keys, route.queue, route.transfer, route.voicemail)


def month(graph: FlowGraph, known: Facts, since: datetime, days: int = 30) -> Found:
    """Place every call at every minute of a month; minutes at which all calendars answer as before, and the same people
    are certified, are not walked again.
    """
    found = Found()
    seen: set[tuple[object, ...]] = set()
    zone = ZoneInfo(graph.time_zone)
    tables = {name: timetable(calendar) for name, calendar in graph.calendars.items()}
    for minute in range(days * 1440):
        at = since + timedelta(minutes=minute)
        local = at.astimezone(zone)
        answers = {name: table.answer(local) for name, table in tables.items()}
        absent = frozenset(step for step, staff in known.staff.items() if not staff.there(local.date()))
        if (about := (*answers.values(), absent)) not in seen:
            seen.add(about)
            _moment(graph, answers, known.tolls.keys(), absent, at, found)
    return found


def _moment(graph: FlowGraph, answers: Mapping[str, str], tolls, absent, at: datetime, found: Found) -> None:
    reached: set[str] = set()
    for entry in graph.entries:
        for count, (turns, ended) in enumerate(_walks(graph, answers, entry.step)):
            found.calls += 1
            reached |= {turn.step for turn in turns}
            if ring := _forced(turns, ended):
                found.rings.add(ring)
            if count < CHECKED:
                _placed(graph, Route(entry.number, at, turns), ended)
    found.reached |= reached
    found.steps |= {("toll-path", step) for step in reached & set(tolls)}
    found.steps |= {("no-agent", step) for step in reached & absent}
    found.steps |= {("dead-end", step) for step in reached - _ending(graph, answers)}


def _open(graph: FlowGraph, step: str, answers: Mapping[str, str]) -> list[Edge]:
    vertex = graph.vertices[step]
    return [
        edge for edge in vertex.edges
        if presses(vertex, edge.guard) is not None
        and (not isinstance(edge.guard, InHours) or answers[edge.guard.calendar] == edge.guard.outcome)
    ]  # fmt: skip


def _walks(graph: FlowGraph, answers: Mapping[str, str], start: str) -> Iterator[tuple[tuple[Turn, ...], str]]:
    """Yield every walk with the end it has, or "" where it comes back to a step it was at: the last turn leads there."""
    todo: list[tuple[str, tuple[Turn, ...]]] = [(start, ())]
    while todo:
        step, turns = todo.pop()
        vertex = graph.vertices[step]
        for end in vertex.ends:
            yield (*turns, Turn(step, end, None)), end
        for edge in _open(graph, step, answers):
            turn = Turn(step, edge.guard.label, edge.guard, presses(vertex, edge.guard) or ())
            onward = (*turns, turn)
            if edge.target in {one.step for one in onward}:
                yield (*onward, Turn(edge.target, "", None)), ""
            else:
                todo.append((edge.target, onward))


def _forced(turns: tuple[Turn, ...], ended: str) -> frozenset[str]:
    if ended:
        return frozenset()
    back = next(n for n, turn in enumerate(turns) if turn.step == turns[-1].step)
    ring = turns[back:-1]
    free = any(isinstance(turn.guard, Key | QueueKey) for turn in ring)
    return frozenset() if free else frozenset(turn.step for turn in ring)


def _placed(graph: FlowGraph, route: Route, ended: str) -> None:
    if ended:
        assert simulate(graph, call_of(route)).path == route.path
        return
    whole = Route(route.number, route.at, route.turns[:-1])
    try:
        path = simulate(graph, call_of(whole)).path
    except (SpecError, UsageError):
        return  # it goes round for ever; or its last outcome stays, and no later step can be left by that
    assert path[: len(whole.path)] == whole.path


def _ending(graph: FlowGraph, answers: Mapping[str, str]) -> set[str]:
    """Return the steps from which some call ends."""
    ending = {step for step, vertex in graph.vertices.items() if vertex.ends}
    while more := {
        s for s in graph.vertices if s not in ending and any(e.target in ending for e in _open(graph, s, answers))
    }:
        ending |= more
    return ending
