"""What may be told of calls that were up, or dialled, while the switch was not there: its end has no witness but the street."""

import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from msgspec.structs import replace

from cctoolkit.cdr.records import CallRecord
from cctoolkit.lab.differences import legs_of
from cctoolkit.lab.notes import Note
from cctoolkit.lab.reconcile import Table, Verdict
from tests.soak.ordeal import Down
from tests.soak.test_traffic_seeds import Happened

_SECOND = 1.0
_ON_ITS_WAY = 0.2


def judged(table: Table, happened: Happened, downs: Sequence[Down], gaps: Sequence[tuple[float, float]]) -> Table:
    """Return the table with calls that a restart cut off, or kept out, held against what can be known of them; so are
    holds within a gap of the events.
    """
    notes = {note.call: note for note in happened.notes}
    records = {record.call: record for record in happened.records}
    kept = [one for one in table.verdicts if not _anonymous_pair(one, table, notes, records, downs)]
    return Table(
        tuple(
            _judged(one, notes.get(one.note), records.get(one.record), downs, gaps)
            if one.judgement == "different"
            else one
            for one in kept
        )
    )


def _anonymous_pair(
    verdict: Verdict,
    table: Table,
    notes: dict[str, Note],
    records: dict[str, CallRecord],
    downs: Sequence[Down],
) -> bool:
    """Say whether a record without a note is that of an anonymous caller who dialled while the switch was away."""
    record = records.get(verdict.record)
    if verdict.note or record is None or record.caller:
        return False
    alone = (notes[one.note] for one in table.verdicts if one.note and not one.record)
    return any(not note.caller and touched(note, downs) for note in alone)


def _unheard(note: Note, gaps: Sequence[tuple[float, float]]) -> list[str]:
    """Return what is excused since nobody heard it, a hold and whom a caller was sent to: queue_log has no line for it."""
    moments = [moment for leg in note.legs for hold in leg.holds for moment in (hold.start, hold.end)]
    excuses = [" holds, the record says "] if _within(moments, gaps) else []
    begun = _within(_of_others(note), gaps)
    ends = [*(one.ended for leg in note.legs for one in leg.asked), *(one.ended for one in note.beyond)]
    if begun:
        excuses.append("untold transfers: ")
    if begun or _within(ends, gaps):
        # Whom an agent asked in vain is known to be of the caller's call when it is over.
        excuses.append("untold others: ")
    if _within([note.ended, *ends], gaps):
        excuses.append("the record says nobody")
    return excuses


def _within(moments: Iterable[datetime | None], gaps: Sequence[tuple[float, float]]) -> bool:
    """Say whether one of them is in a gap; what was on its way when it began is so too."""
    spans = [(start - _ON_ITS_WAY, end + _ON_ITS_WAY) for start, end in gaps]
    return any(start <= moment.timestamp() <= end for moment in moments if moment for start, end in spans)


def _of_others(note: Note) -> Iterator[datetime | None]:
    """Yield what began on other phones than those a queue rang: it was heard, or not."""
    for leg in note.legs:
        yield leg.sent.at if leg.sent else None
        for one in (*leg.asked, *note.beyond):
            yield from (one.rang, one.answered)


def is_away(record: CallRecord, downs: Sequence[Down]) -> bool:
    """Say whether a call entered while the switch was away, or had just come back."""
    at = record.entered.at / 1_000_000
    return any(one.start - _SECOND <= at <= one.end + 3 * _SECOND for one in downs)


def touched(note: Note, downs: Sequence[Down]) -> Down | None:
    """Return when the switch went away during a call, or while it was dialled."""
    if note.dialled is None:
        return None
    began, ended = note.dialled.timestamp(), (note.ended or note.dialled).timestamp()
    return next((one for one in downs if began <= one.end + _SECOND and ended >= one.start - _SECOND), None)


def _judged(
    verdict: Verdict,
    note: Note | None,
    record: CallRecord | None,
    downs: Sequence[Down],
    gaps: Sequence[tuple[float, float]],
) -> Verdict:
    if note is None:
        return verdict
    excuses = _unheard(note, gaps)
    left = [reason for reason in verdict.reasons if not any(excuse in reason for excuse in excuses)]
    down = touched(note, downs)
    if left and down is None:
        return verdict
    excused = not left or (down and (_kept_out(note, down) if record is None else _cut_off(left, note, record, down)))
    return replace(verdict, judgement="crossed") if excused else verdict


def _kept_out(note: Note, down: Down) -> bool:
    """Dialled while nobody was there to hear it: no source may know of it but the caller, who was never answered."""
    return (note.answered is None or not note.caller) and _dialled_meanwhile(note, down)


def _dialled_meanwhile(note: Note, down: Down) -> bool:
    return bool(note.dialled) and down.start - _SECOND <= note.dialled.timestamp() <= down.end + _SECOND


def _cut_off(reasons: Sequence[str], note: Note, record: CallRecord, down: Down) -> bool:
    """Up when the switch went: its end, and who caused it, nobody told, nor what phones did that were left ringing.
    Dialled meanwhile, it entered when the switch was there again, and who was not answered in time gave up, or was let go by
    a switch that stops: the street has no word for that. All else must be as for any call.
    """
    if record.entered.at / 1_000_000 >= down.start:
        late = ["entered: ", "hung up by the flow, the record says caller", *([] if note.answered else ["ended: "])]
        return _dialled_meanwhile(note, down) and all(reason.startswith(tuple(late)) for reason in reasons)
    if record.ended and record.ended.at / 1_000_000 > down.end + _SECOND:
        return False
    untold = ["the caller ", "hung up by ", "ended: ", "queue_log: hung up by ", "phones rang: "]
    if _within(_of_others(note), [(down.start - _SECOND, math.inf if down.killed else down.end + _SECOND)]):
        untold.append("untold ")
        reasons = [reason for reason in reasons if not _asked_alone(reason)]
    if any(leg.answered and leg.answered.timestamp() >= down.start for leg in note.legs):
        # The phone went on as if the switch were there.
        untold.append("answered: ")
        untold += [
            f"{leg.agent}: {len(leg.holds)} holds, "
            for leg in note.legs
            if leg.answered and leg.answered.timestamp() >= down.start
        ]
    waited = _wrapped_up(record, down)
    return all(
        reason.startswith(tuple(untold))
        or " ends: " in reason
        or (" ready: " in reason and reason.partition(" ")[0] in waited)
        for reason in reasons
    )


def _asked_alone(reason: str) -> bool:
    """Say whether the record knows whom an agent asked, and not that they were then sent the call."""
    if not reason.startswith("others: "):
        return False
    lived, _, told = reason.removeprefix("others: ").partition("; the record: ")
    return lived.replace("transfer ", "consult ") == told


def _wrapped_up(record: CallRecord, down: Down) -> set[str]:
    """Return whose wrap-up went on while the switch was away: its limit ends it as soon as the switch is back."""
    legs = [(leg.agent, leg.wrap_up_started, leg.wrap_up_ended) for leg in legs_of(record)]
    return {
        agent
        for agent, begun, ended in legs
        if begun and ended and begun.at / 1_000_000 <= down.end and ended.at / 1_000_000 >= down.start
    }
