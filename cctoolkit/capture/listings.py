"""What the switch answers when it is asked what is so now: its clock, its channels, the members of its queues."""

from msgspec import Struct, field

from cctoolkit.ami.messages import Message
from cctoolkit.capture.moments import moment
from cctoolkit.capture.seats import Seat, seats


class Listings(Struct):
    """Collects the entries of lists until their end. `clock` is the switch's when it was last asked, 0: never; it tells
    nothing of events: those of before may still come.
    """

    clock: int = 0
    _channels: set[str] = field(default_factory=set)
    _members: list[Message] = field(default_factory=list)

    def reply(self, message: Message) -> None:
        """Take an answer that is no list: that to Ping has the time."""
        if message.get("Ping"):
            self.clock = moment(message) or self.clock

    def entry(self, entry: Message) -> None:
        """Take an entry of CoreShowChannels or QueueStatus."""
        if entry.event.lower() == "queuemember":
            self._members.append(entry)
        else:
            self._channels.add(entry.get("Uniqueid"))

    def channels(self) -> set[str]:
        """Return the ids of all channels, at the list's end."""
        found, self._channels = self._channels, set()
        return found

    def seats(self) -> dict[str, Seat]:
        """Return each agent's seat, at the list's end."""
        found, self._members = self._members, []
        return seats(found)

    def cut_off(self) -> None:
        """Forget what came of lists that never end: the connection was lost."""
        self._channels.clear()
        self._members.clear()
