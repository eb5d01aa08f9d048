"""One call seen twice: the events, exact but with holes, and queue_log, whole but to the second.

Events of one epoch (between two gaps) miss nothing, so what the log tells between two of them is either theirs or not
theirs to tell; everything else the log tells happened in a gap. The pairing is the cheapest one, as of two spellings of
one word: the fewest things left over, then the least time between the two of a pair.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from cctoolkit.capture.said import AGENTS_OWN, EVENTS_ALONE, Said

SECOND = 1_000_000
_EARLY, _LATE = 2 * SECOND, SECOND
"""How much earlier (its whole second) or later (written under load) a line may be than its event."""
_COARSE = SECOND // 100
"""A line's second is that of the kernel's coarse clock, which may be a tick behind the one of the events."""
_LEFT_OVER, _UNTOLD_YET, _NEVER = 1e3, 0.1, 1e9
_MARKS = frozenset({"step", "out", "up", "end"})
_UNTOLD = frozenset({"cancelled", "up", "exit"})
"""What the log may tell and the events of the same moment do not."""


_ENDS = frozenset({"connect", "missed", "silenced"})
"""How a phone's ringing ends."""


class Heard(Struct, frozen=True):
    """What was said, and in which stretch without a gap the events said it."""

    said: Said
    epoch: int


def merge(heard: Sequence[Heard], log: Sequence[Said], born: int) -> list[Heard]:
    """Return everything either source said, in order; of a pair, the event. `born`: see Draft."""
    events = [i for i, one in enumerate(heard) if one.said.kind not in EVENTS_ALONE | AGENTS_OWN]
    lines = [j for j, one in enumerate(log) if one.kind not in AGENTS_OWN]
    twin = dict(_agents_own(heard, log))
    for of_dialplan in (True, False):
        # What app_queue says and what the dialplan says at the same moment come over ways of their own.
        own = [i for i in events if (heard[i].said.kind in _MARKS) is of_dialplan]
        its = [j for j in lines if (log[j].kind in _MARKS) is of_dialplan]
        pairs = _pairs([heard[i] for i in own], [log[j] for j in its], log[-1], born)
        twin |= {its[j]: own[i] for j, i in pairs}
    after: list[list[Heard]] = [[] for _ in range(len(heard) + 1)]
    anchor = floor = 0
    for j, line in enumerate(log):
        if j in twin:
            anchor = anchor if line.kind in AGENTS_OWN else max(anchor, twin[j] + 1)
            if line.kind == "end":
                # The mark is not the end; it is the best there is when the event of the end fell into the gap.
                after[anchor].insert(0, Heard(line, heard[anchor - 1].epoch))
            continue
        place = _place(heard, events, anchor, line, born)
        if place is not None:
            if line.kind not in AGENTS_OWN:
                # Lines keep their order: none stands before one that was written earlier.
                place = floor = max(place, floor)
            after[place].append(Heard(line, heard[place - 1].epoch if place else born))
    found = list(after[0])
    sent_on = {twin[j]: line for j, line in enumerate(log) if j in twin and line.kind == "complete" and line.detail}
    for i, (one, more) in enumerate(zip(heard, after[1:], strict=True)):
        found += [_sent_on(one, sent_on[i]) if i in sent_on else one, *more]
    return found


def _sent_on(heard: Heard, line: Said) -> Heard:
    """Return the event of a talk's end with what its line alone tells: how and where to the caller was sent on."""
    if heard.said.detail:
        return heard
    return Heard(replace(heard.said, detail=line.detail, number=line.number), heard.epoch)


def _place(heard: Sequence[Heard], events: Sequence[int], anchor: int, line: Said, born: int) -> int | None:
    """Return how many events stand before a line that has none of its own: those of the anchor's epoch which the log
    does not tell, those surely earlier, and the ringing whose end the line is. None when the events, with no gap there,
    did not tell it.
    """
    place = end = anchor
    while end < len(heard) and end not in events:
        end += 1
        if _before(heard, anchor, end - 1, line):
            place = end
    begun = heard[anchor - 1].epoch if anchor else born
    within = end < len(heard) and heard[end].epoch == begun
    return None if within and line.kind not in AGENTS_OWN else place


def _before(heard: Sequence[Heard], anchor: int, i: int, line: Said) -> bool:
    """Say whether an event that has no line stands before this line."""
    one = heard[i].said
    if (anchor and heard[i].epoch == heard[anchor - 1].epoch) or one.at.at < line.at.at:
        return True
    # The line was written when the phone had stopped: the ringing it tells of cannot have begun after its second.
    early = one.at.at + line.rang_us - line.at.at
    rings = one.kind == "offer" and one.name == line.name and -_EARLY <= early <= SECOND + _COARSE
    return rings and not _ended_otherwise(heard, i, line)


def _ended_otherwise(heard: Sequence[Heard], i: int, line: Said) -> bool:
    """Say whether the events themselves tell that a ringing ended in another way than a line does: the line is another
    one's, of before they began. That the caller left while it rang is silenced to them.
    """
    rings = heard[i]
    later = (one.said for one in heard[i + 1 :] if one.epoch == rings.epoch and one.said.name == rings.said.name)
    how = next((said.kind for said in later if said.kind in _ENDS), None)
    return how is not None and (how, line.kind) != ("silenced", "cancelled")


def _pairs(events: Sequence[Heard], log: Sequence[Said], last: Said, born: int) -> Iterator[tuple[int, int]]:
    """Yield (line, event) of the cheapest pairing that keeps both orders; `last` is the last line of the whole log."""
    n, m = len(events), len(log)
    cost = [[0.0] * (m + 1) for _ in range(n + 1)]
    for i in range(n - 1, -1, -1):
        cost[i][m] = cost[i + 1][m] + _unfinished(events[i].said, last)
        for j in range(m - 1, -1, -1):
            cost[i][j] = min(
                _apart(events[i].said, log[j]) + cost[i + 1][j + 1],
                _skipped(events, i, log[j], born) + cost[i][j + 1],
                _LEFT_OVER + cost[i + 1][j],
            )
    i = j = 0
    while i < n and j < m:
        if cost[i][j] == _apart(events[i].said, log[j]) + cost[i + 1][j + 1]:
            yield j, i
            i, j = i + 1, j + 1
        elif cost[i][j] == _skipped(events, i, log[j], born) + cost[i][j + 1]:
            j += 1
        else:
            i += 1


def _unfinished(event: Said, last: Said) -> float:
    """Return the price of an event without a line, when no line is left: the log may have been read before its line
    was written, in its last second or after it.
    """
    late = event.at.at - last.at.at
    return _LEFT_OVER if late < 0 else _UNTOLD_YET if late < SECOND + _COARSE else 0.0


def _skipped(events: Sequence[Heard], i: int, line: Said, born: int) -> float:
    before = events[i - 1].epoch if i else born
    return 0.0 if events[i].epoch != before or line.kind in _UNTOLD else _LEFT_OVER


def _apart(event: Said, line: Said) -> float:
    """Return the seconds between an event and the second its line was written in; without end if it is not its line."""
    if not event.same(line):
        return _NEVER
    early = event.at.at - line.at.at
    if not -_LATE <= early <= _EARLY:
        return _NEVER
    return max(0, early - SECOND, -early) / SECOND


def _agents_own(heard: Sequence[Heard], log: Sequence[Said]) -> Iterator[tuple[int, int]]:
    free = [i for i, one in enumerate(heard) if one.said.kind in AGENTS_OWN]
    for j, line in enumerate(log):
        if line.kind in AGENTS_OWN:
            twin = next((i for i in free if _apart(heard[i].said, line) < _NEVER), None)
            if twin is not None:
                free.remove(twin)
                yield j, twin
