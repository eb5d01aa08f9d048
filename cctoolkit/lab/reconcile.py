"""Traffic held against what was captured, call by call: the street's notes, the call records, the node's queue_log.

A call is found by its caller's number, an anonymous one by the times it came and went. What is missing in one source,
or stands there twice, is a difference.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

import msgspec
from msgspec.structs import replace

from cctoolkit.cdr.records import PRECISION_SECONDS, CallRecord
from cctoolkit.lab import differences, queue_lines, sent_on
from cctoolkit.lab.notes import Dial, Note
from cctoolkit.lab.queue_lines import Logged

SAME_CALL_SECONDS = 1.1
"""How far a record's entry may be from an anonymous call and still be that call's; a number of its own needs no such
limit. queue_log has a whole second of the kernel's coarse clock: up to one and a tick before.
"""


class Limits(msgspec.Struct, frozen=True):
    """How far apart two sources may tell a moment, and how long a wrap-up lasts that nobody ends."""

    apart_ms: float = 50.0
    wrap_up_seconds: float = math.inf


Judgement = Literal["equal", "crossed", "different"]


class Verdict(msgspec.Struct, frozen=True):
    """One call in three sources, "" where it is missing; `apart_ms` by edge, the record's minus the street's.

    crossed: caller and agent acted within the wire's delay of each other, and street and node saw it differently.
    """

    note: str
    record: str
    lived: str
    recorded: str
    logged: str
    apart_ms: dict[str, float]
    reasons: tuple[str, ...]
    judgement: Judgement

    @property
    def most_apart_ms(self) -> float:
        """The edge furthest from the street's, 0 when there is none."""
        return max(map(abs, self.apart_ms.values()), default=0.0)


class Table(msgspec.Struct, frozen=True):
    """All calls, and what came of the comparison."""

    verdicts: tuple[Verdict, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many calls are equal, crossed, different."""
        found = Counter(verdict.judgement for verdict in self.verdicts)
        return {judgement: found[judgement] for judgement in ("equal", "crossed", "different")}

    @property
    def good(self) -> bool:
        """Say whether no call differs."""
        return not self.counts["different"]

    @property
    def edges(self) -> int:
        """How many edges were compared."""
        return sum(len(verdict.apart_ms) for verdict in self.verdicts)

    @property
    def most_apart_ms(self) -> float:
        """The edge of any call furthest from the street's, 0 when there is none."""
        return max((verdict.most_apart_ms for verdict in self.verdicts), default=0.0)


def match(records: Sequence[CallRecord], notes: Sequence[Note]) -> list[tuple[Note | None, CallRecord | None]]:
    """Pair notes with records, each used once; what finds no partner stands alone."""
    by_caller: dict[str, list[CallRecord]] = {}
    for record in records:
        by_caller.setdefault(record.caller, []).append(record)
    pairs = [
        (note, record)
        for note in notes
        for record in by_caller.get(note.caller, ())
        if note.dialled and (note.caller or abs(_late(note, record)) <= SAME_CALL_SECONDS)
    ]
    # What is known exactly first: of two anonymous calls of one second the log alone tells neither, but by the keys.
    pairs.sort(key=lambda pair: (_blur(pair[1]), _unlike(*pair), _apart(*pair)))
    taken: dict[str, CallRecord] = {}
    used: set[int] = set()
    for note, record in pairs:
        if note.call not in taken and id(record) not in used:
            taken[note.call] = record
            used.add(id(record))
    alone = [(None, record) for record in records if id(record) not in used]
    return [*((note, taken.get(note.call)) for note in notes), *alone]


def _late(note: Note, record: CallRecord) -> float:
    return (record.entered.moment() - note.dialled).total_seconds() if note.dialled else float("inf")


def _blur(record: CallRecord) -> float:
    """Return how inexactly a record says when its call came and went, in seconds."""
    return sum(PRECISION_SECONDS[edge.source] if edge else 1.0 for edge in (record.entered, record.ended))


def _unlike(note: Note, record: CallRecord) -> int:
    """Say whether an anonymous caller did otherwise than this record tells; a number of its own needs no such word."""
    return 0 if note.caller else len([*differences.keys(note, record), *differences.outcomes(note, record)])


def _apart(note: Note, record: CallRecord) -> float:
    """Return by how much the two miss each other: at 30 calls a second two anonymous ones enter within some ms."""
    end = abs((record.ended.moment() - note.ended).total_seconds()) if note.ended and record.ended else 0.0
    # What the source of an edge cannot know says nothing about whose call it is.
    blur = PRECISION_SECONDS[record.ended.source] if record.ended else 0.0
    return max(0.0, abs(_late(note, record)) - PRECISION_SECONDS[record.entered.source]) + max(0.0, end - blur)


def reconcile(
    notes: Sequence[Note],
    records: Sequence[CallRecord],
    queue_log: Iterable[str],
    ready: Sequence[Dial] = (),
    limits: Limits = Limits(),  # noqa: B008 - frozen
) -> Table:
    """Return a verdict for each call that any of the three knows; `ready` are the agents' calls that end a wrap-up,
    unless it has lasted its limit: then nobody had to.

    Records and lines from outside the notes' time are not looked at.
    """
    logged = {call: one for call, one in queue_lines.calls(queue_log).items() if _within(notes, one.entered or 0)}
    real = [record for record in records if not record.test and _within(notes, record.entered.at / 1_000_000)]
    verdicts = [_judge(note, record, logged, ready, limits) for note, record in match(real, notes)]
    known = {record.call for record in real}
    lost = [_only_logged(call, one) for call, one in logged.items() if call not in known]
    return Table((*verdicts, *lost))


def _within(notes: Sequence[Note], at: float) -> bool:
    """Say whether a call that entered then can be one of these: not before the first, not after the last was over."""
    spans = [(note.dialled, note.ended or note.dialled) for note in notes if note.dialled]
    if not spans:
        return False
    first, last = min(began for began, _ in spans), max(ended for _, ended in spans)
    return first.timestamp() - SAME_CALL_SECONDS <= at <= last.timestamp() + SAME_CALL_SECONDS


def _only_logged(call: str, one: Logged) -> Verdict:
    return Verdict("", call, "", "", _logged(one), {}, ("queue_log has a call without a record",), "different")


def _judge(
    note: Note | None, record: CallRecord | None, logged: Mapping[str, Logged], ready: Sequence[Dial], limits: Limits
) -> Verdict:
    verdict = _held(note, record, logged, ready, limits)
    if note is None or verdict.judgement != "different" or not any(leg.let_go for leg in note.legs):
        return verdict
    # The phone and the node, which lets it go when it has rung its time, acted at once: all else must be as told.
    legs = tuple(replace(leg, answered=None) if leg.let_go else leg for leg in note.legs)
    without = _held(replace(note, legs=legs), record, logged, ready, limits)
    return without if without.judgement == "different" else replace(verdict, judgement="crossed")


def _held(
    note: Note | None, record: CallRecord | None, logged: Mapping[str, Logged], ready: Sequence[Dial], limits: Limits
) -> Verdict:
    line = logged.get(record.call) if record else None
    reasons = list(differences.missing(note, record, line))
    otherwise: list[str] = []
    apart: dict[str, float] = {}
    if record and line:
        reasons += differences.lines(record, line)
    if note and record:
        otherwise = [*differences.outcomes(note, record), *differences.answers(note, record)]
        otherwise += sent_on.differences(note, record)
        reasons += differences.rings(note, record)
        reasons += [*differences.holds(note, record), *differences.keys(note, record)]
        apart = differences.edges(note, record, ready, limits.wrap_up_seconds)
        reasons += [f"{edge}: {abs(ms):.0f} ms apart" for edge, ms in apart.items() if abs(ms) > limits.apart_ms]
    crossed = note is not None and note.crossed and not reasons
    verdict = Verdict(
        note=note.call if note else "",
        record=record.call if record else "",
        lived=f"{note.lived} {note.agent}".strip() if note else "",
        recorded=f"{record.outcome} {differences.answered_by(record)}".strip() if record else "",
        logged=_logged(line) if line else "",
        apart_ms=apart,
        reasons=(*otherwise, *reasons),
        judgement="equal",
    )
    if not verdict.reasons:
        return verdict
    return replace(verdict, judgement="crossed" if crossed else "different")


def _logged(line: Logged) -> str:
    return f"{line.outcome} {line.agent}".strip()


def told(table: Table, *, every: bool = True) -> Iterator[str]:
    """Yield the table in lines a person reads; without `every` only what is not equal. The last line is the sum."""
    for one in table.verdicts:
        if every or one.judgement != "equal":
            sources = " | ".join(f"{text or '-':<20}" for text in (one.lived, one.recorded, one.logged))
            yield f"{one.judgement:<9} {one.record or one.note:<20} {sources} {one.most_apart_ms:6.1f} ms"
            yield from (f"          {reason}" for reason in one.reasons)
    counts = ", ".join(f"{count} {judgement}" for judgement, count in table.counts.items())
    yield f"{len(table.verdicts)} calls: {counts}; {table.edges} edges, at most {table.most_apart_ms:.1f} ms apart"
