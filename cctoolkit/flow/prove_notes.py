"""What a proof remarks on and does not hold against the flow: steps, numbers and answers that no call ever meets.

A set of classes of time is a bit mask here, as in `moments`.
"""

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from cctoolkit.flow.graph import FlowGraph
from cctoolkit.flow.prove_times import TimeClass
from cctoolkit.model.guard import OVERRIDES, Guard, InHours, Override


class Note(Struct, frozen=True):
    """A remark about a step or a number, in words."""

    about: str
    what: str


def notes(graph: FlowGraph, classes: Sequence[TimeClass]) -> tuple[Note, ...]:
    """Return the remarks: numbers first, then steps in the flow's order. An override is no opening hour, and an
    emergency is what its own steps are for.
    """
    times = _Times([one for one in classes if not one.override])
    starts = {entry.step for entry in graph.entries}
    reach = {step: times.reach(graph, [step]) for step in starts}
    every = dict.fromkeys(graph.vertices, 0)
    for masks in reach.values():
        for step, mask in masks.items():
            every[step] |= mask
    said = {word: _Times([one for one in classes if one.override == word]).reach(graph, starts) for word in OVERRIDES}
    called = {step for step, mask in every.items() if mask} | said["emergency"].keys()
    return (*_numbers(graph, times, reach), *_steps(graph, times, called, said), *_answers(graph, times, every))


class _Times:
    """When guards hold, as masks of classes."""

    def __init__(self, classes: Sequence[TimeClass]) -> None:
        self.all = (1 << len(classes)) - 1
        self._holds: dict[tuple[str, str], int] = {}
        for bit, one in enumerate(classes):
            for asked in one.answers.items():
                self._holds[asked] = self._holds.get(asked, 0) | 1 << bit

    def holds(self, guard: Guard) -> int:
        return self._holds.get((guard.calendar, guard.outcome), 0) if isinstance(guard, InHours) else self.all

    def reach(self, graph: FlowGraph, starts: Iterable[str], *, passing: bool = False) -> dict[str, int]:
        """Return by step when a call may be there; `passing`: hours may change while it waits at any step."""
        masks = dict.fromkeys(starts, self.all)
        todo = deque(masks)
        while todo:
            step = todo.popleft()
            here = self.all if passing else masks[step]
            for edge in graph.vertices[step].edges:
                before = masks.get(edge.target, 0)
                masks[edge.target] = before | here & self.holds(edge.guard)
                if masks[edge.target] != before:
                    todo.append(edge.target)
        return {step: mask for step, mask in masks.items() if mask}


def _numbers(graph: FlowGraph, times: _Times, reach: dict[str, dict[str, int]]) -> Iterator[Note]:
    for entry in graph.entries:
        here = reach[entry.step]
        asked = [(step, e.guard) for step in here for e in graph.vertices[step].edges if isinstance(e.guard, InHours)]
        if asked and not any(g.outcome == "open" and here[step] & times.holds(g) for step, g in asked):
            yield Note(entry.number, "is never open: no call to it is told so by a calendar")


def _steps(
    graph: FlowGraph, times: _Times, called: Collection[str], said: Mapping[Override, Collection[str]]
) -> Iterator[Note]:
    passing = times.reach(graph, {entry.step for entry in graph.entries}, passing=True)
    for step in graph.vertices:
        if step in called:
            continue
        if step in passing:
            yield Note(step, "is reached only by a call that still waits when the hours change")
        elif words := [word for word, steps in said.items() if step in steps]:
            yield Note(step, f"is reached only while a supervisor says {' or '.join(words)}")
        else:
            yield Note(step, "is reached by no call at any hour")


def _answers(graph: FlowGraph, times: _Times, every: dict[str, int]) -> Iterator[Note]:
    """An answer that is never given matters where it has a way of its own, and always when it is `open`."""
    for step, mask in every.items():
        edges = graph.vertices[step].edges
        asked = [(e, e.guard) for e in edges if isinstance(e.guard, InHours) and e.guard.outcome != "override"]
        taken = {edge.target for edge, guard in asked if mask & times.holds(guard)}
        for edge, guard in asked:
            if mask and not mask & times.holds(guard) and (guard.outcome == "open" or edge.target not in taken):
                never = not times.holds(guard)
                when = f"{guard.calendar} is never so" if never else f"no call is here while {guard.calendar} is so"
                yield Note(step, f"never leaves by {edge.guard.label}: {when}")
                taken.add(edge.target)
