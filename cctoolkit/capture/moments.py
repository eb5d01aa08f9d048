"""When a message says it happened, and when a channel's id says it began."""

import re

from msgspec import Struct

from cctoolkit.ami.messages import Message
from cctoolkit.cdr.records import Edge

_LATEST = 1 << 60
_LISTED = frozenset({"coreshowchannel", "coreshowchannelscomplete", "queuemember", "queuestatuscomplete"})
"""Entries of lists that were asked for; they have no moment of their own."""


def moment(message: Message) -> int | None:
    """Return its moment in microseconds, None when it should have one; 0, which is no news, for entries of a list."""
    try:
        at = message.timestamp_us
    except ValueError:  # A number of thousands of digits.
        return None
    if at is None:
        return 0 if message.event.lower() in _LISTED else None
    return at if at < _LATEST else None


def born(channel: str) -> int:
    """Return the second in which a channel was made, from its id `<systemname>-<second>.<count>`; 0: another form."""
    text = channel.rpartition(".")[0].rpartition("-")[2]
    return int(text) if re.fullmatch("[0-9]{10}", text) else 0


def begun(channel: str) -> Edge | None:
    """Return the second in which a listed channel was made; None when its id does not say."""
    second = born(channel)
    return Edge(second * 1_000_000, "queue_status") if second else None


class Clock(Struct):
    """Gives a moment to events that have none. `newest` is the last one given: they stay in order, and apart."""

    newest: int = 0

    def edge(self, event: Message, received: int) -> Edge | None:
        """Return when the event's bytes came (`received`, microseconds); of a transcript, which does not say, the
        newest second any channel was made in; None before the first one.
        """
        at = received or born(event.get("Uniqueid")) * 1_000_000
        self.newest = max(at, self.newest + 1)
        if self.newest < 1_000_000:
            return None
        return Edge(self.newest, "received" if received else "sequence")
