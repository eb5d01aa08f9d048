"""The switchboard: which channels there are, whose call each belongs to, and who is connected with whom.

A channel joins its call when it is made, by its Linkedid, or when it is dialled or taken up; it never changes over
because two calls share a bridge (a conference, a barge): only a transfer, a pick-up and a consultation join calls.
Source: Newchannel, DialBegin, BridgeEnter of docs.asterisk.org (Asterisk 22, AMI Events).
"""

from collections.abc import Collection, Iterator

from msgspec import Struct, field

from cctoolkit.capture.channel import Channel, unhalved
from cctoolkit.capture.live import Live

MOST = 100_000
"""Channels remembered; what a hostile stream opens beyond that lets the oldest go."""

_PARTS = 20
"""Calls that are parts of one another, at most."""


class Board(Struct):
    """All that is so now."""

    channels: dict[str, Channel] = field(default_factory=dict)
    lives: dict[str, Live] = field(default_factory=dict)
    bridges: dict[str, dict[str, bool]] = field(default_factory=dict)
    halves: dict[str, str] = field(default_factory=dict)
    """Of Local channels whose other half has not come: name without the half -> id."""
    rooms: dict[str, dict[str, bool]] = field(default_factory=dict)
    """Conferences: name -> channels."""
    aliases: dict[str, str] = field(default_factory=dict)
    """Ids of channels that took another's place: as the switch says it -> as it is here."""
    wholes: dict[str, str] = field(default_factory=dict)
    """Calls that have become a part of another, whose name the switch goes on to give new channels -> that other."""
    telling: dict[str, bool] = field(default_factory=dict)
    """Technologies whose phones' hanging up is told (HangupRequest), of those that always do."""
    forgotten: int = 0
    """Channels beyond MOST."""
    holding: dict[str, str] = field(default_factory=dict)
    """Phones that have somebody on hold, come from a queue, or talk at an older switch: endpoint -> channel."""

    def add(self, channel: Channel) -> None:
        """Take note of a channel; a Local one finds its other half."""
        if len(self.channels) >= MOST:
            self.forgotten += 1
            self.drop(next(iter(self.channels)))
        self.channels[channel.id] = channel
        if not channel.local:
            return
        whole = unhalved(channel.name)
        other = self.channels.get(self.halves.pop(whole, ""))
        if other is None or other.id == channel.id:
            self.halves[whole] = channel.id
        else:
            channel.other, other.other = other.id, channel.id

    def drop(self, id_: str) -> Channel | None:
        """Forget a channel."""
        channel = self.channels.pop(id_, None)
        if channel is None:
            return None
        self.leave(channel, 0)
        self.leave_room(channel)
        if channel.local and self.halves.get(whole := unhalved(channel.name)) == id_:
            del self.halves[whole]
        if self.holding.get(channel.endpoint) == id_:
            del self.holding[channel.endpoint]
        if live := self.lives.get(channel.call):
            live.channels.pop(id_, None)
            if not live.channels:
                del self.lives[channel.call]
        return channel

    def live_of(self, id_: str) -> Live | None:
        """Return the call a channel is in."""
        channel = self.channels.get(id_)
        return self.lives.get(channel.call) if channel else None

    def join(self, channel: Channel, live: Live) -> None:
        """Take a channel into a call, and its other half if nobody told of it."""
        channel.call = live.call
        live.channels[channel.id] = True
        other = self.channels.get(channel.other) if channel.other else None
        if other and not other.call:
            self.join(other, live)

    def absorb(self, part: Live, whole: Live) -> None:
        """Take all channels of one call into another."""
        self.lives.pop(part.call, None)
        if len(self.wholes) >= MOST:
            del self.wholes[next(iter(self.wholes))]
        self.wholes[part.call] = whole.call
        for id_ in part.channels:
            if channel := self.channels.get(id_):
                self.join(channel, whole)
        whole.ringing.update(part.ringing)
        whole.talking.update(part.talking)

    def whole(self, call: str) -> Live | None:
        """Return a call, or the one it has become a part of."""
        for _ in range(_PARTS):
            if live := self.lives.get(call):
                return live
            call = self.wholes.get(call, "")
        return None

    def enter(self, channel: Channel, bridge: str) -> None:
        """Take note that a channel is in a bridge."""
        if channel.bridge and channel.bridge != bridge:
            self.leave(channel, 0)
        channel.bridge, channel.left, channel.moved = bridge, 0, False
        self.bridges.setdefault(bridge, {})[channel.id] = True

    def leave(self, channel: Channel, at: int) -> None:
        """Take note that it left."""
        members = self.bridges.get(channel.bridge)
        if members:
            members.pop(channel.id, None)
            if not members:
                del self.bridges[channel.bridge]
        channel.bridge, channel.left = "", at

    def leave_room(self, channel: Channel) -> None:
        """Take note that a channel left its conference."""
        members = self.rooms.get(channel.room)
        if members:
            members.pop(channel.id, None)
            if not members:
                del self.rooms[channel.room]
        channel.room = ""

    def connected(self, live: Live, id_: str) -> Iterator[str]:
        """Yield the channels of this call that hear each other, this one first: through bridges, and through the halves
        of Local channels.
        """
        found, ahead, bridges = {id_}, [id_], set[str]()
        yield id_
        while ahead:
            for one in self._beside(self.channels.get(ahead.pop()), bridges):
                if one in live.channels and one not in found:
                    found.add(one)
                    ahead.append(one)
                    yield one

    def _beside(self, channel: Channel | None, bridges: set[str]) -> Iterator[str]:
        """Yield who is in a channel's bridge, each bridge once, and its other half."""
        if channel and channel.bridge not in bridges:
            bridges.add(channel.bridge)
            yield from self.bridges.get(channel.bridge, ())
        if channel and channel.other:
            yield channel.other

    def named(self, name: str) -> Channel | None:
        """Return the channel of this name: older events say no id."""
        return next((channel for channel in self.channels.values() if channel.name == name), None)

    def swap(self, clone: Channel, original: Channel) -> None:
        """Let one channel take another's place and id, as Asterisk did until 11: its own id is the other's from now on,
        who is as good as gone.
        """
        clone.bridge, original.bridge = original.bridge, clone.bridge
        for one, other in ((clone, original), (original, clone)):
            if members := self.bridges.get(one.bridge):
                members.pop(other.id, None)
                members[one.id] = True
        original.heir = clone.id
        ids = {known: id_ for id_, known in self.aliases.items()}
        here, there = ids.get(clone.id, clone.id), ids.get(original.id, original.id)
        self.aliases[there], self.aliases[here] = clone.id, original.id

    def keep(self, listed: Collection[str], epoch: int) -> None:
        """Forget channels of before an epoch that the switch has no more."""
        there = {self.aliases.get(one, one) for one in listed}
        for id_, channel in list(self.channels.items()):
            if channel.epoch < epoch and id_ not in there:
                if live := self.lives.get(channel.call):
                    live.ringing.pop(id_, None)
                    live.talking.pop(id_, None)
                self.drop(id_)

    def sweep(self, before: int) -> None:
        """Forget channels born before a moment, of calls that nobody remembers."""
        for id_, channel in list(self.channels.items()):
            if channel.born < before and channel.call not in self.lives:
                self.drop(id_)
        self.wholes = {part: whole for part, whole in self.wholes.items() if self.whole(part)}
