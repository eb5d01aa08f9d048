"""What a caller comes to, in words: the prompts on the way, and the place where something is decided or ends.

Steps are compared by what they do, not by their names: a step that was only renamed is the same place.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cctoolkit.flow.circumstances import Circumstances, Possible
from cctoolkit.flow.graph import FlowGraph, Vertex, compile_flow
from cctoolkit.flow.prove_facts import Facts, facts
from cctoolkit.flow.prove_times import TimeClass
from cctoolkit.flow.prove_walks import Walks
from cctoolkit.flow.route import Turn, turn
from cctoolkit.model.guard import Always, Edge, Guard, InHours, Match, Otherwise
from cctoolkit.model.project import Project

_ANSWERED = frozenset({"answered", "abandoned"})
_NOUNS = {"play": "message"}
_LEADS = ("type", "next", "keys", "calendar", "queue")
"""Options that say where a call goes, or are words of their own."""


class Spec(Struct, frozen=True):
    """One of the two specs that are compared."""

    project: Project
    graph: FlowGraph
    known: Facts


def spec_of(project: Project) -> Spec:
    """Compile a project that passed its rules."""
    return Spec(project, compile_flow(project), facts(project))


class Station(Struct, frozen=True):
    """The steps passed without anything for the caller to decide, and the one where the call then is; "" where it goes
    round. `cases` are the turns at which it mattered who calls, `here` the callers who are there.
    """

    heard: tuple[str, ...]
    place: str
    cases: tuple[Turn, ...]
    here: Possible

    @property
    def steps(self) -> tuple[str, ...]:
        """Return all of them."""
        return (*self.heard, self.place) if self.place else self.heard


class Line:
    """One spec at one class of time; `cases` knows who can be where, in the terms of both specs."""

    def __init__(self, spec: Spec, when: TimeClass, *, staffed: Mapping[str, bool], cases: Circumstances) -> None:
        self.spec = spec
        self.walks = Walks(spec.graph, when)
        self.staffed = staffed
        self.cases = cases
        self._ends: dict[tuple[str, Possible], frozenset[str]] = {}

    def vertex(self, step: str) -> Vertex:
        """Return a step of the graph."""
        return self.spec.graph.vertices[step]

    def stations(self, step: str, here: Possible) -> Iterator[Station]:
        """Go on from a step as far as nothing is decided, and everybody by the case that holds for them."""
        todo = deque([(Station((), step, (), here), frozenset[tuple[str, Possible]]())])
        while todo:
            at, seen = todo.popleft()
            if (at.place, at.here) in seen:
                yield replace(at, place="")
            elif not self._passed(at.place):
                yield at
            else:
                todo += ((one, seen | {(at.place, at.here)}) for one in self._onward(at))

    def _passed(self, step: str) -> bool:
        ways = self.walks.ways[step]
        if any(isinstance(edge.guard, Match) for edge in ways):
            return True
        return len(ways) == 1 and isinstance(ways[0].guard, Always | InHours)

    def _onward(self, at: Station) -> Iterator[Station]:
        for edge in self.walks.ways[at.place]:
            if after := self.after(at, edge):
                heard = (*at.heard, at.place) if isinstance(edge.guard, Always) else at.heard
                asked = isinstance(edge.guard, Match | Otherwise)
                cases = (*at.cases, self.turn(at.place, edge.guard)) if asked else at.cases
                yield Station(heard, edge.target, cases, after)

    def after(self, at: Station, edge: Edge) -> Possible | None:
        """Return who leaves a station by an edge; None when nobody does."""
        return self.cases.after(self.vertex(at.place), edge, at.here)

    def finish(self, step: str, here: Possible) -> tuple[Turn, ...]:
        """Return the fewest decisions by which a call at a step comes to an end; none when there are none."""
        paths: dict[tuple[str, Possible], tuple[Turn, ...]] = {(step, here): ()}
        todo = deque(paths)
        while todo:
            at = todo.popleft()
            if ends := self.vertex(at[0]).ends:
                return (*paths[at], Turn(at[0], ends[0], None))
            for edge, there in self._next(*at):
                if there not in paths:
                    paths[there] = (*paths[at], self.turn(at[0], edge.guard))
                    todo.append(there)
        return ()

    def _next(self, step: str, here: Possible) -> Iterator[tuple[Edge, tuple[str, Possible]]]:
        for edge in self.walks.ways[step]:
            if after := self.cases.after(self.vertex(step), edge, here):
                yield edge, (edge.target, after)

    def turn(self, step: str, guard: Guard) -> Turn:
        """Return how a call leaves a step."""
        return turn(self.vertex(step), guard.label, guard)

    def ends(self, step: str, here: Possible) -> frozenset[str]:
        """Return the ends a call can come to from a step; "answered" where somebody may answer, and not else."""
        if (step, here) not in self._ends:
            found: set[str] = set()
            todo, seen = [(step, here)], {(step, here)}
            while todo:
                at = todo.pop()
                found |= set(self.vertex(at[0]).ends) - _ANSWERED
                found |= {"answered"} if self.staffed.get(at[0]) else set()
                after = {there for _, there in self._next(*at)} - seen
                seen |= after
                todo += after
            self._ends[step, here] = frozenset(found)
        return self._ends[step, here]

    def identity(self, step: str) -> tuple[str, ...]:
        """Return what makes a step another one than before, whatever its options: its type, its queue, who is there."""
        staff = self.spec.known.staff.get(step)
        return (self.vertex(step).kind, *((staff.queue, str(self.staffed[step])) if staff else ()))

    def words(self, step: str) -> str:
        """Return a step in the spec's words."""
        vertex = self.vertex(step)
        staff = self.spec.known.staff.get(step)
        if not vertex.edges and vertex.kind in vertex.ends:
            return vertex.kind
        name = staff.queue if staff and vertex.kind == "queue" else step
        nobody = " with nobody certified" if staff and not self.staffed[step] else ""
        return f"{_NOUNS.get(vertex.kind, vertex.kind)} {name}{nobody}"

    def options(self, step: str) -> dict[str, Any]:
        """Return how a step does what it does. Names of other steps are left out: they are compared themselves."""
        options = self.spec.project.flow[step]
        targets = {edge.target for edge in self.vertex(step).edges} - {name for _, name in options.refers()}
        raw: dict[str, Any] = msgspec.to_builtins(options)
        return {name: _without(value, targets) for name, value in raw.items() if name not in _LEADS}


def _without(value: Any, targets: set[str]) -> Any:  # noqa: ANN401 (any option of any step)
    if isinstance(value, dict):
        return {key: _without(one, targets) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_without(one, targets) for one in value]
    return "" if isinstance(value, str) and value in targets else value


def decision(guard: Guard) -> str:
    """Return what somebody decided, in words."""
    label = guard.label
    if key := getattr(guard, "key", None):
        return f"key {key}" + (" while waiting" if label.startswith("queue-") else "")
    return {"timeout": "silence", "invalid": "wrong keys"}.get(label, label.replace("-", " "))


def described(old: Line, before: Station, new: Line, after: Station) -> tuple[str, str] | None:
    """Return what it was and what it is, in words; None when callers feel no difference."""
    if [*map(old.identity, before.steps)] != [*map(new.identity, after.steps)] or bool(before.place) != bool(
        after.place
    ):
        return said(old, before), said(new, after)
    was: dict[str, dict[str, Any]] = {}
    now: dict[str, dict[str, Any]] = {}
    for one, other in zip(before.steps, after.steps, strict=True):
        then, today = old.options(one), new.options(other)
        changed = [name for name in {**then, **today} if then.get(name) != today.get(name)]
        was[one] = {name: then.get(name) for name in changed}
        now[other] = {name: today.get(name) for name in changed}
    if not any(was.values()) and not any(now.values()):
        return None
    return said(old, before, was), said(new, after, now)


def said(line: Line, station: Station, changed: Mapping[str, dict[str, Any]] | None = None) -> str:
    """Return where a call comes to, with options that changed."""
    parts = []
    for step in station.steps:
        options = ", ".join(f"{name} {_value(value)}" for name, value in (changed or {}).get(step, {}).items())
        parts.append(line.words(step) + (f" ({options})" if options else ""))
    if not station.place:
        parts.append("round for ever")
    return ", then ".join(parts)


def _value(value: object) -> str:
    if value is None:
        return "not given"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(_value, value)) if isinstance(value, list) else str(value)
