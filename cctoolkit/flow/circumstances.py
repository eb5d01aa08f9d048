"""Which calls can be at a step: the times, callers and CRM records that are still possible by the way they came.

What stays the same for a whole call (its time, its caller, what the CRM has of the caller) is a bit mask for each of
them; what steps on the way change (the language, the card) is held beside. Searches through a flow carry both from step
to step, so that a route found is one call.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import product

from msgspec import Struct

from cctoolkit.flow.graph import Entry, FlowGraph, Vertex
from cctoolkit.flow.known import ANONYMOUS, CARD, NOBODY, matches
from cctoolkit.flow.moments import Moments
from cctoolkit.model.guard import CrmAnswer, Edge, Match, Otherwise, Share

_CRM, _CALLER, _NUMBER, _LANGUAGE = "crm", "caller", "number", "language"


class Possible(Struct, frozen=True):
    """What is still possible at a step: a mask, never empty, by what is fixed for a call, in the order of
    `Circumstances.fixed`; and what the way there has settled.
    """

    masks: tuple[int, ...]
    settled: tuple[tuple[str, str], ...]


class Circumstances:
    """Everything a flow asks about a call, and the finitely many answers that matter."""

    def __init__(self, graph: FlowGraph, when: Moments) -> None:
        asked = [edge.guard for v in graph.vertices.values() for edge in v.edges if isinstance(edge.guard, Match)]
        self.when = when
        self.language = graph.language
        self._subjects = {guard.subject for guard in asked}
        self.callers = _callers([v for guard in asked if guard.subject == _CALLER for v in guard.values])
        self.records: dict[str, tuple[str, ...]] = {}
        for guard in asked:
            if guard.subject == "field":
                known = self.records.get(guard.field, ("",))
                self.records[guard.field] = tuple(dict.fromkeys((*known, *guard.values)))
        self.fixed: tuple[tuple[str, tuple[str, ...]], ...] = ((_CALLER, self.callers), *self.records.items())

    def start(self, entry: Entry) -> Possible:
        """Return what is possible where a number's calls begin."""
        settled = {_NUMBER: entry.number} if _NUMBER in self._subjects else {}
        masks = ((1 << len(values)) - 1 for _, values in self.fixed)
        return Possible((self.when.all, *masks), tuple(settled.items()))

    def after(self, vertex: Vertex, edge: Edge, here: Possible) -> Possible | None:
        """Return what is still possible when a call leaves by an edge; None when none can."""
        masks = self._masks(vertex, edge, here)
        if masks is None or not all(masks):
            return None
        settled = dict(here.settled)
        if edge.guard == CrmAnswer("found") and self.records:
            settled = {name: value for name, value in settled.items() if not name.startswith(CARD)} | {_CRM: "found"}
        for name, value in vertex.sets:
            if (name == _LANGUAGE and _LANGUAGE in self._subjects) or name.removeprefix(CARD) in self.records:
                settled[name] = value
        return Possible(masks, tuple(sorted(settled.items())))

    def _masks(self, vertex: Vertex, edge: Edge, here: Possible) -> tuple[int, ...] | None:
        guard = edge.guard
        if isinstance(guard, Share):
            return here.masks if guard.percent else None
        if not isinstance(guard, Match | Otherwise):
            return (self.when.within(here.masks[0], guard), *here.masks[1:])
        cases = [edge.guard for edge in vertex.edges if isinstance(edge.guard, Match)]
        if not cases:
            shares = sum(edge.guard.percent for edge in vertex.edges if isinstance(edge.guard, Share))
            return here.masks if shares < 100 else None
        return self._matching(guard, cases, here)

    def _matching(self, wanted: Match | Otherwise, cases: list[Match], here: Possible) -> tuple[int, ...] | None:
        """Keep the callers or records for which `wanted` is the first case that holds."""
        value = self._settled(cases[0], dict(here.settled))
        if value is not None:
            return here.masks if _first(cases, value) == wanted else None
        name = cases[0].field or cases[0].subject
        place, values = next((n, values) for n, (kind, values) in enumerate(self.fixed, 1) if kind == name)
        mask = sum(1 << bit for bit, value in enumerate(values) if _first(cases, value) == wanted)
        return (*here.masks[:place], here.masks[place] & mask, *here.masks[place + 1 :])

    def _settled(self, case: Match, settled: dict[str, str]) -> str | None:
        """Return what the way has settled of what a switch asks; None when that is the caller's or the CRM's."""
        if case.subject == _CALLER:
            return None
        if case.subject == "field":
            return settled.get(CARD + case.field, None if _CRM in settled else "")
        return settled.get(case.subject, self.language)

    def along(self, entry: Entry, path: Iterable[tuple[Vertex, Edge]]) -> Possible:
        """Return what is possible after a path; what is where it begins when no call takes that path."""
        start = possible = self.start(entry)
        for vertex, edge in path:
            after = self.after(vertex, edge, possible)
            if after is None:
                return start
            possible = after
        return possible

    def witness(self, possible: Possible) -> tuple[datetime, str, dict[str, str]]:
        """Return a time, a caller and a CRM record with which a call is there."""
        at, *others = possible.masks
        chosen = {
            name: values[(mask & -mask).bit_length() - 1]
            for (name, values), mask in zip(self.fixed, others, strict=True)
        }
        caller = chosen.pop(_CALLER)
        return self.when.first(at), caller, {name: value for name, value in chosen.items() if value}


def _first(cases: list[Match], value: str) -> Match | Otherwise:
    return next((case for case in cases if matches(case, value)), Otherwise())


def _callers(begins: Iterable[str]) -> tuple[str, ...]:
    """Return one caller for each way in which beginnings of numbers can hold together."""
    wanted = dict.fromkeys(begins)
    found = [NOBODY, *([""] if wanted.pop(ANONYMOUS, 0) is None else [])]
    for begin in wanted:
        longer = [other for other in wanted if other != begin and other.startswith(begin)]
        found += next(([n] for n in _continued(begin) if not n.startswith(tuple(longer))), [])
    return tuple(found)


def _continued(begin: str) -> Iterator[str]:
    """Yield numbers of twelve digits, or of more if that many are given, that begin so."""
    for digits in product("0123456789", repeat=3):
        yield begin + "".join(digits) + "0" * max(0, 10 - len(begin))
