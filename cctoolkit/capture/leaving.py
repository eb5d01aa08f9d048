"""Who ended a call, as its channels tell it: judged when the one it ends with is gone."""

from cctoolkit.capture.live import Live

REFUSED = frozenset({"17", "18", "19", "21", "34"})
"""Causes with which a call is refused."""
TELLING = frozenset({"PJSIP", "SIP", "IAX2"})
"""Technologies whose phones do not hang up without a HangupRequest, where events have not been left out."""
_STAYS_US = 500_000
"""How long after an abandon a caller is there who did not hang up."""


def stayed(live: Live, who: str, at: int) -> bool:
    """Say whether the caller was there a while after a plain queue had said that it was abandoned."""
    until = live.asked_at or (0 if who == "caller" else at)
    return until > live.abandoned + _STAYS_US


def who_ended(live: Live, left: int, *, first: bool, let_go: bool) -> str:
    """Say who ended a call whose anchor left at a moment: whoever talked with it and left before, itself while somebody
    talked or rang or it waited, else the dialplan; "" where nobody was ever dialled, or an older switch put both apart
    at once. `first`: something was still in its bridge; `let_go`: had it hung up, that would have been told.
    """
    if live.asked:
        return live.asked
    if live.party_left and not live.transferring:
        return "" if live.party_left == left else "agent" if live.party_left < left else "caller"
    rings = (live.ringing and not live.rang_out) or live.cancelled or live.queued
    if live.talking or live.guests or rings or (live.originated and not live.talked and first):
        return "flow" if let_go else "caller"
    return "flow" if live.dialled else ""
