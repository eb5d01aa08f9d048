"""One thing that one source said about a call: what events and lines of queue_log are translated to.

Both sources say the same things in the same order, so a call is folded from what was said, whoever said it.
"""

from typing import Literal

from msgspec import Struct

from cctoolkit.cdr.records import Edge, Source

_MOST_DIGITS = 11

LOGGED: frozenset[Source] = frozenset({"queue_log", "cdr", "cel"})
"""What the switch writes for itself: it tells no hold, and an event of the same moment is believed instead."""

Kind = Literal[
    "step", "out", "up", "join", "offer", "missed", "cancelled", "silenced", "connect", "complete", "left",
    "wrapup", "ready", "end", "hangup", "hold", "unhold", "exit", "caller", "rings", "talks", "met", "stops", "holds",
    "unholds", "role", "transfer", "records", "recorded", "parked", "unparked", "message", "score", "origin", "joined",
    "passes", "continues",
]  # fmt: skip
"""step, out, wrapup, ready, end: our marks. up: the channel was answered. join, left: a queue. offer, missed, connect,
complete: an agent's phone rings, stops, is answered, has talked (of queue_log also: blind or attended, sent the caller
on). cancelled: of queue_log alone, the caller left while it rang. silenced: of events alone, the caller left or another
agent answered. hangup: the channel is gone. hold, unhold: an agent's phone puts the caller on hold and takes them back.
exit: left a queue, nobody said how. rings, talks, stops, holds, unholds, role: of another party's channel (parties.py);
met: it was put through in a gap (consult: to the agent who asked). caller: who calls, and what was dialled. transfer;
records, recorded; parked, unparked; message: left one; score: in a survey; origin: the call that is called back;
joined: the call is a part of another. passes, continues: to and from another node (marks.py).
"""

OF_PARTIES = frozenset({"rings", "talks", "met", "stops", "holds", "unholds", "role", "records", "recorded"})
"""What goes over to another call when this one turns out to be a part of it."""

OF_QUEUES = frozenset({"join", "offer", "missed", "silenced", "connect", "complete", "left", "exit", "hold", "unhold"})
"""What goes over with it where that is no project's call: whom a phone asked may have been a queue."""

EVENTS_ALONE = OF_PARTIES | {
    "offer", "silenced", "hangup", "hold", "unhold", "exit", "caller", "transfer", "parked", "unparked", "message",
    "joined",
}  # fmt: skip
"""What queue_log has no line for, or not always; an offer follows from how long it rang."""

AGENTS_OWN = frozenset({"wrapup", "ready"})
"""What other channels than the caller's say: its order against the rest may differ between the sources."""


class Said(Struct, frozen=True):
    """`name` is the step, the queue (its id) or the agent; `detail` the outcome, the cause, or who hung up."""

    kind: Kind
    at: Edge
    name: str = ""
    detail: str = ""
    rang_us: int = 0
    """How long the phone had rung, of missed, cancelled, silenced and connect; how long the caller waited, of left."""
    channel: str = ""
    """The unique id of the other party's channel."""
    number: str = ""

    def same(self, other: "Said") -> bool:
        """Say whether two sources may mean the same by it, their moments apart."""
        return self.kind == other.kind and self.name == other.name and (
            self.kind not in ("step", "out") or self.detail == other.detail
        )  # fmt: skip


def seconds(text: str) -> int:
    """Return a moment in whole seconds since the epoch, 0 for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS else 0


def digits(text: str) -> int:
    """Return a number of the switch's, 0 for anything else: a cause, a time to ring."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
