"""What can differ where an agent's phone sent its caller on, or asked somebody beside: see differences.py."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from cctoolkit.cdr.records import CallRecord, Edge, Party
from cctoolkit.lab.notes import Note
from cctoolkit.lab.phone_legs import PhoneLeg

_Transfers = tuple[tuple[str, str, str, str], ...]
"""Who sent the call on, how, where to, and who took it."""


def differences(note: Note, record: CallRecord) -> Iterator[str]:
    """The call was sent on otherwise than the record says, or others were asked, or heard it."""
    if not note.legs_known:
        return
    seen, told = tuple(_sent(note)), tuple(_told(record))
    if seen != told:
        kind = "untold transfers" if _less(told, seen) else "transfers"
        yield f"{kind}: {seen or 'none'}, the record: {told or 'none'}"
    for ghost in {_name(party.endpoint) for party in record.parties if party.how == "dial"} & {
        one.agent for one in note.legs
    }:
        yield f"others: the queue's phone {ghost}, told as dialled by itself"
    rang = Counter((how, one.agent, bool(one.answered)) for how, one in _others(note))
    others = [party for party in record.parties if _agent(party)]
    parties = Counter((str(party.how), _agent(party), party.outcome == "answered") for party in others)
    # Whom an agent asked as their caller hung up may be told of that call, or of none.
    late = Counter(
        ("consult", one.agent, bool(one.answered)) for leg in note.legs for one in leg.asked if _is_late(leg, one)
    )
    if parties not in (rang, rang - late):
        known = parties - Counter((str(one.how), _agent(one), False) for one in others if one.outcome == "unfinished")
        less = known <= rang and len(others) <= rang.total()
        yield f"{'untold others' if less else 'others'}: {_listed(rang)}; the record: {_listed(parties)}"


def _is_late(leg: PhoneLeg, asked: PhoneLeg) -> bool:
    return leg.ended is not None and asked.rang > leg.ended


def _less(told: _Transfers, seen: _Transfers) -> bool:
    """Say whether the record only knows less: queue_log has neither who took a call nor, asked first, the number."""
    return not told or (
        len(told) == len(seen)
        and all(
            word in ("", known)
            for one, other in zip(told, seen, strict=True)
            for word, known in zip(one, other, strict=True)
        )
    )


def edges(note: Note, record: CallRecord) -> Iterator[tuple[str, Edge | None, datetime | None]]:
    """Yield (name, the record's edge, the street's moment) of transfers and of those who took part in them."""
    sent = [leg.sent for leg in note.legs if leg.sent]
    if not note.legs_known:
        return
    for count, (one, transfer) in enumerate(zip(sent, record.transfers, strict=False), start=1):
        yield f"transfer {count}", transfer.at, one.at
    left = [leg for _, leg in _others(note)]
    for party in record.parties:
        leg = next((one for one in left if one.agent == _agent(party)), None)
        if leg:
            left.remove(leg)
            yield f"{leg.agent} beside rings", party.rang, leg.rang
            yield f"{leg.agent} beside answers", party.answered, leg.answered
            yield f"{leg.agent} beside ends", party.ended, leg.ended


def _sent(note: Note) -> Iterator[tuple[str, str, str, str]]:
    for leg in note.legs:
        if leg.sent:
            to = leg.asked if leg.sent.asked else note.beyond
            taken_by = next((one.agent for one in to if one.answered), "")
            yield leg.agent, "attended" if leg.sent.asked else "blind", leg.sent.number, taken_by


def _told(record: CallRecord) -> Iterator[tuple[str, str, str, str]]:
    for one in record.transfers:
        yield _name(one.made_by), one.kind, one.number, _name(one.taken_by)


def _others(note: Note) -> list[tuple[str, PhoneLeg]]:
    """Return how each took part, in the words of a record, and its leg."""
    asked = [("transfer" if leg.sent else "consult", one) for leg in note.legs for one in leg.asked]
    return [*asked, *(("transfer", one) for one in note.beyond)]


def _agent(party: Party) -> str:
    return _name(party.endpoint) if party.how in ("transfer", "consult") else ""


def _name(endpoint: str) -> str:
    return endpoint.removeprefix("PJSIP/")


def _listed(counts: Counter[tuple[str, str, bool]]) -> str:
    named = (
        f"{how} {agent}{'' if answered else ', not answered'}" for how, agent, answered in sorted(counts.elements())
    )
    return "; ".join(named) or "nobody"
