"""What to call: routes that together take every edge and every end of a flow.

A route is a number, a time, a caller and a choice at every step. The search walks (step, circumstances in which a call
can be there): times come from the calendars themselves and callers from the cases that ask for them, so that a route
through `closed` is a call placed when the line is closed.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from datetime import datetime

from msgspec import Struct

from cctoolkit.flow.call import NO_OVERRIDE
from cctoolkit.flow.circumstances import Circumstances, Possible
from cctoolkit.flow.graph import FlowGraph, Vertex
from cctoolkit.flow.moments import moments
from cctoolkit.flow.route import Route, Turn, presses, turn
from cctoolkit.model.guard import Edge, InHours, Match, Otherwise, Share


class Unroutable(Struct, frozen=True):
    """A way out that no call can take, with the reason. It is `idle` where that is as it should be: a spec names what
    its calendar never answers, or a mistake that nobody can make.
    """

    step: str
    label: str
    reason: str
    idle: bool = False


Way = Edge | str
"""How a step is left: by an edge, or by the name of an end."""

State = tuple[str, Possible]
"""A step, and the circumstances in which a call can be there by the way it came."""


def routes(graph: FlowGraph, since: datetime) -> tuple[tuple[Route, ...], tuple[Unroutable, ...]]:
    """Return routes that cover every way out some call can take, and those that none can, with the reason.

    Times are `since` or later; the same graph and `since` give the same routes.
    """
    search = _Search(graph, Circumstances(graph, moments(graph, since)))
    found: list[Route] = []
    missing: list[Unroutable] = []
    covered: set[tuple[str, str]] = set()
    for vertex in graph.vertices.values():
        for way in _ways(vertex):
            if (vertex.name, _label(way)) in covered:
                continue
            route = search.through(vertex.name, way)
            if isinstance(route, Route):
                found.append(route)
                covered.update(route.path)
            else:
                missing.append(route)
    return tuple(found), tuple(missing)


def _ways(vertex: Vertex) -> Iterator[Way]:
    yield from vertex.edges
    yield from vertex.ends


def _label(way: Way) -> str:
    return way if isinstance(way, str) else way.guard.label


class _Search:
    """Every state a call can be in: how it is reached first, and how it comes to an end soonest."""

    def __init__(self, graph: FlowGraph, when: Circumstances) -> None:
        self.graph = graph
        self.when = when
        self.numbers: dict[State, str] = {}
        self.before: dict[State, tuple[State, Way] | None] = {}
        self.onward: dict[State, tuple[Way, State | None]] = {}
        self.states: dict[str, list[State]] = {}
        self._reach()
        self._finish()

    def _reach(self) -> None:
        """Walk breadth first from every entry, remembering the first way to each state."""
        for entry in self.graph.entries:
            self.numbers.setdefault((entry.step, self.when.start(entry)), entry.number)
        self.before = dict.fromkeys(self.numbers)
        todo = deque(self.before)
        while todo:
            state = todo.popleft()
            self.states.setdefault(state[0], []).append(state)
            for edge, after in self._edges(state):
                if after not in self.before:
                    self.before[after] = (state, edge)
                    todo.append(after)

    def _edges(self, state: State) -> Iterator[tuple[Edge, State]]:
        vertex = self.graph.vertices[state[0]]
        for edge in vertex.edges:
            possible = self.when.after(vertex, edge, state[1])
            if possible and presses(vertex, edge.guard) is not None:
                yield edge, (edge.target, possible)

    def _finish(self) -> None:
        """Walk back breadth first from every end, remembering the shortest way on from each state."""
        sources: dict[State, list[tuple[State, Edge]]] = {}
        for state in self.before:
            for edge, after in self._edges(state):
                sources.setdefault(after, []).append((state, edge))
            if ends := self.graph.vertices[state[0]].ends:
                self.onward[state] = (ends[0], None)
        todo = deque(self.onward)
        while todo:
            after = todo.popleft()
            for state, edge in sources.get(after, ()):
                if state not in self.onward:
                    self.onward[state] = (edge, after)
                    todo.append(state)

    def through(self, step: str, way: Way) -> Route | Unroutable:
        """Return the shortest route that leaves `step` by `way`, or the reason why there is none."""
        reached = self.states.get(step, [])
        for state in reached:
            after = dict(self._edges(state)).get(way) if isinstance(way, Edge) else None
            if isinstance(way, str) or after in self.onward:
                return self._route(state, way, after)
        reason, idle = self._idle(step, way) if reached else ("", False)
        return Unroutable(step, _label(way), reason or self._reason(step, way, reached), idle)

    def _route(self, state: State, way: Way, after: State | None) -> Route:
        path: list[tuple[State, Way]] = [(state, way)]
        while (came := self.before[path[0][0]]) is not None:
            path.insert(0, came)
        while after is not None:
            way, then = self.onward[after]
            path.append((after, way))
            after = then
        # The last state knows best when the whole call is possible: masks only ever shrink.
        at, caller, record = self.when.witness(path[-1][0][1])
        turns = tuple(self._turn(s[0], w) for s, w in path)
        return Route(self.numbers[path[0][0]], at, turns, caller, record, tuple(_said(turns)) or (NO_OVERRIDE,))

    def _turn(self, step: str, way: Way) -> Turn:
        guard = None if isinstance(way, str) else way.guard
        return turn(self.graph.vertices[step], _label(way), guard)

    def _idle(self, step: str, way: Way) -> tuple[str, bool]:
        """Say why nobody ever leaves a step so, and whether that is in order: a line need not close, but open."""
        guard = None if isinstance(way, str) else way.guard
        if presses(self.graph.vertices[step], guard) is None:
            return "every key has a meaning here", True
        when = self.when.when
        if isinstance(guard, InHours) and not when.within(when.all, guard):
            return f"the calendar {guard.calendar} never answers {guard.outcome}", guard.outcome != "open"
        return "", False

    def _reason(self, step: str, way: Way, reached: list[State]) -> str:
        if not reached:
            known = step in self.graph.reachable()
            return "no call reaches this step at any hour" if known else "no way leads to this step"
        guard = None if isinstance(way, str) else way.guard
        vertex = self.graph.vertices[step]
        if isinstance(way, Edge) and not any(self.when.after(vertex, way, possible) for _, possible in reached):
            asks = isinstance(guard, Match | Share | Otherwise)
            return "no call that is here is such a case" if asks else "no call is here at such an hour"
        return "from there no call comes to an end"


def _said(turns: Iterable[Turn]) -> Iterator[str]:
    """Yield what a supervisor says at each step that asks the hours: only an emergency is no answer of a calendar."""
    for one in turns:
        if isinstance(one.guard, InHours):
            yield "emergency" if one.guard.outcome == "override" else NO_OVERRIDE
