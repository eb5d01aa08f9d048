"""What the switch answers when it is asked what is so now: its clock, its channels, the members of its queues."""

from collections.abc import Sized

from msgspec import Struct, field

from cctoolkit.ami.messages import Message
from cctoolkit.capture.moments import moment
from cctoolkit.capture.seats import Seat, seats

MOST = 100_000
"""Entries of one list; no switch has so many channels or members."""

MOST_WAITING = 10_000
"""Entries that wait for the rest of their list; what a hostile list has beyond that is taken as it comes."""

LONG = 4096
"""Characters; an entry has some hundreds."""


class Listings(Struct):
    """Collects the entries of lists until their end. `clock` is the switch's when it was last asked, 0: never; it tells
    nothing of events: those of before may still come. `too_long` counts lists of more than MOST entries.
    """

    clock: int = 0
    too_long: int = 0
    _channels: dict[str, str] = field(default_factory=dict)
    _waiting: list[Message] = field(default_factory=list)
    _members: list[Message] = field(default_factory=list)

    def reply(self, message: Message) -> bool:
        """Take an answer that is no list; say whether it told the time, as that to Ping does."""
        told = moment(message) if message.get("Ping") else None
        self.clock = told or self.clock
        return bool(told)

    def entry(self, entry: Message) -> None:
        """Take an entry of CoreShowChannels or QueueStatus."""
        if entry.event.lower() == "queuemember":
            if len(self._members) <= MOST:
                self._members.append(entry)
        elif len(self._channels) <= MOST:
            self._channels[entry.get("Uniqueid")] = entry.get("Linkedid")

    def channels(self) -> dict[str, str] | None:
        """Return the Linkedid of each channel, by its id, at the list's end; None when it had too many to tell."""
        found, self._channels = self._channels, {}
        return None if self._is_too_long(found) else found

    def wait(self, entry: Message) -> bool:
        """Keep a channel's entry until all have come; say whether there was room for it."""
        room = len(self._waiting) < MOST_WAITING and len(entry.text) < LONG
        if room:
            self._waiting.append(entry)
        return room

    def waiting(self) -> list[Message]:
        """Return what was kept so."""
        found, self._waiting = self._waiting, []
        return found

    def seats(self) -> dict[str, Seat] | None:
        """Return each agent's seat, at the list's end; None when it had too many to tell."""
        found, self._members = self._members, []
        return None if self._is_too_long(found) else seats(found)

    def _is_too_long(self, found: Sized) -> bool:
        self.too_long += len(found) > MOST
        return len(found) > MOST

    def cut_off(self) -> None:
        """Forget what came of lists that never end: the connection was lost."""
        self._channels.clear()
        self._waiting.clear()
        self._members.clear()
