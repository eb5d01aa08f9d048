"""Who takes part in a call: its parties, each told apart by its channel's unique id."""

from msgspec.structs import replace

from cctoolkit.capture.said import Said
from cctoolkit.cdr.records import CallRecord, Party, PartyHow

HOW: dict[str, PartyHow] = {
    how: how for how in ("dial", "queue", "pickup", "transfer", "consult", "originate", "conference")
}
"""What brought a party into a call."""


def find(record: CallRecord, channel: str) -> Party | None:
    """Return the party of this channel."""
    return next((party for party in record.parties if party.channel == channel), None)


def changed(record: CallRecord, party: Party) -> CallRecord:
    """Return the record with this party as it is now."""
    parties = [party if one.channel == party.channel else one for one in record.parties]
    return replace(record, parties=tuple(parties))


def role(record: CallRecord, said: Said) -> CallRecord:
    """Return the record with what brought a party into the call told otherwise."""
    party = find(record, said.channel)
    return changed(record, replace(party, how=HOW.get(said.detail, party.how))) if party else record
