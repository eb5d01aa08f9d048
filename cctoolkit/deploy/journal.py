"""What the intent journal says: an apply is at work or was cut off, or its release waits to be confirmed.

A release that waits was read back, and is in force. Its deadline stands on the node, by the clock of the machine that
applied: whoever comes after it, from any machine, sees that the old release is to come back, and brings it back. It
counts from the node's own read-back until the run over all nodes is over, and from then on alike for all. A way back
from a release on trial keeps the deadline: cut off, it is owed, and nothing is confirmed by that.
"""

from datetime import UTC, datetime

from msgspec.structs import replace

from cctoolkit.deploy.terms import Terms
from cctoolkit.errors import Busy, Refused
from cctoolkit.node.transports import Intent

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def begun(terms: Terms, who: str, when: datetime, *, old: str, new: str, over: Intent | None) -> Intent:
    """Return what is about to be done, `over` what the journal holds; a rollback that is cut off is finished by the
    next one.
    """
    by = over.confirm_by if over else ""
    return Intent(old, new, who, when.isoformat(), terms.verb, terms.back_to or old, by)


def left(intent: Intent, terms: Terms, now: datetime) -> Intent | None:
    """Return what the journal holds once the release is in force and read back: None, or that it is to be confirmed."""
    if terms.trial is not None:
        # The release that waited is in a folder of its own again.
        return replace(terms.trial, new=intent.new)
    if terms.confirm_within is None:
        return None
    by = (now + terms.confirm_within).isoformat()
    return Intent(intent.old, intent.new, intent.who, intent.when, intent.verb, intent.old, by)


def waits(intent: Intent | None) -> bool:
    """Say whether a release waits to be confirmed, or did so in vain, or its way back has begun."""
    return intent is not None and bool(intent.confirm_by)


def overdue(intent: Intent, now: datetime) -> bool:
    """Say whether the time to confirm is over: at the deadline, and once the way back has begun."""
    return intent.verb != "apply" or now >= deadline(intent)


def same(one: Intent | None, other: Intent) -> bool:
    """Say whether two are of the same release on trial, whatever its deadline is by now."""
    return one is not None and replace(one, confirm_by=other.confirm_by) == other


def until(intent: Intent, by: datetime) -> Intent:
    """Return a trial with another deadline."""
    return replace(intent, confirm_by=by.isoformat())


def deadline(intent: Intent) -> datetime:
    """Return until when a trial waits; one that nobody can read is over."""
    try:
        by = datetime.fromisoformat(intent.confirm_by)
    except ValueError:
        return _LONG_AGO
    return by if by.tzinfo else _LONG_AGO


def told(intent: Intent, now: datetime) -> str:
    """Return what to tell about a journal that is not empty."""
    if not intent.new:
        return "an apply was cut off; its journal cannot be read"
    if not waits(intent):
        return f"the {intent.verb} of {intent.new} by {intent.who} at {intent.when[:19]}Z was cut off"
    if intent.verb != "apply":
        return f"the {intent.verb} by {intent.who} at {intent.when[:19]}Z is not done: {intent.back_to} is to come back"
    if overdue(intent, now):
        return (
            f"release {intent.new}, applied by {intent.who}, was not confirmed by {intent.confirm_by[:19]}Z: "
            f"{intent.back_to} is to come back"
        )
    return (
        f"release {intent.new}, applied by {intent.who}, waits to be confirmed until {intent.confirm_by[:19]}Z, "
        f"or {intent.back_to} comes back"
    )


def refuse(intent: Intent | None, terms: Terms, node: str, now: datetime) -> None:
    """Raise Refused for an apply over a release that waits to be confirmed; a rollback is the other answer. Raise Busy
    for one that comes after another answer.
    """
    if terms.answers is not None and intent != terms.answers:
        raise Busy("somebody else has answered this moment", where=f"node {node}",
                   next_step="cctoolkit history says what became of it")  # fmt: skip
    if intent is None or not waits(intent) or terms.verb != "apply":
        return
    next_step = "cctoolkit rollback puts it back" if overdue(intent, now) else "apply --confirm, or rollback"
    raise Refused(told(intent, now), where=f"node {node}", expected="an answer to it before the next apply",
                  next_step=f"{next_step}; nothing was changed")  # fmt: skip
