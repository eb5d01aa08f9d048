"""What the tracker takes from the switch's own log of channels' events: a gap as if it had been heard.

Rows are folded by the handlers of the events they stand for, right before the first event after the gap. An event's row
is written a little before it, so at both ends of the gap there may be rows of what was heard: those change nothing.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from msgspec import field
from msgspec.structs import replace

from cctoolkit.ami.messages import Message
from cctoolkit.capture.channel_events import Happened, events, happened
from cctoolkit.capture.lines import SECOND, Line
from cctoolkit.capture.own_told import OwnTold
from cctoolkit.capture.said import Said

_EARLY_US, _NEAR_US = 5_000, 100_000
"""How long before its event a row is written: three milliseconds, and on a busy machine at the most."""

_SOON = 200
"""Within how many rows the end of a caller's channel stands whose phones have just been given up."""

_UNTOLD_CAUSE = "127"

_SAME = {
    "newchannel": "CHAN_START", "newstate": "ANSWER", "hangup": "HANGUP", "bridgeenter": "BRIDGE_ENTER",
    "bridgeleave": "BRIDGE_EXIT", "blindtransfer": "BLINDTRANSFER", "attendedtransfer": "ATTENDEDTRANSFER",
    "pickup": "PICKUP", "parkedcall": "PARK_START", "unparkedcall": "PARK_END",
}  # fmt: skip
_WHOSE = ("Uniqueid", "TransfererUniqueid", "OrigTransfererUniqueid", "TargetUniqueid", "ParkeeUniqueid")
_ONCE = frozenset({"BLINDTRANSFER", "ATTENDEDTRANSFER", "PICKUP", "PARK_START", "PARK_END"})


class ChannelTold(OwnTold):
    """The part of the tracker that reads rows of channels' events."""

    _waiting: list[Happened] = field(default_factory=list)
    """Rows of a gap, until something is heard after it."""
    _heard_until: int = 0
    """The newest event before it."""
    _folded: dict[str, int] = field(default_factory=dict)
    """What the last of them told, and when: the first events after the gap may tell it again."""

    def _take_events(self, lines: Iterable[Line], since: int) -> None:
        """Take the rows of a gap since a moment; none where nothing had been heard before."""
        found = (one for line in lines if since and (one := happened(line)))
        # One gap on the other, and nothing heard between them: the rows are read once.
        self._heard_until = min(since, self._heard_until) if self._waiting else since
        known = {(one.at, one.kind, one.uniqueid) for one in self._waiting}
        more = (o for o in found if o.at > since - _EARLY_US and (o.at, o.kind, o.uniqueid) not in known)
        self._waiting = sorted([*self._waiting, *more], key=lambda one: one.at)

    def _fold_waiting(self, at: int) -> None:
        """Fold the rows from before an event, the first after the gap; `at` is 0 for an entry of a list."""
        waiting, self._waiting = [one for one in self._waiting if not at or one.at < at], []
        for i, one in enumerate(waiting):
            if one.at > self._heard_until or not self._was_heard(one):
                self._happened(self._given_up(one, waiting, i))
                self.now = max(self.now, one.at)
            elif one.kind == "CHAN_START":
                # Of its being dialled there is no row.
                self._begun(one)
        self._folded = {_key(one.kind, one.uniqueid, one): one.at for one in waiting if one.at > self.now - _NEAR_US}

    def _repeats(self, event: Message, at: int) -> bool:
        """Say whether an event after the gap tells what a row has told."""
        if at > self.now + _NEAR_US:
            self._folded.clear()
        kind = _SAME.get(event.event.lower(), "")
        return any(self._folded.pop(_key(kind, event.get(name), event), 0) for name in _WHOSE)

    def _was_heard(self, one: Happened) -> bool:
        """Say whether a row from about the last event before the gap may be of what was heard."""
        channel = self._board.channels.get(one.uniqueid)
        if one.kind == "CHAN_START":
            return channel is not None or self._call(one.uniqueid) in self._calls
        return channel is None or one.kind in _ONCE or (one.kind == "BRIDGE_EXIT" and not channel.bridge)

    def _given_up(self, one: Happened, rows: Sequence[Happened], place: int) -> Happened:
        """Return a hangup with a cause that says why a phone stopped ringing: of what was given up the switch says 127,
        and the caller's own end, right before or after, whether the caller had gone.
        """
        if one.kind != "HANGUP" or one.more.get("hangupcause") != _UNTOLD_CAUSE:
            return one
        near = rows[max(0, place - _SOON) : place + _SOON]
        gone = any(_gave_up(two, one) for two in near if (two.kind, two.uniqueid) == ("HANGUP", one.linkedid))
        if gone and (live := self._board.live_of(one.uniqueid)):
            live.cancelled = True
        return replace(one, more=one.more | {"hangupcause": "26" if gone else "19"})

    def _happened(self, one: Happened) -> None:
        channel = self._board.channels.get(one.uniqueid)
        if channel is None and one.kind != "CHAN_START":
            return
        if channel and one.kind == "ANSWER":
            channel.picked_up = True
        if one.kind == "HANGUP":
            self._asked(one)
        if one.application == "AppQueue" and channel and channel.party:
            self._tell(channel.call, Said("role", one.edge, detail="queue", channel=channel.id))
        for event in events(one):
            handler: Callable[[Any, Message, Any], None] = getattr(type(self), f"_on_{event.event.lower()}")
            handler(self, self._completed(event), one.edge)
        if one.kind == "CHAN_START":
            self._begun(one)

    def _begun(self, one: Happened) -> None:
        """Take a channel that has been made as dialled, by the call it was made for; rows say no more of it."""
        channel = self._board.channels.get(one.uniqueid)
        if channel and not channel.call and (live := self._lives_by(one.uniqueid)):
            self._board.join(channel, live)
        live = self._board.lives.get(channel.call) if channel else None
        if channel is None or live is None or not live.foreign or one.uniqueid in (one.linkedid, live.entry):
            return
        source = self._board.channels.get(one.linkedid) or self._board.channels.get(live.anchor)
        if source and not channel.party and not channel.local and not channel.name.startswith("CB"):
            dialled = Message.of(f"Event: DialBegin\r\nDialString: {channel.endpoint.partition('/')[2]}",
                                 f"DestCallerIDNum: {one.number}", f"Exten: {one.number}")  # fmt: skip
            self._dials(source, channel, live, dialled, one.edge)

    def _asked(self, one: Happened) -> None:
        """Take note of who hung up, where the switch says so."""
        source, live = one.more.get("hangupsource"), self._board.live_of(one.uniqueid)
        for id_ in live.channels if live and source else ():
            if (channel := self._board.channels.get(id_)) and channel.name == source:
                self._on_hanguprequest(Message.of(f"Uniqueid: {id_}"), one.edge)

    def _completed(self, event: Message) -> Message:
        """Return an event with what other rows have told."""
        if event.event == "AttendedTransfer":
            first, second = (self._call(event.get(f"{one}TransfererUniqueid")) for one in ("Orig", "Second"))
            asked = self._calls.get(second) if second != first else None
            return Message.of(*event.lines, f"SecondTransfererExten: {asked.start.number if asked else ''}")
        if event.event == "UnparkedCall":
            taker = self._board.named(event.get("RetrieverChannel"))
            return Message.of(*event.lines, f"RetrieverUniqueid: {taker.id if taker else ''}")
        return event


def _gave_up(caller: Happened, phone: Happened) -> bool:
    """Say whether a caller's end is why a phone stopped; DIALSTATUS may not be there yet."""
    by_itself = caller.more.get("hangupsource") == caller.channel or caller.more.get("dialstatus") == "CANCEL"
    return by_itself and abs(caller.at - phone.at) < SECOND


def _key(kind: str, uniqueid: str, of: Happened | Message) -> str:
    bridge = of.more.get("bridge_id", "") if isinstance(of, Happened) else of.get("BridgeUniqueid")
    return f"{kind} {uniqueid} {bridge if kind.startswith('BRIDGE') else ''}"
