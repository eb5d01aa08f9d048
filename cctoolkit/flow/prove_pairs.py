"""Two flows walked together, by the same decisions, at one class of time: where callers come elsewhere than before.

Where both come to the same place, whatever its name, the walk goes on from there. Where the places differ that is a
difference; behind another kind of place nothing can be compared any more, so what is lost there counts here.
"""

from collections import deque
from collections.abc import Iterator
from typing import Literal, get_args

from msgspec import Struct

from cctoolkit.flow.prove_stations import Line, Station, decision, described, said
from cctoolkit.flow.route import Turn
from cctoolkit.model.guard import BadInput, Edge, Guard, Key, QueueExit, QueueKey

Harm = Literal["lost-agent", "lost-end", "other"]
HARMS: tuple[Harm, ...] = get_args(Harm)
"""Worst first: who could have an agent has none; who came to an end, such as a message left, comes to it no more."""

NO_NUMBER = "no number of this line"

_Path = tuple[Turn, ...]


class Seen(Struct, frozen=True):
    """One difference: callers of `number` who decide so came to `was` and come to `now`."""

    harm: Harm
    number: str
    turns: tuple[Turn, ...]
    was: str
    now: str
    rest: tuple[Turn, ...] = ()
    """How such a call then comes to an end."""

    @property
    def way(self) -> str:
        """Return the decisions in words; "" is none."""
        return ", ".join(decision(turn.guard) for turn in self.turns if turn.guard)


def compare(old: Line, new: Line) -> Iterator[Seen]:
    """Yield the differences of all numbers, those of the new spec first."""
    before, after = ({entry.number: entry.step for entry in line.spec.graph.entries} for line in (old, new))
    for number in {**after, **before}:
        if number not in after:
            ends = old.ends(before[number])
            was = said(old, old.station(before[number]))
            yield Seen(_harm(ends, frozenset()), number, (), was, NO_NUMBER)
        elif number not in before:
            yield Seen("other", number, (), NO_NUMBER, said(new, new.station(after[number])))
        else:
            pair = old.station(before[number]), new.station(after[number])
            yield from _walk(number, old, new, pair)


def _walk(number: str, old: Line, new: Line, entry: tuple[Station, Station]) -> Iterator[Seen]:
    """Walk breadth first; a pair is looked at by every way to it, and walked on from once."""
    walked: set[tuple[Station, Station]] = set()
    todo: deque[tuple[Station, Station, _Path]] = deque([(*entry, ())])
    while todo:
        before, after, path = todo.popleft()
        if words := described(old, before, new, after):
            rest = new.finish(after.place) if after.place else ()
            yield Seen(_harm(_ends(old, before), _ends(new, after)), number, path, *words, rest)
        if (before, after) in walked or not (before.place and after.place):
            continue
        walked.add((before, after))
        if old.vertex(before.place).kind != new.vertex(after.place).kind:
            continue
        for one, other in _decisions(old, before.place, new, after.place):
            if one and other:
                pair = old.station(one.target), new.station(other.target)
                todo.append((*pair, (*path, new.turn(after.place, other.guard))))
            elif one:
                was, lost = said(old, old.station(one.target)), old.ends(one.target)
                harm = _harm(lost, _instead(new, after.place, one.guard))
                yield Seen(harm, number, (*path, old.turn(before.place, one.guard)), was, _nothing(one.guard))
            elif other:
                now = said(new, new.station(other.target))
                yield Seen("other", number, (*path, new.turn(after.place, other.guard)), _nothing(other.guard), now)


def _decisions(old: Line, before: str, new: Line, after: str) -> Iterator[tuple[Edge | None, Edge | None]]:
    """Pair the ways out of two places by what is decided."""
    ones = {edge.guard.label: edge for edge in old.walks.ways[before]}
    others = {edge.guard.label: edge for edge in new.walks.ways[after]}
    for label in {**ones, **others}:
        yield ones.get(label), others.get(label)


def _ends(line: Line, station: Station) -> frozenset[str]:
    return line.ends(station.place) if station.place else frozenset()


def _instead(line: Line, step: str, guard: Guard) -> frozenset[str]:
    """Return the ends of a call whose decision means nothing here."""
    if isinstance(guard, QueueExit):
        return frozenset()
    wrong = next((edge.target for edge in line.walks.ways[step] if isinstance(edge.guard, BadInput)), step)
    return line.ends(wrong if isinstance(guard, Key) else step)


def _nothing(guard: Guard) -> str:
    if isinstance(guard, Key | QueueKey):
        return "a key without a meaning"
    return "the end of the call" if isinstance(guard, QueueExit) else "no such case"


def _harm(was: frozenset[str], now: frozenset[str]) -> Harm:
    if "answered" in was - now:
        return "lost-agent"
    return "lost-end" if was - now else "other"
