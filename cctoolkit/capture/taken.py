"""Who has a call that an agent sent on: what events, lines of queue_log and lists tell of it, in whatever order.

Source: BlindTransfer, AttendedTransfer of docs.asterisk.org (Asterisk 22, AMI Events); BLINDTRANSFER,
ATTENDEDTRANSFER of its queue_log.
"""

from msgspec.structs import replace

from cctoolkit.capture.lines import SECOND
from cctoolkit.capture.party import changed, find, role
from cctoolkit.capture.said import Said
from cctoolkit.cdr.records import AgentLeg, CallRecord, Party, Transfer, TransferKind

_KINDS: dict[str, TransferKind] = {kind: kind for kind in ("blind", "attended", "blonde")}


def asked_first(record: CallRecord, said: Said) -> bool:
    """Say whether somebody talked to an agent who then sent the call on to whom they had asked."""
    last = record.transfers[-1] if record.transfers else None
    return last is not None and last.kind == "attended" and said.at.at <= last.at.at + SECOND


def took(record: CallRecord, party: Party, said: Said) -> CallRecord:
    """Return the record with the party as who took the call, if it was sent on and nobody is known to have."""
    if not record.transfers or record.transfers[-1].taken_by:
        return record
    last = record.transfers[-1]
    moved = replace(last, taken_by=party.endpoint, number=last.number or party.number)
    record = replace(record, transfers=(*record.transfers[:-1], moved))
    if party.how == "consult" or (party.how == "dial" and record.project):
        # It rang before the line that tells of the sending on, which knows the second only.
        record = role(record, replace(said, detail="transfer"))
    return record


def transfer(record: CallRecord, said: Said) -> CallRecord:
    """Return the record with a transfer that events tell of, or a list."""
    party = find(record, said.channel)
    dialled, taken_by = (party.number, party.endpoint) if party else ("", "")
    moved = Transfer(_KINDS.get(said.detail, "blind"), said.at, said.name, said.number or dialled, taken_by)
    last = record.transfers[-1] if record.transfers else None
    if said.at.source == "queue_status" and last and last.kind == moved.kind and last.taken_by in ("", taken_by):
        # A list only knows that it was; a line of the same knows the second.
        moved = replace(last, number=last.number or moved.number, taken_by=taken_by)
        return replace(record, transfers=(*record.transfers[:-1], moved))
    before = tuple(one for one in record.transfers if not _is_line_of(one, moved) and not _told_early(one, moved))
    return replace(record, transfers=(*before, moved))


def _is_line_of(one: Transfer, moved: Transfer) -> bool:
    """Say whether a line of queue_log, written to its second, has told of this transfer already, or a list."""
    near = -SECOND <= moved.at.at - one.at.at <= 2 * SECOND
    return one.at.source in ("queue_log", "queue_status") and near and (one.kind == "blind") == (moved.kind == "blind")


def _told_early(one: Transfer, moved: Transfer) -> bool:
    """Say whether a caller's dialling told of this transfer before its own event, which may come later."""
    near = 0 <= moved.at.at - one.at.at <= SECOND
    return near and moved.kind == one.kind == "blind" and not one.made_by and not one.taken_by


def sent_on(record: CallRecord, said: Said, leg: AgentLeg | None) -> CallRecord:
    """Return the record with the transfer that the line of an agent's end may tell of, unless the events did."""
    kind = _KINDS.get(said.detail)
    since = leg.answered.at if leg and leg.answered else said.at.at
    if kind is None or any(one.at.at >= since for one in record.transfers):
        return record
    # Of a queue of ours the log says the agent, of another one mostly the interface.
    made_by = f"PJSIP/{said.name}" if record.project else said.name if "/" in said.name else ""
    moved = Transfer(kind, said.at, made_by, said.number)
    # A list may have told already who talks with the caller since: then nobody knows when they answered. Who was asked
    # first is whom the agent talked to.
    there = [one for one in record.parties if one.outcome == "answered" and not one.ended and one.how != "queue"]
    met = [one for one in there if one.rang.at >= since and (kind == "attended" or one.answered is None)]
    if taker := next(reversed(met), None):
        record = changed(record, replace(taker, how="transfer"))
        moved = replace(moved, number=moved.number or taker.number, taken_by=taker.endpoint)
    return replace(record, transfers=(*record.transfers, moved))
