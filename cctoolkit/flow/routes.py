"""What to call: routes that together take every edge and every end of a flow.

A route is a number, a time and a choice at every step. Times are found by asking the calendars themselves, minute
edges first, so that a route through `closed` is a call placed when the line is closed.
"""

from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from cctoolkit.flow.graph import FlowGraph, Vertex
from cctoolkit.flow.simulate import SILENCE
from cctoolkit.model.calendar import answer, special, week
from cctoolkit.model.guard import BadInput, Edge, Guard, InHours, Key, NoInput

HORIZON_DAYS = 400


class Turn(Struct, frozen=True):
    """At `step` the call leaves by `label`; `guard` is None where it ends there, `presses` the keys it takes."""

    step: str
    label: str
    guard: Guard | None
    presses: tuple[str, ...] = ()


class Route(Struct, frozen=True):
    """One complete way through the flow: a call anyone can place."""

    number: str
    at: datetime
    turns: tuple[Turn, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """Return every key to press, in order."""
        return tuple(key for turn in self.turns for key in turn.presses)

    @property
    def path(self) -> tuple[tuple[str, str], ...]:
        """Return (step, label) pairs."""
        return tuple((turn.step, turn.label) for turn in self.turns)


class Unroutable(Struct, frozen=True):
    """A way out that no call can take, with the reason."""

    step: str
    label: str
    reason: str


Way = tuple[str, Edge | str]


def routes(graph: FlowGraph, since: datetime) -> tuple[tuple[Route, ...], tuple[Unroutable, ...]]:
    """Return routes that cover every reachable (step, way out), and the ways that cannot be covered."""
    found: list[Route] = []
    missing: list[Unroutable] = []
    covered: set[tuple[str, str]] = set()
    for step in graph.vertices:
        for way in _ways(graph, step):
            label = _label(way)
            if (step, label) in covered:
                continue
            route = _through(graph, (step, way), since)
            if route is None:
                missing.append(Unroutable(step, label, "no call reaches it at any hour of the next 13 months"))
            else:
                found.append(route)
                covered.update(route.path)
    return tuple(found), tuple(missing)


def _ways(graph: FlowGraph, step: str) -> Iterator[Edge | str]:
    vertex = graph.vertices[step]
    yield from vertex.edges
    yield from vertex.ends


def _label(way: Edge | str) -> str:
    return way if isinstance(way, str) else way.guard.label


def _through(graph: FlowGraph, goal: Way, since: datetime) -> Route | None:
    """Search breadth first for a way to the goal and on to an end, keeping only ways some minute allows."""
    for entry in graph.entries:
        todo: deque[tuple[str, tuple[Way, ...], bool]] = deque([(entry.step, (), False)])
        seen: set[tuple[str, bool, frozenset[InHours]]] = set()
        while todo:
            step, path, passed = todo.popleft()
            hours = frozenset(w.guard for _, w in path if isinstance(w, Edge) and isinstance(w.guard, InHours))
            if (step, passed, hours) in seen:
                continue
            seen.add((step, passed, hours))
            for way in _ways(graph, step):
                now_passed = passed or (step, way) == goal
                if isinstance(way, Edge):
                    todo.append((way.target, (*path, (step, way)), now_passed))
                elif now_passed and (at := _moment(graph, (*path, (step, way)), since)):
                    return Route(entry.number, at, tuple(_turn(graph, s, w) for s, w in (*path, (step, way))))
    return None


def _turn(graph: FlowGraph, step: str, way: Edge | str) -> Turn:
    guard = None if isinstance(way, str) else way.guard
    return Turn(step, _label(way), guard, _presses(graph.vertices[step], guard))


def _presses(vertex: Vertex, guard: Guard | None) -> tuple[str, ...]:
    """Return the keys that make a call leave so, one an attempt; "-" is silence."""
    if isinstance(guard, Key):
        return (guard.key,)
    if isinstance(guard, NoInput):
        return (SILENCE,) * vertex.attempts
    if isinstance(guard, BadInput):
        known = {edge.guard.key for edge in vertex.edges if isinstance(edge.guard, Key)}
        return (next(key for key in "987654321*0#" if key not in known),) * vertex.attempts
    return ()


def _moment(graph: FlowGraph, path: tuple[Way, ...], since: datetime) -> datetime | None:
    """Return the first minute at which every calendar on the path answers as the path needs."""
    wanted = {w.guard for _, w in path if isinstance(w, Edge) and isinstance(w.guard, InHours)}
    if not wanted:
        return since
    zone = ZoneInfo(graph.time_zone)
    for local in _candidates(graph, since.astimezone(zone)):
        if all(answer(graph.calendars[guard.calendar], local) == guard.outcome for guard in wanted):
            return local.astimezone(UTC)
    return None


def _candidates(graph: FlowGraph, local: datetime) -> Iterator[datetime]:
    """Yield every minute at which some calendar may change its answer, in order, for 13 months."""
    minutes = {0, 720}
    for calendar in graph.calendars.values():
        for spans in [*week(calendar).values(), *special(calendar).values()]:
            minutes.update(m for span in spans for m in (span[0], span[1], span[1] - 1) if m < 1440)
    for day in range(1, HORIZON_DAYS):
        date = local.date() + timedelta(days=day)
        for minute in sorted(minutes):
            moment = datetime.combine(date, time(minute // 60, minute % 60), local.tzinfo)
            # A time that daylight saving skips does not exist on any clock.
            if moment.astimezone(UTC).astimezone(local.tzinfo).replace(fold=0) == moment:
                yield moment
