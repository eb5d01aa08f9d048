"""Two flows walked together, by the same decisions, at one class of time: where callers come elsewhere than before.

Where both come to the same place, whatever its name, the walk goes on from there. Where the places differ that is a
difference; behind another kind of place nothing can be compared any more, so what is lost there counts here.

Who calls, and what the CRM knows of them, is the same in both: only people who can be at both places are walked on.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Literal, NamedTuple, get_args

from msgspec import Struct
from msgspec.structs import replace

from cctoolkit.flow.circumstances import Possible
from cctoolkit.flow.graph import Entry
from cctoolkit.flow.known import NOBODY
from cctoolkit.flow.prove_stations import Line, Station, decision, described, said
from cctoolkit.flow.route import Turn
from cctoolkit.model.guard import BadInput, Edge, Guard, Key, QueueExit, QueueKey

Harm = Literal["lost-agent", "lost-end", "other"]
HARMS: tuple[Harm, ...] = get_args(Harm)
"""Worst first: who could have an agent has none; who came to an end, such as a message left, comes to it no more."""

NO_NUMBER = "no number of this line"

_Path = tuple[Turn, ...]


class Seen(Struct, frozen=True):
    """One difference: callers of `number` who decide so came to `was` and come to `now`. One of them is `caller`, with
    `record` in the CRM.
    """

    harm: Harm
    number: str
    turns: tuple[Turn, ...]
    was: str
    now: str
    rest: tuple[Turn, ...] = ()
    """How such a call then comes to an end."""
    caller: str = NOBODY
    record: Mapping[str, str] = {}

    @property
    def way(self) -> str:
        """Return the decisions in words; "" is none."""
        return ", ".join(decision(turn.guard) for turn in self.turns if turn.guard)


class _Pair(NamedTuple):
    """Where the same people are in both specs, and what they have decided."""

    before: Station
    after: Station
    path: _Path

    @property
    def turns(self) -> _Path:
        """Return all that led here: who they are decides too, in the new spec, or as it was."""
        return *self.path, *(self.after.cases or self.before.cases)


def compare(old: Line, new: Line) -> Iterator[Seen]:
    """Yield the differences of all numbers, those of the new spec first."""
    before, after = ({entry.number: entry for entry in line.spec.graph.entries} for line in (old, new))
    for number in {**after, **before}:
        if number not in after:
            for one in _begin(old, before[number]):
                yield Seen(_harm(_ends(old, one), frozenset()), number, one.cases, said(old, one), NO_NUMBER)
        elif number not in before:
            for one in _begin(new, after[number]):
                yield _seen(new, one.here, Seen("other", number, one.cases, NO_NUMBER, said(new, one)))
        else:
            yield from _walk(number, old, new, _meet(_begin(old, before[number]), _begin(new, after[number]), ()))


def _begin(line: Line, entry: Entry) -> list[Station]:
    return list(line.stations(entry.step, line.cases.start(entry)))


def _meet(before: Iterable[Station], after: Iterable[Station], path: _Path) -> Iterator[_Pair]:
    """Pair the stations of both specs at which there is somebody who is at both."""
    for one, other in product(before, after):
        masks = tuple(a & b for a, b in zip(one.here.masks, other.here.masks, strict=True))
        if all(masks):
            was, now = (replace(at, here=replace(at.here, masks=masks)) for at in (one, other))
            yield _Pair(was, now, path)


def _walk(number: str, old: Line, new: Line, entry: Iterable[_Pair]) -> Iterator[Seen]:
    """Walk breadth first; a pair is looked at by every way to it, and walked on from once."""
    walked: set[tuple[str, Possible, str, Possible]] = set()
    todo = deque(entry)
    while todo:
        pair = todo.popleft()
        before, after, _ = pair
        if words := described(old, before, new, after):
            found = Seen(_harm(_ends(old, before), _ends(new, after)), number, pair.turns, *words)
            yield _seen(new, after.here, found, after.place)
        key = before.place, before.here, after.place, after.here
        if key in walked or not (before.place and after.place):
            continue
        walked.add(key)
        if old.vertex(before.place).kind != new.vertex(after.place).kind:
            continue
        for one, other in _decisions(old, before.place, new, after.place):
            if one and other:
                ways = list(_by(old, before, one)), list(_by(new, after, other))
                todo += _meet(*ways, (*pair.turns, new.turn(after.place, other.guard)))
            else:
                yield from _alone(number, (old, one), (new, other), pair)


def _by(line: Line, at: Station, edge: Edge) -> Iterator[Station]:
    """Yield where those come to who leave a station by an edge."""
    if after := line.after(at, edge):
        yield from line.stations(edge.target, after)


_Side = tuple[Line, Edge | None]


def _alone(number: str, before: _Side, after: _Side, pair: _Pair) -> Iterator[Seen]:
    """Yield what comes of a decision that only one of the specs knows."""
    (old, one), (new, other) = before, after
    if one:
        path = (*pair.turns, old.turn(pair.before.place, one.guard))
        for at in _by(old, pair.before, one):
            harm = _harm(_ends(old, at), _instead(new, pair.after, one.guard))
            found = Seen(harm, number, (*path, *at.cases), said(old, at), _nothing(one.guard))
            seen = _seen(new, at.here, found)
            # What the call has no more it went on with: without an end of its own nobody could place it there.
            goes_on = isinstance(one.guard, QueueExit) and at.place
            yield replace(seen, rest=old.finish(at.place, _somebody(at.here))) if goes_on else seen
    elif other:
        path = (*pair.turns, new.turn(pair.after.place, other.guard))
        for at in _by(new, pair.after, other):
            yield _seen(new, at.here, Seen("other", number, (*path, *at.cases), _nothing(other.guard), said(new, at)))


def _seen(new: Line, here: Possible, found: Seen, place: str = "") -> Seen:
    """Name somebody to whom it happens, and how their call ends from a place on."""
    somebody = _somebody(here)
    _, caller, record = new.cases.witness(somebody)
    rest = new.finish(place, somebody) if place else ()
    return replace(found, rest=rest, caller=caller, record=record)


def _somebody(here: Possible) -> Possible:
    return replace(here, masks=tuple(mask & -mask for mask in here.masks))


def _decisions(old: Line, before: str, new: Line, after: str) -> Iterator[tuple[Edge | None, Edge | None]]:
    """Pair the ways out of two places by what is decided."""
    ones = {edge.guard.label: edge for edge in old.walks.ways[before]}
    others = {edge.guard.label: edge for edge in new.walks.ways[after]}
    for label in {**ones, **others}:
        yield ones.get(label), others.get(label)


def _ends(line: Line, station: Station) -> frozenset[str]:
    return line.ends(station.place, station.here) if station.place else frozenset()


def _instead(line: Line, at: Station, guard: Guard) -> frozenset[str]:
    """Return the ends of a call whose decision means nothing here."""
    if isinstance(guard, QueueExit):
        return frozenset()
    ways = line.walks.ways[at.place]
    wrong = next((edge.target for edge in ways if isinstance(edge.guard, BadInput)), at.place)
    return line.ends(wrong if isinstance(guard, Key) else at.place, at.here)


def _nothing(guard: Guard) -> str:
    if isinstance(guard, Key | QueueKey):
        return "a key without a meaning"
    return "the end of the call" if isinstance(guard, QueueExit) else "no such case"


def _harm(was: frozenset[str], now: frozenset[str]) -> Harm:
    if "answered" in was - now:
        return "lost-agent"
    return "lost-end" if was - now else "other"
