"""Every call that can be placed, one by one: what the proof is held against.

It shares nothing with the proof but the graph and the calendars: calendars are asked at every minute, and from each
number every walk is walked, by every decision, until it ends or comes back to a step of its own. Each whole walk is
also placed as a call with `simulate`, which must go the same way.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice, product
from zoneinfo import ZoneInfo

from cctoolkit.errors import SpecError, UsageError
from cctoolkit.flow.call import NO_OVERRIDE, Call
from cctoolkit.flow.graph import FlowGraph, Vertex
from cctoolkit.flow.known import NOBODY, Known, matches
from cctoolkit.flow.prove_facts import Facts
from cctoolkit.flow.route import Route, Turn, presses, turn
from cctoolkit.flow.simulate import simulate
from cctoolkit.model.calendar import timetable
from cctoolkit.model.guard import OVERRIDES, Collected, CrmAnswer, Edge, InHours, Key, Match, Otherwise, QueueKey, Share

CHECKED = 60
"""So many whole walks of each moment are placed as calls."""
MOST = 20_000
"""So many walks of one caller are looked at for ways round; steps that are reached are looked at all."""


@dataclass
class Found:
    """What went wrong in some call: steps by kind; `rings` are ways round without a key of the caller's."""

    steps: set[tuple[str, str]] = field(default_factory=set)
    rings: set[frozenset[str]] = field(default_factory=set)
    reached: set[str] = field(default_factory=set)
    calls: int = 0


def call_of(route: Route) -> Call:
    """Return the call that a route is."""
    return Call(route.number, route.at, route.keys, route.queue, route.transfer, route.voicemail, route.crm,
                route.callback, route.survey, route.share, route.caller, route.record, route.override)  # fmt: skip


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
    # What a supervisor says has no day of its own: whoever is ever certified may be there.
    never = frozenset(step for step, staff in known.staff.items() if not staff.since)
    hours = found.reached.copy()
    for word, outcome in OVERRIDES.items():
        _moment(graph, dict.fromkeys(tables, outcome), known.tolls.keys(), never, since, found, word)
    # Notes tell what no call reaches by the calendars.
    found.reached = hours
    return found


@dataclass(frozen=True)
class At:
    """Where a call is, and what is known of it there."""

    step: str
    language: str
    card: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class World:
    """A flow at one moment, and somebody who calls: nothing but the decisions on the way is open."""

    graph: FlowGraph
    answers: Mapping[str, str]
    number: str
    caller: str
    record: Mapping[str, str]

    def ways(self, at: At) -> Iterator[tuple[Turn, At]]:
        """Yield how a call leaves and where it then is."""
        vertex = self.graph.vertices[at.step]
        known = Known(self.caller, self.number, at.language, self.record, dict(at.card))
        cases = [edge.guard for edge in vertex.edges if isinstance(edge.guard, Match)]
        case = next((guard for guard in cases if matches(guard, known.value(guard))), Otherwise()) if cases else None
        shares = sum(edge.guard.percent for edge in vertex.edges if isinstance(edge.guard, Share))
        for edge in vertex.edges:
            guard = edge.guard
            if isinstance(guard, InHours) and self.answers[guard.calendar] != guard.outcome:
                continue
            if isinstance(guard, Match | Otherwise) and (guard != case if cases else shares >= 100):
                continue
            if presses(vertex, guard) is not None:
                yield turn(vertex, guard.label, guard), self.after(vertex, edge, at)

    def after(self, vertex: Vertex, edge: Edge, at: At) -> At:
        """Return where a call is when it has left by an edge."""
        card = dict(self.record if edge.guard == CrmAnswer("found") else at.card)
        language = at.language
        for name, value in vertex.sets:
            language = value if name == "language" else language
            if name.startswith("card."):
                card[name.removeprefix("card.")] = value
        return At(edge.target, language, tuple(sorted(card.items())))


CALLERS = (NOBODY, "", "+48600700800", "+48221110000")
RECORDS = ({}, {"status": "gold"}, {"status": "new"})


def _moment(
    graph: FlowGraph, answers: Mapping[str, str], tolls, absent, at: datetime, found: Found, said: str = NO_OVERRIDE
) -> None:
    by = {
        edge.guard.subject
        for vertex in graph.vertices.values()
        for edge in vertex.edges
        if isinstance(edge.guard, Match)
    }
    callers, records = CALLERS if "caller" in by else CALLERS[:1], RECORDS if "field" in by else RECORDS[:1]
    for entry, caller, record in product(graph.entries, callers, records):
        world = World(graph, answers, entry.number, caller, record)
        _callers(world, At(entry.step, graph.language), tolls, absent, at, found, said)


def _callers(world: World, start: At, tolls, absent, at: datetime, found: Found, said: str = NO_OVERRIDE) -> None:
    states = _reached(world, start)
    reached = {state.step for state in states}
    for count, (turns, ring) in enumerate(islice(_walks(world, start), MOST)):
        found.calls += 1
        if ring and not any(isinstance(one.guard, Key | QueueKey | Collected) for one in ring):
            found.rings.add(frozenset(one.step for one in ring))
        if count < CHECKED:
            _placed(world.graph, Route(world.number, at, turns, world.caller, world.record, (said,)), ended=not ring)
    found.reached |= reached
    found.steps |= {("toll-path", step) for step in reached & set(tolls)}
    found.steps |= {("no-agent", step) for step in reached & absent}
    found.steps |= {("dead-end", state.step) for state in states - _ending(world, states)}


def _reached(world: World, start: At) -> set[At]:
    found, todo = {start}, [start]
    while todo:
        after = {there for _, there in world.ways(todo.pop())} - found
        found |= after
        todo += after
    return found


def _ending(world: World, states: set[At]) -> set[At]:
    """Return the states from which some call ends."""
    ending = {state for state in states if world.graph.vertices[state.step].ends}
    while more := {s for s in states - ending if any(there in ending for _, there in world.ways(s))}:
        ending |= more
    return ending


def _walks(world: World, start: At) -> Iterator[tuple[tuple[Turn, ...], tuple[Turn, ...]]]:
    """Yield every walk to its end, or to where it comes back to what it was at, with the way round."""
    todo: list[tuple[At, tuple[Turn, ...], tuple[At, ...]]] = [(start, (), (start,))]
    while todo:
        here, turns, seen = todo.pop()
        for end in world.graph.vertices[here.step].ends:
            yield (*turns, Turn(here.step, end, None)), ()
        for way, there in world.ways(here):
            onward = (*turns, way)
            if there in seen:
                yield onward, onward[seen.index(there) :]
            else:
                todo.append((there, onward, (*seen, there)))


def _placed(graph: FlowGraph, route: Route, *, ended: bool) -> None:
    if ended:
        assert simulate(graph, call_of(route)).path == route.path
        return
    try:
        path = simulate(graph, call_of(route)).path
    except (SpecError, UsageError):
        return  # it goes round for ever; or its last outcome stays, and no later step can be left by that
    assert path[: len(route.path)] == route.path
