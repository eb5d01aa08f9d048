"""Transfers: one customer's call goes on with somebody else, and the transferer's second call becomes a part of it.

Source: BlindTransfer, AttendedTransfer of docs.asterisk.org (Asterisk 22, AMI Events). An attended transfer by keys is
one call all along; one by REFER is two, each with its own Linkedid until then.
"""

from msgspec.structs import replace

from cctoolkit.ami.messages import Message
from cctoolkit.capture.channel import endpoint, number, place_in
from cctoolkit.capture.dialling import LOCALS, Dialling
from cctoolkit.capture.live import Live
from cctoolkit.capture.moments import begun
from cctoolkit.capture.said import Said
from cctoolkit.cdr.records import Edge

_WAITING = frozenset({"Dial", "Queue", "AppDial", "AppDial2"})
"""Applications in which a second leg is when nobody has answered it."""


class Transfers(Dialling):
    """Handlers of the events of transfers."""

    def _on_blindtransfer(self, event: Message, at: Edge) -> None:
        if event.get("Result") not in ("Success", ""):
            return
        by = event.get("TransfererUniqueid")
        live = self._board.live_of(by) or self._lives_by(event.get("TransfererLinkedid") or by)
        if live is None:
            return
        live.transferring, live.queued = True, False
        if live.anchor == by:
            live.anchor = self._behind(live, self._heir(event.get("TransfereeUniqueid") or self._partner(by) or by))
        said = Said("transfer", at, endpoint(event.get("TransfererChannel")), "blind", number=event.get("Extension"))
        self._tell(live.call, said)

    def _partner(self, channel: str) -> str:
        known = self._board.channels.get(channel)
        members = self._board.bridges.get(known.bridge, {}) if known else {}
        return next((one for one in members if one != channel), "")

    def _heir(self, id_: str) -> str:
        """Return the channel that goes on in this one's place: until Asterisk 11 whoever is sent on is a new one."""
        channel = self._board.channels.get(id_)
        return channel.heir if channel and channel.heir in self._board.channels else id_

    def _behind(self, live: Live, id_: str) -> str:
        """Return whose phone half of a Local channel stands for: who is in the bridge of its other half."""
        for _ in range(LOCALS):
            near = self._board.channels.get(id_)
            far = self._board.channels.get(near.other) if near and near.local else None
            beside = [one for one in self._board.bridges.get(far.bridge, ()) if one != far.id] if far else []
            if not beside:
                break
            id_ = next((one for one in beside if one in live.talking), beside[0])
        return id_

    def _on_attendedtransfer(self, event: Message, at: Edge) -> None:
        if event.get("Result") not in ("Success", ""):
            return
        first, second = event.get("OrigTransfererUniqueid"), event.get("SecondTransfererUniqueid")
        here = self._board.live_of(first) or self._lives_by(event.get("OrigTransfererLinkedid") or first)
        there = self._board.live_of(second) or self._lives_by(event.get("SecondTransfererLinkedid") or second)
        kind = "blonde" if event.get("DestApp") in _WAITING else "attended"
        by, dialled = endpoint(event.get("OrigTransfererChannel")), number(event.get("SecondTransfererExten"))
        said = Said("transfer", at, by, kind, number=dialled)
        away, target = event.get("TransfereeUniqueid"), event.get("TransferTargetUniqueid")
        if here and there is None:
            self._takes_in(here, event, dialled)
        self._transfers(here, there, (first, second), (away, target), said)

    def _takes_in(self, live: Live, event: Message, dialled: str) -> None:
        """Take in to whom a call goes when the whole consultation lay in a gap."""
        id_, name = event.get("TransferTargetUniqueid"), event.get("TransferTargetChannel")
        rang, known = begun(id_), self._board.channels.get(id_)
        if rang is None or (known and known.call):
            return
        known = self._made(id_, name, rang)
        self._board.join(known, live)
        if not known.local:
            self._rings(known, live, "transfer", dialled, rang)

    def _transfers(
        self, here: Live | None, there: Live | None, by: tuple[str, str], ends: tuple[str, str], said: Said
    ) -> None:
        """Join the transferer's two calls, if one is theirs; two of others stay two, each transferred to the other."""
        if here and there and here is not there:
            mine, part = (there.foreign and there.entry == by[1]), (here.foreign and here.entry == by[0])
            if not mine and not part:
                self._crossed(here, there, said)
                return
            if not mine:
                here, there, ends = there, here, (ends[1], ends[0])
            ends = (ends[0], ends[1] or next(iter(there.talking), ""))
            self._absorb(there, here, "transfer")
        elif here and not ends[1]:
            known = (*by, ends[0], self._behind(here, ends[0]), here.anchor)
            ends = (ends[0], next((one for one in here.talking if one not in known), ""))
        live = here or there
        if live is None:
            return
        if ends[1] in live.ringing:
            # It answered in a gap: who only rings is sent a call on by what rings it, and not by a bridge.
            self._put_through(live, ends[1], said.at, "met")
        away, target = self._ends(live, by, ends)
        if live.anchor in by:
            live.anchor, live.asked = self._behind(live, away or live.anchor), ""
        # Who transfers hangs up; the caller may have, at this very moment.
        live.transferring, live.asked = not target, live.asked if live.asked == "caller" else ""
        for one in (target, *live.ringing):
            self._tell(live.call, Said("role", said.at, detail="transfer", channel=one))
        kind = said.detail if target or not live.ringing else "blonde"
        self._tell(live.call, replace(said, detail=kind, channel=target or self._seat(away) or self._seat(by[1])))

    def _seat(self, id_: str) -> str:
        """Return a channel's place in the room it is in: who is sent into one may be there before the event tells, or
        take the place of who asked there without a word.
        """
        channel = self._board.channels.get(id_)
        return place_in(channel.room, id_) if channel and channel.room else ""

    def _ends(self, live: Live, by: tuple[str, str], ends: tuple[str, str]) -> tuple[str, str]:
        """Return who was transferred and to whom, as far as the event says, else whoever else talks; behind a Local
        channel there is a phone.
        """
        away, target = ends
        if target and target not in live.talking:
            near, parties = set(self._board.connected(live, target)), (self._behind(live, target), *live.talking)
            others = (one for one in parties if one in live.talking and one not in (*by, away, live.anchor))
            target = next((one for one in others if one in near), "")
        away = away or next((one for one in live.talking if one not in (*by, target)), "")
        return away, target

    def _crossed(self, here: Live, there: Live, said: Said) -> None:
        for live, other in ((here, there), (there, here)):
            caller = self._board.channels.get(other.anchor)
            draft = self._calls.get(other.call)
            if caller and draft:
                live.guests[caller.id] = True
                known = draft.record.caller
                rings = Said("rings", said.at, caller.endpoint, "transfer", channel=caller.id, number=known)
                self._tell(live.call, rings)
                self._tell(live.call, Said("talks", said.at, channel=caller.id))
                self._tell(live.call, replace(said, channel=caller.id, number=known))
