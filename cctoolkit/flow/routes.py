"""What to call: routes that together take every edge and every end of a flow.

A route is a number, a time and a choice at every step. The search walks (step, moments at which a call can be
there): times come from the calendars themselves, so that a route through `closed` is a call placed when the
line is closed.
"""

from collections import deque
from collections.abc import Iterator
from datetime import datetime
from types import UnionType

from msgspec import Struct

from cctoolkit.flow.graph import FlowGraph, Vertex
from cctoolkit.flow.moments import Moments, moments
from cctoolkit.flow.simulate import QUEUE_ENDS, SILENCE
from cctoolkit.model.guard import (
    BadInput,
    Edge,
    Guard,
    InHours,
    Key,
    NoInput,
    QueueExit,
    QueueKey,
    TransferResult,
    VoicemailResult,
)

_KEYS = "987654321*0#"


class Turn(Struct, frozen=True):
    """The call leaves `step` by `label`; `guard` is None where it ends there, `presses` the keys it takes."""

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
    def queue(self) -> tuple[str, ...]:
        """Return how queues end on the way, one after another, as `simulate.Call` takes it."""
        return self._outcomes(QueueExit | QueueKey, "queue-", QUEUE_ENDS)

    @property
    def transfer(self) -> tuple[str, ...]:
        """Return how transfers end on the way."""
        return self._outcomes(TransferResult, "transfer-", ("transferred",))

    @property
    def voicemail(self) -> tuple[str, ...]:
        """Return how messages end on the way."""
        return self._outcomes(VoicemailResult, "voicemail-", ("message-left",))

    def _outcomes(self, kinds: type | UnionType, prefix: str, ends: tuple[str, ...]) -> tuple[str, ...]:
        found = (t.label for t in self.turns if isinstance(t.guard, kinds) or (t.guard is None and t.label in ends))
        return tuple(label.removeprefix(prefix) for label in found) or ends[:1]

    @property
    def path(self) -> tuple[tuple[str, str], ...]:
        """Return (step, label) pairs."""
        return tuple((turn.step, turn.label) for turn in self.turns)


class Unroutable(Struct, frozen=True):
    """A way out that no call can take, with the reason."""

    step: str
    label: str
    reason: str


Way = Edge | str
"""How a step is left: by an edge, or by the name of an end."""

State = tuple[str, int]
"""A step, and the moments (a mask, never empty) at which a call can be there by the way it came."""


def routes(graph: FlowGraph, since: datetime) -> tuple[tuple[Route, ...], tuple[Unroutable, ...]]:
    """Return routes that cover every way out some call can take, and those that none can, with the reason.

    Times are `since` or later; the same graph and `since` give the same routes.
    """
    search = _Search(graph, moments(graph, since))
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
                missing.append(Unroutable(vertex.name, _label(way), route))
    return tuple(found), tuple(missing)


def _ways(vertex: Vertex) -> Iterator[Way]:
    yield from vertex.edges
    yield from vertex.ends


def _label(way: Way) -> str:
    return way if isinstance(way, str) else way.guard.label


class _Search:
    """Every state a call can be in: how it is reached first, and how it comes to an end soonest."""

    def __init__(self, graph: FlowGraph, when: Moments) -> None:
        self.graph = graph
        self.when = when
        self.numbers: dict[str, str] = {}
        self.before: dict[State, tuple[State, Way] | None] = {}
        self.onward: dict[State, tuple[Way, State | None]] = {}
        self.states: dict[str, list[State]] = {}
        self._reach()
        self._finish()

    def _reach(self) -> None:
        """Walk breadth first from every entry, remembering the first way to each state."""
        for entry in self.graph.entries:
            self.numbers.setdefault(entry.step, entry.number)
        self.before = {(step, self.when.all): None for step in self.numbers}
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
            mask = self.when.within(state[1], edge.guard)
            if mask and presses(vertex, edge.guard) is not None:
                yield edge, (edge.target, mask)

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

    def through(self, step: str, way: Way) -> Route | str:
        """Return the shortest route that leaves `step` by `way`, or the reason why there is none."""
        reached = self.states.get(step, [])
        for state in reached:
            after = dict(self._edges(state)).get(way) if isinstance(way, Edge) else None
            if isinstance(way, str) or after in self.onward:
                return self._route(state, way, after)
        return self._reason(step, way, reached)

    def _route(self, state: State, way: Way, after: State | None) -> Route:
        path: list[tuple[State, Way]] = [(state, way)]
        while (came := self.before[path[0][0]]) is not None:
            path.insert(0, came)
        while after is not None:
            way, then = self.onward[after]
            path.append((after, way))
            after = then
        # The last state knows best when the whole call is possible: masks only ever shrink.
        at = self.when.first(path[-1][0][1])
        return Route(self.numbers[path[0][0][0]], at, tuple(self._turn(s[0], w) for s, w in path))

    def _turn(self, step: str, way: Way) -> Turn:
        guard = None if isinstance(way, str) else way.guard
        return Turn(step, _label(way), guard, presses(self.graph.vertices[step], guard) or ())

    def _reason(self, step: str, way: Way, reached: list[State]) -> str:
        if not reached:
            known = step in self.graph.reachable()
            return "no call reaches this step at any hour" if known else "no way leads to this step"
        guard = None if isinstance(way, str) else way.guard
        if presses(self.graph.vertices[step], guard) is None:
            return "every key has a meaning here"
        if isinstance(guard, InHours) and not self.when.within(self.when.all, guard):
            return f"the calendar {guard.calendar} never answers {guard.outcome}"
        if not any(guard and self.when.within(mask, guard) for _, mask in reached):
            return "no call is here at such an hour"
        return "from there no call comes to an end"


def presses(vertex: Vertex, guard: Guard | None) -> tuple[str, ...] | None:
    """Return the keys that make a call leave so, one an attempt ("-" is silence); None when no keys can."""
    if isinstance(guard, Key):
        return (guard.key,)
    if isinstance(guard, NoInput):
        return (SILENCE,) * vertex.attempts
    if isinstance(guard, BadInput):
        known = {edge.guard.key for edge in vertex.edges if isinstance(edge.guard, Key)}
        wrong = next((key for key in _KEYS if key not in known), None)
        return (wrong,) * vertex.attempts if wrong else None
    return ()
