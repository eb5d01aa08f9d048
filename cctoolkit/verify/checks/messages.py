"""Messages: the node keeps what callers say, the relay takes mail for those who get it, and none waits too long."""

from collections.abc import Iterator

from cctoolkit.verify.checks import Evidence, Finding


def judge(evidence: Evidence) -> Iterator[Finding]:
    """One finding a step that records, one an address, and one for messages that wait."""
    seen = evidence.mailing
    if seen.unseen:
        yield Finding("messages", "recordings", False, seen.unseen)
    for step, kept in seen.kept.items():
        told = "what test calls said is on the node" if kept else "nothing of what test calls said is on the node"
        yield Finding("messages", f"{step}: recordings", kept, told)
    if seen.relay:
        yield Finding("messages", "the mail relay", False, seen.relay)
    if seen.unasked:
        # What it refuses shows all the same: as messages that wait, or were given up.
        yield Finding("messages", "the mail relay", True, seen.unasked)
    for address in () if seen.relay else seen.asked:
        why = seen.refused.get(address, "")
        yield Finding("messages", f"mail to {address}", not why, why or "the relay takes it")
    if seen.late:
        told = f"{seen.late} wait too long: is `cctoolkit messages send` running? See `cctoolkit messages`"
        yield Finding("messages", "messages to be mailed", False, told)
    if seen.failed:
        told = f"{seen.failed} given up for an address that is refused: see `cctoolkit messages`, and `messages resend`"
        yield Finding("messages", "messages that were mailed", False, told)
