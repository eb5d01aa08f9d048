"""What an attempt to mail a message, or an operator's wish, makes of its note: pure."""

from collections.abc import Mapping

from msgspec.structs import replace

from cctoolkit.messages.notes import Again, Note
from cctoolkit.messages.relay import Refused

GIVEN_UP_SECONDS = 86400.0
"""An address that the relay refuses for good for so long is given up: by then a relay set up wrongly is mended."""

_AGAIN_SECONDS, _AGAIN_MOST_SECONDS = 60.0, 3600.0


def answered(note: Note, refused: Mapping[str, Refused], now: float) -> Note:
    """Return the note after the relay's answers: who has it, who is given up, and when to try the others."""
    since = {address: note.refused.get(address, now) for address, why in refused.items() if why.for_good}
    failed = {address for address, at in since.items() if now - at >= GIVEN_UP_SECONDS}
    for_good = all(why.for_good for why in refused.values())
    again = _AGAIN_MOST_SECONDS if for_good else _pause(note.tries - 1)
    return replace(
        note,
        mailed={**note.mailed, **{address: now for address in note.waiting if address not in refused}},
        refused={address: at for address, at in since.items() if address not in failed},
        failed={**note.failed, **dict.fromkeys(sorted(failed), now)},
        error="; ".join(f"{address}: {why.text}" for address, why in refused.items()),
        next_at=now + again if failed < refused.keys() else 0.0,
        drops=0,
    )


def unanswered(note: Note, error: str) -> Note:
    """Return the note, whose attempt was counted, after one that never reached the relay."""
    return replace(note, tries=note.tries - 1, error=error)


def dropped(note: Note, error: str, now: float) -> Note:
    """Return the note, whose attempt was counted, after a connection that ended in it."""
    return replace(unanswered(note, error), drops=note.drops + 1, next_at=now + _pause(note.drops))


def wished(note: Note, again: Again) -> Note:
    """Return the note with an operator's wish, once: those named get it, and nobody waits for who was given up."""
    if note.wished >= again.at:
        return note
    to = dict.fromkeys((*(address for address in note.to if address not in note.failed), *again.to))
    mailed = {address: at for address, at in note.mailed.items() if address not in again.to}
    return Note(tuple(to), again.at, mailed, whole=note.whole, edition=note.edition + 1, wished=again.at)


def _pause(before: int) -> float:
    return min(_AGAIN_SECONDS * 2.0 ** min(before, 10), _AGAIN_MOST_SECONDS)
