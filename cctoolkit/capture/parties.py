"""Who else took part in a call, where it was transferred, parked and recorded: what each thing said does to the record.

A party is told apart by its channel's unique id. Source: DialBegin, DialEnd, BridgeEnter, BlindTransfer,
AttendedTransfer, ParkedCall, MixMonitorStart of docs.asterisk.org (Asterisk 22, AMI Events).
"""

from collections.abc import Callable

from msgspec.structs import replace

from cctoolkit.capture import holds
from cctoolkit.capture.party import HOW, changed, find, role
from cctoolkit.capture.said import LOGGED, Said, digits
from cctoolkit.capture.taken import asked_first, took, transfer
from cctoolkit.cdr.records import (
    CallRecord,
    Hold,
    Parking,
    Party,
    PartyOutcome,
    Recording,
)

Fold = Callable[[CallRecord, Said], CallRecord]

_OUTCOMES: dict[str, PartyOutcome] = {
    outcome: outcome for outcome in ("busy", "no_answer", "cancelled", "failed", "not_connected")
}


def _rings(record: CallRecord, said: Said) -> CallRecord:
    how = HOW.get(said.detail, "dial")
    if how == "dial" and record.project and record.transfers and not record.transfers[-1].taken_by:
        how = "transfer"  # that an agent sent the call on was told by queue_log alone
    known = find(record, said.channel)
    if known is None:
        # Our phones and trunks have no number of their own, and say 0.
        dialled = "" if record.project and said.number == "0" else said.number
        if how == "originate":
            record = replace(record, caller=record.caller or dialled)
        party = Party(said.channel, said.name, dialled, how, said.at)
        return replace(record, parties=tuple(sorted((*record.parties, party), key=lambda one: one.rang.at)))
    if known.outcome != "answered" and known.ended is not None:
        # A blonde transfer takes its dialling from the one who left, and goes on with it.
        known = replace(known, ended=None, outcome="unfinished")
    return changed(record, replace(known, how=how) if how == "pickup" else known)


def _talks(record: CallRecord, said: Said) -> CallRecord:
    party = find(record, said.channel)
    if party is None or party.outcome == "answered":
        return record
    # Whom an agent asked meets the agent, and not the caller.
    met = said.kind == "met" and said.detail != "consult"
    # Of what happened in a gap nobody knows when.
    answered = said.at if said.kind == "talks" else None
    record = changed(record, replace(party, answered=answered, outcome="answered", ended=None))
    if party.how == "originate":
        return replace(record, caller=party.number or record.caller)
    if party.how != "consult" or met or asked_first(record, said):
        record = took(record, party, said)
    return record if record.project else replace(record, outcome="answered")


def _stops(record: CallRecord, said: Said) -> CallRecord:
    party = find(record, said.channel)
    if party is None or party.ended:
        return record
    if party.outcome != "answered":
        return changed(record, replace(party, ended=said.at, outcome=_OUTCOMES.get(said.detail, "failed")))
    return changed(record, replace(_unheld(party, said), ended=said.at))


def _unheld(party: Party, said: Said) -> Party:
    return replace(party, holds=holds.closed(party.holds, said.at, whole=said.at.source not in LOGGED))


def _holds(record: CallRecord, said: Said) -> CallRecord:
    """Its phone holds the caller, or takes them back."""
    party = find(record, said.channel)
    if party is None or party.outcome != "answered" or party.ended:
        return record
    if said.kind == "unholds":
        return changed(record, _unheld(party, said))
    if party.holds and party.holds[-1].end is None:
        return record
    return changed(record, replace(party, holds=(*party.holds, Hold(said.at))))


def _caller(record: CallRecord, said: Said) -> CallRecord:
    if said.detail == "originated":
        return replace(record, number=record.number or said.number)
    return replace(record, caller=said.name or record.caller, number=record.number or said.number)


def _records(record: CallRecord, said: Said) -> CallRecord:
    """A start, or the name of what has just been started: two events, in either order."""
    last = record.recordings[-1] if record.recordings else None
    if last and last.end is None and (not last.file or not said.name or last.file == said.name):
        known = replace(last, file=last.file or said.name)
        return replace(record, recordings=(*record.recordings[:-1], known))
    return replace(record, recordings=(*record.recordings, Recording(said.at, None, said.name)))


def _recorded(record: CallRecord, said: Said) -> CallRecord:
    ended = [one if one.end else replace(one, end=said.at) for one in record.recordings]
    return replace(record, recordings=tuple(ended))


def _parked(record: CallRecord, said: Said) -> CallRecord:
    return replace(record, parkings=(*record.parkings, Parking(said.name, said.at, said.detail)))


def _unparked(record: CallRecord, said: Said) -> CallRecord:
    if not record.parkings or record.parkings[-1].end:
        return record
    last = record.parkings[-1]
    if said.detail == "timed_out":
        last = replace(last, end=said.at, outcome="timed_out")
    elif said.detail == "gave_up":
        last = replace(last, end=said.at, outcome="gave_up")
    else:
        last = replace(last, end=said.at, outcome="retrieved", taken_by=said.name)
    return replace(record, parkings=(*record.parkings[:-1], last))


def over(record: CallRecord, said: Said) -> CallRecord:
    """Return the record with what goes on no longer than its call ended."""
    return _unparked(_recorded(record, said), replace(said, detail="gave_up"))


def _message(record: CallRecord, _said: Said) -> CallRecord:
    return replace(record, outcome="message") if record.outcome == "unfinished" else record


def _score(record: CallRecord, said: Said) -> CallRecord:
    known = said.detail.isascii() and said.detail.isdecimal() and len(said.detail) < 5
    return replace(record, score=int(said.detail)) if known else record


def _origin(record: CallRecord, said: Said) -> CallRecord:
    return replace(record, origin=said.detail)


def _joined(record: CallRecord, said: Said) -> CallRecord:
    return replace(record, joined=said.detail)


def _passes(record: CallRecord, said: Said) -> CallRecord:
    return replace(record, passed_to=said.detail)


def _continues(record: CallRecord, said: Said) -> CallRecord:
    return replace(record, continues=said.name, hop=digits(said.detail))


FOLDS: dict[str, Fold] = {
    "rings": _rings,
    "role": role,
    "talks": _talks,
    "met": _talks,
    "stops": _stops,
    "holds": _holds,
    "unholds": _holds,
    "transfer": transfer,
    "caller": _caller,
    "records": _records,
    "recorded": _recorded,
    "parked": _parked,
    "unparked": _unparked,
    "message": _message,
    "score": _score,
    "origin": _origin,
    "joined": _joined,
    "passes": _passes,
    "continues": _continues,
}
