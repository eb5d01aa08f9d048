"""What the events of channels, bridges and transfers say of calls: whose they are, and who else takes part.

Calls of our own dialplan say themselves where they begin (marks.py); every other channel that no call made begins one.
Such a call is told when it has ended, since it may turn out to be a pick-up of another or the consultation before a
transfer. Events of before Asterisk 12 (Dial, Bridge, Link, Transfer) are read as what replaced them.
Source: docs.asterisk.org, Asterisk 22 and 11, AMI Events.
"""

from msgspec import Struct, field
from msgspec.structs import replace

from cctoolkit.ami.messages import Message
from cctoolkit.capture.board import Board
from cctoolkit.capture.channel import Channel, call_of, number, place_in
from cctoolkit.capture.draft import Draft
from cctoolkit.capture.leaving import REFUSED, TELLING, stayed, who_ended
from cctoolkit.capture.live import Live
from cctoolkit.capture.merge import Heard
from cctoolkit.capture.said import OF_PARTIES, OF_QUEUES, Said
from cctoolkit.cdr.records import CallRecord, Edge

_OURS = "cct-"
_SHUTDOWN = "4"
"""AST_SOFTHANGUP_SHUTDOWN of channel.h: SoftHangupRequest says this and no cause of Q.850."""
_CAUSES = {
    "17": "busy", "21": "busy", "18": "no_answer", "19": "no_answer", "16": "cancelled", "26": "cancelled",
    "0": "cancelled",
}  # fmt: skip


class Switchboard(Struct):
    """The half of the tracker that reads channels; the other half keeps the drafts."""

    node: str
    _board: Board = field(default_factory=Board)
    _calls: dict[str, Draft] = field(default_factory=dict)
    _epoch: int = 0

    def _of(self, call: str) -> Draft | None:
        raise NotImplementedError

    def _begin(self, call: str, draft: Draft) -> None:
        raise NotImplementedError

    def _forget(self, call: str) -> None:
        raise NotImplementedError

    def _tell(self, call: str, said: Said) -> None:
        if draft := self._of(call):
            draft.hear(said, self._epoch)

    def _call(self, channel: str) -> str:
        """Return the call of a channel; of one that nobody told of, the call that has its name."""
        known = self._board.channels.get(channel)
        if known and known.call:
            return known.call
        return channel if channel in self._calls else call_of(self.node, channel)

    # Channels

    def _made(self, id_: str, name: str, at: Edge, *, linked: bool = True) -> Channel:
        """Return a channel; its making may have been missed."""
        channel = self._board.channels.get(id_)
        if channel is None:
            channel = Channel(id_, name, at.at, self._epoch, linked=linked)
            self._board.add(channel)
        return channel

    def _on_newchannel(self, event: Message, at: Edge) -> None:
        linked, id_ = event.get("Linkedid"), event.get("Uniqueid")
        if not id_:
            return
        channel = Channel(id_, event.get("Channel"), at.at, self._epoch, linked=bool(linked))
        self._board.add(channel)
        if linked and linked != channel.id:
            if live := self._lives_by(linked):
                self._board.join(channel, live)
        elif not event.get("Context").startswith(_OURS) and not (channel.local and channel.other):
            self._enters(channel, event, at)
        elif not linked:
            self._pair(channel)

    def _pair(self, channel: Channel) -> None:
        if live := self._board.live_of(channel.other):
            self._board.join(channel, live)

    def _lives_by(self, linked: str) -> Live | None:
        """Return the call whose first channel has this id; it may have been heard of by queue_log alone."""
        if live := self._board.live_of(linked):
            return live
        call = self._call(linked)
        if live := self._board.whole(call):
            return live
        draft = self._calls.get(call)
        if draft is None or draft.ended:
            return None
        return self._board.lives.setdefault(call, Live(call, linked, linked, not draft.start.project))

    def _enters(self, channel: Channel, event: Message, at: Edge) -> Live:
        call = call_of(self.node, channel.id)
        # Of what the switch was told to place, the extension is whom it rings first: the caller.
        dialled, caller = "" if channel.local else number(event.get("Exten")), number(event.get("CallerIDNum"))
        start = CallRecord(call, self.node, "", "", "", dialled, caller, at)
        if call not in self._calls:
            self._begin(call, Draft(start, last=at.at, born=self._epoch, held_back=True))
        elif self._calls[call].start.entered.source == "cdr":
            self._calls[call].begin(start, self._epoch)
        live = self._board.lives[call] = Live(call, channel.id, channel.id, foreign=True)
        self._board.join(channel, live)
        other = self._board.live_of(self._board.holding.get(channel.endpoint, ""))
        live.beside, live.originated = (other.call if other else ""), channel.local
        return live

    def _source(self, event: Message, at: Edge) -> tuple[Channel | None, Live | None]:
        """Return the channel that dials or waits, and its call; its beginning may have been missed."""
        id_, linked = event.get("Uniqueid"), event.get("Linkedid")
        channel = self._board.channels.get(id_)
        if not id_ or (channel and channel.call):
            return channel, self._board.lives.get(channel.call) if channel else None
        live, unheard = self._lives_by(linked or id_), channel is None
        channel = self._made(id_, event.get("Channel"), at, linked=bool(linked))
        if live:
            self._board.join(channel, live)
        elif unheard and not event.get("Context").startswith(_OURS) and linked in ("", id_):
            live = self._enters(channel, event, at)
        return channel, live

    def _entered(self, event: Message, call: str, at: Edge) -> None:
        """Take the caller's channel into the call whose mark it has just sent."""
        id_ = event.get("Uniqueid")
        channel = self._made(id_, event.get("Channel"), at)
        live = self._board.lives.get(call)
        if live is None:
            live = self._board.lives[call] = Live(call, id_, id_, foreign=False)
        if channel.call != call:
            self._forget(channel.call)
        self._board.join(channel, live)

    def _ours(self, call: str, start: CallRecord, born: int) -> None:
        """Begin a call as its entry tells it, which makes it no foreign one where it is a project's."""
        self._calls[call].begin(start, born)
        if start.project and (live := self._board.lives.get(call)):
            live.foreign = False

    def _hung_up(self, event: Message, at: Edge) -> None:
        id_ = event.get("Uniqueid")
        live = self._board.live_of(id_)
        known = self._board.channels.get(id_)
        left, first, room = (known.left, known.first, known.room) if known else (0, False, "")
        channel = self._board.drop(id_)
        if channel is None or live is None:
            self._tell(self._call(id_), Said("hangup", at, detail=event.get("Cause")))
            return
        if room:
            # That it left its room is told by another topic of the switch, and may come later.
            self._tell(live.call, Said("stops", at, detail="no_answer", channel=place_in(room, id_)))
        if channel.party:
            self._stops(live, channel, at, event.get("Cause"))
        if live.entry and (id_ == live.anchor or not live.channels):
            # Of a channel of before a gap, what was told of its end may lie in it.
            told = channel.technology in self._board.telling and channel.epoch == self._epoch
            let_go = id_ == live.anchor and told and not live.asked_at
            who = who_ended(live, left or at.at, first=first, let_go=let_go)
            if live.abandoned and (let_go or stayed(live, who, at.at)):
                self._tell(live.call, Said("left", at, detail="timeout"))
            for one in live.guests:
                self._tell(live.call, Said("stops", at, channel=one))
            self._tell(live.call, Said("hangup", at, who, event.get("Cause")))
            self._consulted(live)

    def _consulted(self, live: Live) -> None:
        """A call that an agent made beside another, and nobody was transferred: it belongs to the agent's part, though
        the caller may have hung up meanwhile.
        """
        draft = self._calls.get(live.call)
        if live.foreign and draft and draft.told is None and live.beside in self._calls:
            if live.channels:
                # Of whoever still rings it is told that they stop, though the caller may be gone: that end is not here.
                self._board.absorb(
                    live, self._board.lives.setdefault(live.beside, Live(live.beside, "", "", foreign=True))
                )
            self._hand_over(live.call, live.beside, "consult")

    def _absorb(self, part: Live, whole: Live, how: str) -> None:
        """Make one call a part of another: who took part in it took part in that."""
        self._board.absorb(part, whole)
        self._hand_over(part.call, whole.call, how)

    def _hand_over(self, part: str, whole: str, how: str) -> None:
        """What was said of those who took part in one call is of another."""
        gone, into = self._calls.get(part), self._of(whole)
        if gone is None or into is None or gone is into:
            return
        kinds = OF_PARTIES if into.start.project else OF_PARTIES | OF_QUEUES
        into.take_in([_brought(one, how) for one in gone.heard if one.said.kind in kinds])
        gone.joined = whole
        self._forget(part)

    def _on_hanguprequest(self, event: Message, at: Edge) -> None:
        """The other end of a channel hung up; of one that is refused the switch may hear so that its refusal came."""
        id_ = event.get("Uniqueid")
        live, channel = self._board.live_of(id_), self._board.channels.get(id_)
        if channel and channel.technology in TELLING:
            self._board.telling[channel.technology] = True
        if channel and live and id_ == live.anchor:
            rung = any(one != id_ for one in live.ringing)
            waits = live.talking or rung or live.queued or not live.dialled
            if not waits and event.get("Cause") in REFUSED:
                return
            live.asked_at = at.at
            # A caller may leave whatever comes after a talk, too; half a Local channel only hands on what others ask.
            if waits or not (live.asked or channel.local):
                live.asked = "caller"
        elif live and not live.asked and id_ in live.talking and not live.transferring and self._last(live, id_):
            live.asked = "agent"

    def _on_softhanguprequest(self, event: Message, _at: Edge) -> None:
        """The switch lets a channel go: all of them when it is told to stop."""
        live = self._board.live_of(event.get("Uniqueid"))
        if live and event.get("Cause") == _SHUTDOWN:
            live.asked = live.asked or "switch"

    def _stops(self, live: Live, channel: Channel, at: Edge, cause: str) -> None:
        if live.ringing.pop(channel.id, False):
            detail = "not_connected" if channel.picked_up else _CAUSES.get(cause, "failed")
            self._tell(live.call, Said("stops", at, detail=detail, channel=channel.id))
        elif live.talking.pop(channel.id, False):
            self._parts(live, channel, at)
            self._tell(live.call, Said("stops", at, channel=channel.id))

    def _parts(self, live: Live, channel: Channel, at: Edge) -> None:
        """Take note of the moment the last party left whom the anchor talked with: who transferred it leaves before,
        and an anchor that was rung is no party.
        """
        if channel.id != live.anchor and self._last(live, channel.id):
            live.party_left = live.party_left or at.at

    def _last(self, live: Live, party: str) -> bool:
        """Say whether no other party talks to the anchor, or to one who asks it."""
        others = (self._board.channels.get(one) for one in live.talking if one not in (party, live.anchor))
        return not any(other and other.bridge for other in others)


def _brought(heard: Heard, how: str) -> Heard:
    """Return what was said of a party, with how it came into the call that its own turned out to be a part of."""
    if heard.said.kind not in ("rings", "met"):
        return heard
    return Heard(replace(heard.said, detail=how), heard.epoch)
