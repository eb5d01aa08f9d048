"""When a message says it happened, and when a channel's id says it began."""

import re

from cctoolkit.ami.messages import Message

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
