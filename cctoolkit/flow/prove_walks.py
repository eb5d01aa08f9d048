"""Every walk a call can take at one class of time.

With the calendars' answers fixed, the flow is a plain directed graph. What the outside world decides (the caller's
keys, silence and mistakes; whether a queue, a transfer or a CRM answers) is walked in every way: no guard but the hours
and a mistake that cannot be made closes a way.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

import networkx as nx

from cctoolkit.flow.graph import FlowGraph
from cctoolkit.flow.prove_times import TimeClass
from cctoolkit.flow.route import presses
from cctoolkit.model.guard import Always, BadInput, Collected, Edge, Guard, InHours, NoInput

Path = tuple[tuple[str, Edge], ...]
"""Steps, each with the edge by which it is left."""

MANY = 10**15
"""Walks are counted up to here: their number doubles with every fork, and JSON knows no larger whole numbers."""


def is_choice(guard: Guard) -> bool:
    """Tell whether the caller pressed keys that mean something: in a menu, to leave a queue, or digits asked for."""
    return isinstance(guard, Collected) or isinstance(getattr(guard, "key", None), str)


class Walks:
    """The steps calls reach at one class of time, in breadth first order, with the ways they leave by."""

    def __init__(self, graph: FlowGraph, when: TimeClass) -> None:
        self.graph = graph
        self.when = when
        self.ways: dict[str, tuple[Edge, ...]] = {}
        self.came: dict[str, tuple[str, Edge] | None] = {entry.step: None for entry in graph.entries}
        self.depth = dict.fromkeys(self.came, 0)
        todo = deque(self.came)
        while todo:
            step = todo.popleft()
            self.ways[step] = tuple(edge for edge in graph.vertices[step].edges if self._open(step, edge.guard))
            for edge in self.ways[step]:
                if edge.target not in self.came:
                    self.came[edge.target] = step, edge
                    self.depth[edge.target] = self.depth[step] + 1
                    todo.append(edge.target)

    def _open(self, step: str, guard: Guard) -> bool:
        if isinstance(guard, InHours):
            return self.when.answers[guard.calendar] == guard.outcome
        return not isinstance(guard, BadInput) or presses(self.graph.vertices[step], guard) is not None

    def until(self, step: str) -> Path:
        """Return the shortest way from a number to a step."""
        path: deque[tuple[str, Edge]] = deque()
        while (came := self.came[step]) is not None:
            path.appendleft(came)
            step = came[0]
        return tuple(path)

    def undecided(self) -> Iterator[tuple[str, int]]:
        """Yield the steps that ask the hours and do not have exactly one answer, with how many they have."""
        for step, ways in self.ways.items():
            if any(isinstance(edge.guard, InHours) for edge in self.graph.vertices[step].edges):
                answers = sum(isinstance(edge.guard, InHours) for edge in ways)
                if answers != 1:
                    yield step, answers

    def stuck(self) -> Iterator[str]:
        """Yield the steps at which a call has neither a way on nor an end."""
        for step, ways in self.ways.items():
            if not ways and not self.graph.vertices[step].ends:
                yield step

    def hopeless(self) -> Iterator[frozenset[str]]:
        """Yield sets of steps in which a call goes round whatever happens: no way leads out, and none ends."""
        for ring in self._rings(lambda _: True):
            if not any(self.graph.vertices[step].ends or {e.target for e in self.ways[step]} - ring for step in ring):
                yield ring

    def loops(self) -> list[frozenset[str]]:
        """Return sets of steps in which a call can go round for ever though the caller presses no key that counts."""
        return list(self._rings(lambda edge: not is_choice(edge.guard)))

    def _rings(self, wanted: Callable[[Edge], bool]) -> Iterator[frozenset[str]]:
        net = self._net((step, edge) for step, ways in self.ways.items() for edge in ways if wanted(edge))
        for part in nx.strongly_connected_components(net):
            if len(part) > 1 or any(net.has_edge(step, step) for step in part):
                yield frozenset(part)

    def _net(self, edges: Iterable[tuple[str, Edge]]) -> "nx.DiGraph[str]":
        net: nx.DiGraph[str] = nx.DiGraph()
        net.add_nodes_from(self.ways)
        net.add_edges_from((step, edge.target) for step, edge in edges)
        return net

    def round(self, steps: Collection[str]) -> Path:
        """Return a way round through some of these steps, by the most patient caller: silence before mistakes, one
        outcome of queues before a mixture, keys last. Then one call shows it, and goes on showing it.
        """
        ordered = [step for step in self.ways if step in steps]
        edges = [(step, edge) for step in ordered for edge in self.ways[step] if edge.target in steps]
        for allowed in self._patience([edge.guard for _, edge in edges]):
            for start in ordered:
                if path := _round(start, [(step, edge) for step, edge in edges if allowed(edge.guard)]):
                    return path
        return ()

    @staticmethod
    def _patience(guards: Iterable[Guard]) -> Iterator[Callable[[Guard], bool]]:
        outcomes = dict.fromkeys(g.label for g in guards if not is_choice(g) and not isinstance(g, _SILENT | BadInput))
        for label in outcomes or ("",):
            yield _only(label)
        yield lambda guard: isinstance(guard, _SILENT | BadInput)
        yield lambda guard: not is_choice(guard)
        yield lambda _: True

    def lasting(self, waits: Mapping[str, int], loops: Iterable[frozenset[str]]) -> "Lasting":
        """Measure the walks: how long they last at most, and how many there are.

        A caller who asks to go round may do so for ever, so time starts again at every key that leads back towards
        the number, and at every key on a way round that remains. Loops without limit are findings of their own; they
        count as if left at once.
        """
        inner = {step: loop for loop in loops for step in loop}
        edges = [
            (step, edge)
            for step, ways in self.ways.items()
            for edge in ways
            if not (is_choice(edge.guard) and self.depth[edge.target] <= self.depth[step])
            and edge.target not in inner.get(step, ())
        ]
        part: dict[str, int] = {}
        for number, steps in enumerate(nx.strongly_connected_components(self._net(edges))):
            part.update(dict.fromkeys(steps, number))
        # What goes round by now does so through keys alone.
        onward = [(s, e) for s, e in edges if not (is_choice(e.guard) and part[s] == part[e.target])]
        return Lasting(self, waits, onward, list(nx.topological_sort(self._net(onward))))


_SILENT = Always | InHours | NoInput


def _only(label: str) -> Callable[[Guard], bool]:
    return lambda guard: isinstance(guard, _SILENT) or guard.label == label


class Lasting:
    """What each step still lasts (seconds, itself included) and in how many walks, along ways that do not go round."""

    def __init__(self, walks: Walks, waits: Mapping[str, int], edges: list[tuple[str, Edge]], order: list[str]) -> None:
        onward: dict[str, list[Edge]] = {}
        for step, edge in edges:
            onward.setdefault(step, []).append(edge)
        self.seconds: dict[str, int] = {}
        self.count: dict[str, int] = {}
        self._next: dict[str, Edge] = {}
        for step in reversed(order):
            ways = onward.get(step, [])
            self.seconds[step] = waits.get(step, 0)
            if ways:
                best = max(ways, key=lambda edge: self.seconds[edge.target])
                self._next[step] = best
                self.seconds[step] += self.seconds[best.target]
            # A walk also counts where it ends here, or where it turns back and is walked already.
            turned = len(walks.ways[step]) - len(ways)
            ends = len(walks.graph.vertices[step].ends)
            self.count[step] = min(MANY, turned + ends + sum(self.count[edge.target] for edge in ways))

    def longest(self) -> str:
        """Return the step from which a call lasts longest."""
        return max(self.seconds, key=self.seconds.__getitem__)

    def path(self, step: str) -> tuple[Path, str]:
        """Return the longest way from a step, and the step where it ends."""
        path = []
        while (edge := self._next.get(step)) is not None:
            path.append((step, edge))
            step = edge.target
        return tuple(path), step


def _round(start: str, edges: Iterable[tuple[str, Edge]]) -> Path:
    """Return the shortest way from `start` back to it; nothing when there is none."""
    onward: dict[str, list[Edge]] = {}
    for step, edge in edges:
        onward.setdefault(step, []).append(edge)
    came: dict[str, tuple[str, Edge]] = {}
    todo = deque([start])
    while todo and start not in came:
        step = todo.popleft()
        for edge in onward.get(step, ()):
            if edge.target not in came:
                came[edge.target] = step, edge
                todo.append(edge.target)
    path: deque[tuple[str, Edge]] = deque()
    step = start
    while step in came and (not path or step != start):
        path.appendleft(came[step])
        step = came[step][0]
    return tuple(path)
