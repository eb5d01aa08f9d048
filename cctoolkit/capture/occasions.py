"""What happens to calls besides being dialled and transferred: pick-ups, conferences, parking, recordings, messages.

Source: Pickup, ConfbridgeJoin, ParkedCall, MixMonitorStart, VarSet of docs.asterisk.org (Asterisk 22, AMI Events).
"""

from cctoolkit.ami.messages import Message
from cctoolkit.capture import older
from cctoolkit.capture.channel import Channel, endpoint, number, place_in
from cctoolkit.capture.live import Live
from cctoolkit.capture.said import Said
from cctoolkit.capture.transfers import Transfers
from cctoolkit.cdr.records import Edge


class Occasions(Transfers):
    """Handlers of the rarer events of channels, and of those that older switches send."""

    def _on_pickup(self, event: Message, at: Edge) -> None:
        """Somebody's phone took the call that rang another: it had come by itself, and begins no call."""
        live = self._board.live_of(event.get("TargetUniqueid"))
        channel = self._board.channels.get(event.get("Uniqueid"))
        if live and channel:
            self._takes(channel, live, at, number(event.get("CallerIDNum")))

    def _takes(self, channel: Channel, live: Live, at: Edge, dialled: str) -> None:
        part = self._board.lives.get(channel.call)
        if part and part is not live and (draft := self._calls.get(part.call)):
            dialled = dialled or draft.start.caller
        if part is not live:
            if part and part.foreign and part.entry == channel.id:
                self._absorb(part, live, "dial")
            else:
                self._board.join(channel, live)
        if not channel.party:
            channel.phone = not channel.local
            self._rings(channel, live, "pickup", dialled, at)
            # They may be together already: which of the events comes first is chance.
            self._connects(channel, at)

    def _on_confbridgejoin(self, event: Message, at: Edge) -> None:
        """A call in a room is answered when somebody else is there."""
        channel, room = self._board.channels.get(event.get("Uniqueid")), event.get("Conference")
        if channel is None:
            return
        self._board.leave_room(channel)
        channel.room = room
        members = self._board.rooms.setdefault(room, {})
        members[channel.id] = True
        live = self._board.lives.get(channel.call)
        if live and self._sits_for(channel, live):
            self._tell(live.call, Said("rings", at, room, "conference", channel=place_in(room, channel.id)))
        if len(members) > 1:
            for one in members:
                if other := self._board.live_of(one):
                    self._tell(other.call, Said("talks", at, channel=place_in(room, one)))

    _on_meetmejoin = _on_confbridgejoin

    def _sits_for(self, channel: Channel, live: Live) -> bool:
        """Say whether a channel is in a room for the call's caller: theirs, or the near half of the Local channel by
        which the switch called them into it.
        """
        return channel.id == live.anchor or (channel.local and live.anchor in self._board.connected(live, channel.id))

    def _on_confbridgeleave(self, event: Message, at: Edge) -> None:
        channel = self._board.channels.get(event.get("Uniqueid"))
        if channel is None:
            return
        if live := self._board.lives.get(channel.call):
            place = place_in(event.get("Conference"), channel.id)
            self._tell(live.call, Said("stops", at, detail="no_answer", channel=place))
        self._board.leave_room(channel)

    _on_meetmeleave = _on_confbridgeleave

    def _on_parkedcall(self, event: Message, at: Edge) -> None:
        if live := self._parkee(event):
            by = endpoint(event.get("ParkerDialString") or event.get("From"))
            self._tell(live.call, Said("parked", at, event.get("ParkingSpace") or event.get("Exten"), by))
            if live.anchor not in self._board.channels or event.get("ParkerUniqueid") == live.anchor:
                live.anchor = self._behind(live, event.get("ParkeeUniqueid") or live.anchor)
            live.transferring = True

    def _on_unparkedcall(self, event: Message, at: Edge) -> None:
        live = self._parkee(event)
        if live is None:
            return
        by = event.get("RetrieverChannel") or event.get("From")
        self._tell(live.call, Said("unparked", at, endpoint(by), "retrieved"))
        # Until Asterisk 11 its name is all there is.
        known = event.get("RetrieverUniqueid")
        channel = self._board.channels.get(known) if known else self._board.named(by)
        if channel:
            self._takes(channel, live, at, number(event.get("RetrieverCallerIDNum")))

    def _on_parkedcalltimeout(self, event: Message, at: Edge) -> None:
        if live := self._parkee(event):
            self._tell(live.call, Said("unparked", at, detail="timed_out"))

    def _on_parkedcallgiveup(self, event: Message, at: Edge) -> None:
        if live := self._parkee(event):
            self._tell(live.call, Said("unparked", at, detail="gave_up"))

    def _parkee(self, event: Message) -> Live | None:
        return self._board.live_of(event.get("ParkeeUniqueid") or event.get("Uniqueid"))

    def _on_mixmonitorstart(self, event: Message, at: Edge) -> None:
        if live := self._board.live_of(event.get("Uniqueid")):
            self._tell(live.call, Said("records", at))

    _on_monitorstart = _on_mixmonitorstart

    def _on_mixmonitorstop(self, event: Message, at: Edge) -> None:
        if live := self._board.live_of(event.get("Uniqueid")):
            self._tell(live.call, Said("recorded", at))

    _on_monitorstop = _on_mixmonitorstop

    def _on_varset(self, event: Message, at: Edge) -> None:
        """Two variables say what no event of their own does: a recording's file, and that a message was left."""
        variable = event.get("Variable")
        if variable not in ("MIXMONITOR_FILENAME", "VMSTATUS"):
            return
        live, value = self._board.live_of(event.get("Uniqueid")), event.get("Value")
        if live and value and variable == "MIXMONITOR_FILENAME":
            self._tell(live.call, Said("records", at, value))
        elif live and value == "SUCCESS":
            self._tell(live.call, Said("message", at))

    # Asterisk 11 and before

    def _on_dial(self, event: Message, at: Edge) -> None:
        modern = older.dial(event)
        if modern.event == "DialBegin":
            self._on_dialbegin(modern, at)
        elif (live := self._board.live_of(modern.get("Uniqueid"))) and live.anchor == modern.get("Uniqueid"):
            status = modern.get("DialStatus")
            live.cancelled = live.cancelled or (status == "CANCEL" and not live.talking)
            live.dialling_over(status)

    def _on_bridge(self, event: Message, at: Edge) -> None:
        for modern in older.bridge(event):
            if modern.event == "BridgeEnter":
                self._on_bridgeenter(modern, at)
            else:
                self._on_bridgeleave(modern, at)

    def _on_masquerade(self, event: Message, at: Edge) -> None:
        """A channel takes another's place: it picks a ringing call up, or goes on elsewhere."""
        clone, original = (self._board.named(event.get(one)) for one in ("Clone", "Original"))
        if clone is None or original is None:
            return
        here, there = self._board.lives.get(clone.call), self._board.lives.get(original.call)
        if here and there and here is not there:
            if there.ringing.pop(original.id, False):
                self._tell(there.call, Said("stops", at, detail="cancelled", channel=original.id))
                self._takes(clone, there, at, number(event.get("CallerIDNum")))
            elif there.foreign:
                self._absorb(there, here, "transfer")
        self._board.swap(clone, original)
        self._connects(clone, at)

    _on_link = _on_unlink = _on_bridge

    def _on_transfer(self, event: Message, at: Edge) -> None:
        modern = older.transfer(event)
        if modern.event == "BlindTransfer":
            self._on_blindtransfer(modern, at)
        else:
            self._on_attendedtransfer(modern, at)
