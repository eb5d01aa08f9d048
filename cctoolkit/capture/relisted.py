"""What the tracker takes from the list of channels that the switch gives after a gap: what is over, and what is new.

An entry says of a channel what it does now, with whom it is bridged, and by its Linkedid whose call it belongs to by
now: who was sent on in the gap has the caller's, and no longer that of the call in which an agent asked them first.
Source: CoreShowChannels of docs.asterisk.org (Asterisk 22, AMI Actions).
"""

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from operator import itemgetter

from cctoolkit import marks
from cctoolkit.ami.messages import Message
from cctoolkit.capture.channel import Channel, endpoint, number
from cctoolkit.capture.channel_told import ChannelTold
from cctoolkit.capture.lines import SECOND
from cctoolkit.capture.live import Live
from cctoolkit.capture.moments import begun, born
from cctoolkit.capture.said import Said
from cctoolkit.cdr.records import Edge

_DIALS = frozenset({"Dial", "AppDial"})
"""Who calls somebody, and who is called: whose call that is may stand further down the list."""

_UNTOLD = "?"
"""Until Asterisk 11 an entry says nothing of bridges."""


class Relisted(ChannelTold):
    """Handlers of the list's entries and of its end."""

    def _on_coreshowchannel(self, event: Message, _at: Edge) -> None:
        self._listings.entry(event)
        stranger = self._board.live_of(event.get("Uniqueid")) is None and event.get("Application") in _DIALS
        if not (stranger and self._listings.wait(event)):
            self._finds(event)
        self._owe(event)

    def _on_coreshowchannelscomplete(self, _event: Message, _at: Edge) -> None:
        """Calls and channels of before the gap that are not listed are gone; a call's end may still be told."""
        strangers, channels = self._listings.waiting(), self._listings.channels()
        if channels is None:
            return
        asked = ((self._asks(entry), marks.agent_of(entry.get("Channel"))) for entry in strangers)
        self._beside([(live, agent) for live, agent in asked if live and not live.beside])
        for entry in strangers:
            self._finds(entry)
        self._sent_on(channels)
        there = {*channels, *map(self._call, channels)}
        for live in [live for live in self._board.lives.values() if live.beside and live.call not in there]:
            self._consulted(live)
        for call, draft in self._calls.items():
            if not draft.ended and draft.born < self._epoch:
                draft.gone = call not in there
                if draft.gone and draft.held_back:
                    self._touched.add(call)
        self._close()
        self._board.keep(channels, self._epoch)

    def _finds(self, entry: Message) -> None:
        """Take a listed channel: what it does since a gap, in which it may have been made, left its queue and been put
        through to somebody.
        """
        made = self._adopt(entry)
        channel = self._board.channels.get(entry.get("Uniqueid"))
        live = self._board.lives.get(channel.call) if channel else None
        if channel is None or live is None:
            return
        bridge, application = entry.get("BridgeId"), entry.get("Application")
        if channel.id == live.anchor:
            live.queued = application == "Queue" and not bridge
        if bridge and application == "AppQueue" and not channel.local:
            self._board.holding[channel.endpoint] = channel.id
        if made and application == "AppDial" and not channel.local and (rang := begun(channel.id)):
            self._rings(channel, live, self._how(channel, live), number(entry.get("CallerIDNum")), rang)
        if bridge and bridge != channel.bridge:
            self._board.enter(channel, bridge)
            self._connects(channel, Edge(self.now, "queue_status"), "met")
        elif channel.bridge and not entry.get("BridgeId", _UNTOLD):
            self._board.leave(channel, self.now)

    def _adopt(self, entry: Message) -> Channel | None:
        """Take a listed channel that was made in a gap, or entered in one, into the call it belongs to; return it."""
        id_ = entry.get("Uniqueid")
        known = self._board.channels.get(id_)
        live = None if known and known.call else self._lives_by(entry.get("Linkedid"))
        if live is None:
            return None
        channel = self._made(id_, entry.get("Channel"), Edge(self.now))
        self._board.join(channel, live)
        return channel

    def _asks(self, entry: Message) -> Live | None:
        """Take a listed channel that dials by itself, from the phone of an agent who talks to a caller, or from one of
        ours: a call that an agent made in the gap. Return it.
        """
        id_, name = entry.get("Uniqueid"), entry.get("Channel")
        agents = entry.get("Context") == marks.AGENT or endpoint(name) in self._board.holding
        began = begun(id_)
        if entry.get("Linkedid") != id_ or not agents or not began:
            return None
        known = self._made(id_, name, began)
        return None if known.call else self._enters(known, entry, began)

    def _beside(self, asked: Sequence[tuple[Live, str]]) -> None:
        """Find of calls that agents made in the gap whom they talked to then, though that call may be over: who dials
        in the seconds of a talk asks somebody about it.
        """
        talks: dict[str, list[tuple[int, float, str]]] = {agent: [] for _, agent in asked}
        for call, draft in self._calls.items() if asked else ():
            for leg in (leg for visit in draft.record.visits for leg in visit.legs):
                if leg.answered and leg.agent in talks:
                    until = leg.ended.at // SECOND if leg.ended else math.inf
                    talks[leg.agent].append((leg.answered.at // SECOND, until, call))
        for found in talks.values():
            found.sort()
        for live, agent in asked:
            found, second = talks[agent], born(live.entry)
            last = bisect_right(found, second, key=itemgetter(0)) - 1
            if last >= 0 and second <= found[last][1]:
                live.beside = found[last][2]

    def _sent_on(self, listed: Mapping[str, str]) -> None:
        """Tell of callers whom an agent sent on in the gap, to whom the agent had asked before it."""
        for id_, linked in listed.items():
            channel = self._board.channels.get(id_)
            part = self._board.lives.get(channel.call) if channel else None
            agents = self._board.channels.get(part.entry) if part and part.foreign and part.beside else None
            if channel and part and agents:
                whole, together = self._lives_by(linked), self._board.bridges.get(channel.bridge, {})
                there = {self._board.channels[one].endpoint for one in together if one in listed}
                # Who confers with the agent and the caller was not sent on.
                if whole and whole.call == part.beside and whole.anchor in together and agents.endpoint not in there:
                    self._took(channel, part, whole, agents.endpoint)

    def _took(self, channel: Channel, part: Live, whole: Live, by: str) -> None:
        asked = self._calls.get(part.call)
        at, dialled = Edge(self.now, "queue_status"), asked.start.number if asked else ""
        self._absorb(part, whole, "transfer")
        self._connects(channel, at, "met")
        self._tell(whole.call, Said("transfer", at, by, "attended", channel=channel.id, number=dialled))
