"""A flow whose cases agree with one another: where who calls, or what the CRM knows, decides twice, it decides alike.

Each step becomes as many vertices as there are circumstances in which a call can be there; ways that nobody takes in
those circumstances are left out. Then every walk through the graph is a call that somebody can place. The hours are not
settled here: a class of time does that.
"""

from collections import Counter, deque
from datetime import UTC, datetime

from msgspec.structs import replace

from cctoolkit.flow.circumstances import Circumstances, Possible
from cctoolkit.flow.graph import FlowGraph, Vertex
from cctoolkit.flow.moments import Moments
from cctoolkit.model.guard import Edge, InHours, Match, Share

_State = tuple[str, Possible]
_ONCE = (datetime(2000, 1, 1, tzinfo=UTC),)
"""One moment, at which calendars may answer anything."""


def spread(graph: FlowGraph) -> FlowGraph:
    """Return the graph of circumstances; a vertex has the name of its step, its key in `vertices` is its own."""
    guards = [edge.guard for vertex in graph.vertices.values() for edge in vertex.edges]
    if not any(isinstance(guard, Match | Share) for guard in guards):
        return graph
    anything: dict[tuple[str, str], int] = {
        (guard.calendar, guard.outcome): 1 for guard in guards if isinstance(guard, InHours)
    }
    circumstances = Circumstances(graph, Moments(_ONCE, anything))
    keys = _Keys()
    entries = tuple(replace(one, step=keys.of((one.step, circumstances.start(one)))) for one in graph.entries)
    vertices: dict[str, Vertex] = {}
    while keys.todo:
        step, possible = state = keys.todo.popleft()
        vertex = graph.vertices[step]
        ways = ((edge, circumstances.after(vertex, edge, possible)) for edge in vertex.edges)
        edges = tuple(Edge(edge.guard, keys.of((edge.target, after))) for edge, after in ways if after)
        vertices[keys.of(state)] = replace(vertex, edges=edges)
    return replace(graph, entries=entries, vertices=vertices)


class _Keys:
    """A name for every state, the step's own for the first; states are to be looked at once."""

    def __init__(self) -> None:
        self.todo: deque[_State] = deque()
        self._names: dict[_State, str] = {}
        self._count: Counter[str] = Counter()

    def of(self, state: _State) -> str:
        """Return the state's name."""
        if state not in self._names:
            self._count[state[0]] += 1
            number = self._count[state[0]]
            self._names[state] = state[0] if number == 1 else f"{state[0]} ({number})"
            self.todo.append(state)
        return self._names[state]
