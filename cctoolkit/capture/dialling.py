"""Whom a call rings, who is put through to it, and who leaves: dialling and bridges.

A party is put through when its channel and the caller's hear each other, through whatever Local channels lie between:
one that picks up and is asked for a confirmation first is not.
Source: DialBegin, DialEnd, BridgeEnter of docs.asterisk.org (Asterisk 22, AMI Events).
"""

from cctoolkit.ami.messages import Message
from cctoolkit.capture.channel import Channel, is_phone, number
from cctoolkit.capture.live import Live
from cctoolkit.capture.said import Kind, Said
from cctoolkit.capture.switchboard import Switchboard
from cctoolkit.cdr.records import Edge

_STATUS = {
    "BUSY": "busy", "NOANSWER": "no_answer", "CANCEL": "cancelled", "DONTCALL": "busy", "TORTURE": "busy",
    "CHANUNAVAIL": "failed", "CONGESTION": "failed", "INVALIDARGS": "failed",
}  # fmt: skip
LOCALS = 20
"""Local channels one behind another, at most."""


class Dialling(Switchboard):
    """Handlers of the events of dialling and of bridges."""

    def _on_dialbegin(self, event: Message, at: Edge) -> None:
        known = self._board.live_of(event.get("Uniqueid"))
        if known and known.queued and not known.foreign:
            # Whom a queue of ours rings, app_queue says itself.
            return
        dest = self._board.channels.get(event.get("DestUniqueid"))
        if dest and not event.get("Uniqueid"):
            self._placed(dest, event, at)
            return
        source, live = self._source(event, at)
        if source and not source.call and source.linked and event.get("Linkedid") == source.id:
            # An agent's phone, which begins no call while it dials feature codes, calls somebody.
            live = self._enters(source, event, at)
        if source is None or live is None:
            return
        if (id_ := event.get("DestUniqueid")) and (dest or id_ != source.id):
            dest = self._made(id_, event.get("DestChannel"), at, linked=False)
            self._dials(source, dest, live, event, at)

    def _placed(self, dest: Channel, event: Message, at: Edge) -> None:
        """Nobody dials it: the switch was told to call a phone directly, by no Local channel."""
        live, draft = self._board.lives.get(dest.call), self._calls.get(dest.call)
        if draft and live and live.foreign and live.entry == dest.id and not dest.local and not live.dialled:
            live.originated = dest.placed = True
            # Its caller's number is what the order says it shall show.
            dialled = draft.start.caller or event.get("DialString").rpartition("@")[0]
            self._rings(dest, live, "originate", dialled or number(event.get("DestCallerIDNum")), at)

    def _dials(self, source: Channel, dest: Channel, live: Live, event: Message, at: Edge) -> None:
        taken, dest.dialled_by = self._taken(dest, live), source.id
        if source.id == live.entry and not live.dialled and not live.originated:
            caller, dialled = number(event.get("CallerIDNum")), number(event.get("Exten"))
            self._tell(live.call, Said("caller", at, caller, number=dialled))
        if source.moved and source.id == live.anchor and not live.transferring:
            live.transferring = True
            self._tell(live.call, Said("transfer", at, detail="blind", number=number(event.get("Exten"))))
        if not dest.local:
            dest.phone = dest.phone or is_phone(dest, event.get("DialString"))
            how, dialled = "pickup" if taken else self._how(source, live), number(event.get("DestCallerIDNum"))
            dest.placed, dest.asked = how == "originate", how == "consult"
            if live.originated and how == "dial" and not live.talked:
                self._tell(live.call, Said("caller", at, detail="originated", number=dialled))
            self._rings(dest, live, how, dialled, at)

    def _rings(self, dest: Channel, live: Live, how: str, dialled: str, at: Edge) -> None:
        dest.party = live.dialled = True
        live.cancelled, live.rang_out, live.party_left, live.asked = False, False, 0, ""
        if dest.id not in live.talking:
            live.ringing[dest.id] = True
        self._tell(live.call, Said("rings", at, dest.endpoint, how, channel=dest.id, number=dialled))

    def _taken(self, dest: Channel, live: Live) -> bool:
        """Take what is dialled into the call; say whether it had come by itself, to pick the call up."""
        if dest.call == live.call:
            return False
        part = self._board.lives.get(dest.call)
        if part is None:
            self._board.join(dest, live)
            return False
        if part.foreign and part.entry == dest.id:
            self._absorb(part, live, "dial")
            return dest.linked
        return False

    def _how(self, source: Channel, live: Live) -> str:
        anchor = self._board.channels.get(live.anchor)
        if live.transferring:
            return "transfer"
        if live.originated and anchor and anchor.local and not self._goes_on(source, live):
            return "originate"
        if live.queued:
            return "queue"
        return "consult" if live.talked and anchor and anchor.bridge and source.id != live.anchor else "dial"

    def _goes_on(self, source: Channel, live: Live) -> bool:
        """Say whether the near half dials, through whatever Local channels: the phone on the far side answered, though
        nobody may have told yet that it was put through.
        """
        for _ in range(LOCALS):
            other = self._board.channels.get(source.other)
            if source.id == live.entry or other is None or other.id == live.entry:
                return source.id == live.entry
            source = self._board.channels.get(other.dialled_by) or other
        return False

    def _dial_ended(self, event: Message, at: Edge) -> None:
        dest, status = self._board.channels.get(event.get("DestUniqueid")), event.get("DialStatus")
        source = self._board.live_of(event.get("Uniqueid"))
        by = event.get("Uniqueid")
        if dest and not dest.over and source and source.anchor in self._board.connected(source, by):
            # A queue says it twice, of a member who rang out NOANSWER first.
            dest.over = True
            source.dialling_over(status)
        if dest is None or not dest.party:
            return
        live = self._board.lives.get(dest.call)
        if status == "ANSWER":
            dest.picked_up = True
            if live and live.anchor == dest.id and dest.id in live.ringing:
                self._put_through(live, dest.id, at, "talks")
        elif live and dest.id in live.ringing:
            del live.ringing[dest.id]
            given_up = status == "CANCEL" and not live.rang_out and all(one == live.anchor for one in live.talking)
            live.cancelled = live.cancelled or given_up
            detail = "not_connected" if dest.picked_up else _STATUS.get(status, "failed")
            self._tell(live.call, Said("stops", at, detail=detail, channel=dest.id))

    def _on_bridgeenter(self, event: Message, at: Edge) -> None:
        channel = self._board.channels.get(event.get("Uniqueid"))
        if channel:
            self._board.enter(channel, event.get("BridgeUniqueid"))
            self._connects(channel, at)

    def _connects(self, channel: Channel, at: Edge, kind: Kind = "talks") -> None:
        live = self._board.lives.get(channel.call)
        if live is None:
            return
        if channel.party or channel.id == live.anchor:
            live.party_left = 0
        if not live.ringing:
            return
        together = set(self._board.connected(live, channel.id))
        heard, asks = live.anchor in together, any(one in live.talking for one in together)
        for one in [one for one in live.ringing if one in together]:
            if heard or (asks and self._board.channels[one].asked):
                self._put_through(live, one, at, kind)

    def _put_through(self, live: Live, party: str, at: Edge, kind: Kind) -> None:
        del live.ringing[party]
        live.talking[party] = True
        self._occupied(party)
        channel = self._board.channels.get(party)
        if channel and channel.placed:
            live.anchor = party
        else:
            live.talked, live.transferring, live.queued, live.cancelled = True, False, False, False
        self._tell(live.call, Said(kind, at, channel=party))

    def _occupied(self, id_: str) -> None:
        """Until Asterisk 11 no hold is told by itself: a phone that talks and calls somebody has a caller on hold."""
        channel = self._board.channels.get(id_)
        if channel and channel.phone and not channel.linked:
            self._board.holding[channel.endpoint] = channel.id

    def _on_bridgeleave(self, event: Message, at: Edge) -> None:
        channel = self._board.channels.get(event.get("Uniqueid"))
        if channel is None:
            return
        live = self._board.lives.get(channel.call)
        rest = self._board.bridges.get(channel.bridge, {})
        if live and channel.id == live.anchor:
            together = self._board.connected(live, channel.id)
            channel.moved = any(one in live.talking for one in together if one != channel.id)
        elif live and channel.id in live.talking:
            self._parts(live, channel, at)
        channel.first = len(rest) > 1
        self._board.leave(channel, at.at)
