"""What may be told of calls that were up, or dialled, while the switch was not there: its end has no witness but the street."""

from collections.abc import Sequence

from msgspec.structs import replace

from cctoolkit.cdr.records import CallRecord
from cctoolkit.lab.notes import Note
from cctoolkit.lab.reconcile import Table, Verdict
from tests.soak.ordeal import Down
from tests.soak.test_traffic_seeds import Happened

_SECOND = 1.0


def judged(table: Table, happened: Happened, downs: Sequence[Down], gaps: Sequence[tuple[float, float]]) -> Table:
    """Return the table with calls that a restart cut off, or kept out, held against what can be known of them; so are
    holds within a gap of the events.
    """
    notes = {note.call: note for note in happened.notes}
    records = {record.call: record for record in happened.records}
    kept = [one for one in table.verdicts if not _anonymous_pair(one, table, notes, records, downs)]
    return Table(
        tuple(
            _judged(_heard(one, notes.get(one.note), gaps), notes.get(one.note), records.get(one.record), downs)
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


def _heard(verdict: Verdict, note: Note | None, gaps: Sequence[tuple[float, float]]) -> Verdict:
    """Excuse a hold that nobody heard: queue_log has no line for it."""
    holds = [hold for leg in note.legs for hold in leg.holds] if note else []
    unheard = any(
        start <= hold.start.timestamp() <= end or (hold.end and start <= hold.end.timestamp() <= end)
        for hold in holds
        for start, end in gaps
    )
    excused = unheard and all(" holds, the record says " in reason for reason in verdict.reasons)
    return replace(verdict, judgement="crossed") if excused else verdict


def touched(note: Note, downs: Sequence[Down]) -> Down | None:
    """Return when the switch went away during a call, or while it was dialled."""
    if note.dialled is None:
        return None
    began, ended = note.dialled.timestamp(), (note.ended or note.dialled).timestamp()
    return next((one for one in downs if began <= one.end + _SECOND and ended >= one.start - _SECOND), None)


def _judged(verdict: Verdict, note: Note | None, record: CallRecord | None, downs: Sequence[Down]) -> Verdict:
    down = touched(note, downs) if note else None
    if note is None or down is None or verdict.judgement != "different":
        return verdict
    excused = _kept_out(note, down) if record is None else _cut_off(verdict, note, record, down)
    return replace(verdict, judgement="crossed") if excused else verdict


def _kept_out(note: Note, down: Down) -> bool:
    """Dialled while nobody was there to hear it: no source may know of it but the caller, who was never answered."""
    return (note.answered is None or not note.caller) and _dialled_meanwhile(note, down)


def _dialled_meanwhile(note: Note, down: Down) -> bool:
    return bool(note.dialled) and down.start - _SECOND <= note.dialled.timestamp() <= down.end + _SECOND


def _cut_off(verdict: Verdict, note: Note, record: CallRecord, down: Down) -> bool:
    """Up when the switch went: its end, and who caused it, nobody told, nor what phones did that were left ringing.
    Dialled meanwhile, it entered when the switch was there again. All else must be as for any call.
    """
    if record.entered.at / 1_000_000 >= down.start:
        return _dialled_meanwhile(note, down) and all(reason.startswith("entered: ") for reason in verdict.reasons)
    if record.ended and record.ended.at / 1_000_000 > down.end + _SECOND:
        return False
    untold = ["the caller ", "hung up by ", "ended: ", "queue_log: hung up by ", "phones rang: "]
    if any(leg.answered and leg.answered.timestamp() >= down.start for leg in note.legs):
        untold.append("answered: ")
    return all(reason.startswith(tuple(untold)) or " ends: " in reason for reason in verdict.reasons)
