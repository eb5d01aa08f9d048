"""The tracker: a pure fold over events into call records and agents' states.

What is true of a call's path comes from its own marks, which are taken here. An event's handler is the method named
after it; there is no other list. What queues say is in queueing.py and attendance.py, what channels do in
switchboard.py and occasions.py.
Source: the events' pages at docs.asterisk.org, Asterisk 22, AMI Events.
"""

from collections.abc import Callable
from typing import ClassVar

from msgspec import field

from cctoolkit import marks
from cctoolkit.ami.messages import Message
from cctoolkit.capture import older, queue_log
from cctoolkit.capture.channel import Channel
from cctoolkit.capture.channel_events import EVENT as CHANNELS
from cctoolkit.capture.draft import Draft
from cctoolkit.capture.lines import SECOND, parse
from cctoolkit.capture.moments import Clock, moment
from cctoolkit.capture.own_records import EVENT as OWN
from cctoolkit.capture.relisted import Relisted
from cctoolkit.capture.said import Said
from cctoolkit.cdr.records import AgentInterval, CallRecord, Edge

KEEP_US = 2 * 3600 * SECOND
"""How long an ended call is remembered, for a wrap-up that goes on: longer than any wrap-up's limit."""

LOST_US = 24 * 3600 * SECOND
"""How long a call of which nothing is heard is taken to go on."""

MOST = 100_000
"""Calls remembered; what a hostile stream begins beyond that is told as it is, the oldest first."""

FUTURE_US = 3600 * SECOND
"""How far an event may be after the clock that is asked every ten seconds."""

_SWEEP_US = 60 * SECOND
_MANY = 10_000
_LONG_NAME = 100

_Handler = Callable[["Tracker", Message, Edge], None]


class Tracker(Relisted):
    """Feed it messages in order; take the records that changed. Knows no socket, no clock, no store. All it knows is
    in its fields, which a snapshot keeps.
    """

    unknown_calls: int = 0
    """Calls heard of whose entry was not: they began before anything was captured, and have no record."""
    future: int = 0
    """Events from long after what the switch's clock said when it was last asked."""
    untimed: int = 0
    """Events that say no moment (manager.conf without timestampevents=yes); they have been given one."""
    _leaving: list[Draft] = field(default_factory=list)
    _unknown: set[str] = field(default_factory=set)
    _clock: Clock = field(default_factory=Clock)
    _swept: int = 0
    _lost: int = 0
    _unheard: int = 0
    _doubted: int = 0
    """The newest moment that was not believed."""

    _handlers: ClassVar[dict[str, _Handler | None]] = {}
    """By the names of events as they come; found anew by every process."""

    def feed(self, event: Message, received: int = 0) -> None:
        """Take one message; those that say nothing about calls are told by their name alone. `received`: when its bytes
        came (microseconds), for events that do not say when they happened.
        """
        name = event.event
        try:
            handler = self._handlers[name]
        except KeyError:
            handler = self._handler(name)
        if handler is None:
            if not name:
                self._reply(event)
            return
        at = moment(event)
        edge = self._untold(event, received) if at is None else Edge(at)
        if edge is None:
            return
        if self._waiting:
            self._fold_waiting(edge.at)
        if self._folded and self._repeats(event, edge.at):
            return
        if edge.at > self.now:
            self._go_on(edge.at)
        handler(self, older.named(event, self._board.aliases) if self._board.aliases else event, edge)

    def _untold(self, event: Message, received: int) -> Edge | None:
        self.untimed += 1
        return self._clock.edge(event, received)

    def _reply(self, message: Message) -> None:
        """Take an answer that is no list; time that events have led astray is put right by the clock."""
        if self._listings.reply(message) and self.now > self._listings.clock + FUTURE_US:
            self.now = self._swept = self._listings.clock

    def _go_on(self, at: int) -> None:
        """Let time pass, but not by one event to where the clock is far from: all that came after would be late. The
        next one may say the same: of a transcript nobody asks the clock again.
        """
        if 0 < max(self._listings.clock, self.now) < at - FUTURE_US and self._listings.clock:
            doubted, self._doubted = self._doubted, at
            if not 0 < at - doubted < FUTURE_US:
                self.future += 1
                return
        self.now = at
        if at > self._swept + _SWEEP_US:
            self._sweep()

    def _handler(self, name: str) -> _Handler | None:
        handler: _Handler | None = getattr(type(self), f"_on_{name.lower()}", None)
        if len(self._handlers) < _MANY and len(name) < _LONG_NAME:
            self._handlers[name] = handler
        return handler

    def gap(self) -> None:
        """Take note that something may have been missed; a listing that was cut off is begun anew."""
        self._epoch += 1
        self._listings.cut_off()

    def take(self, *, settled: bool = False, last: bool = False) -> tuple[list[CallRecord], list[AgentInterval]]:
        """Return what changed since the last take, oldest call first; `settled`: only calls that change no more;
        `last`: no event comes any more, so what is held back until a call's end is told too.
        """
        drafts, self._leaving = self._leaving, []
        if not settled:
            touched = [self._calls[call] for call in sorted(self._calls if last else self._touched)]
            drafts += [draft for draft in touched if last or not draft.held_back or draft.ended or draft.gone]
            self._touched.clear()
        return [record for draft in drafts if (record := draft.take())], self._agents.take()

    @property
    def live(self) -> int:
        """Calls remembered."""
        return len(self._calls)

    @property
    def oldest_open(self) -> int:
        """The moment at which the oldest call entered that goes on; `now` when none does."""
        goes_on = (draft for draft in self._calls.values() if not draft.ended and not draft.gone)
        return min((draft.start.entered.at for draft in goes_on), default=self.now)

    @property
    def lost_calls(self) -> int:
        """Calls whose end nobody told: the switch has no channel of theirs any more, or said nothing for a day. Their
        outcome stays "unfinished".
        """
        return self._lost + sum(draft.gone and not draft.ended for draft in self._calls.values())

    @property
    def going_on(self) -> int:
        """Calls that are up."""
        return sum(not draft.ended and not draft.gone for draft in self._calls.values())

    @property
    def odd(self) -> dict[str, int]:
        """What made no whole record, by name: how often."""
        return {
            "unknown_calls": self.unknown_calls,
            "lost_calls": self.lost_calls,
            "untimed": self.untimed,
            "future": self.future,
            "long_call": self._unheard + sum(draft.unheard for draft in self._calls.values()),
            "long_list": self._listings.too_long,
            "many_channels": self._board.forgotten,
            "many_agents": self._agents.forgotten,
        }

    def _sweep(self) -> None:
        """Forget calls that cannot change any more. By the events' time, so that a replay forgets at the same place."""
        self._swept = self.now
        for call, draft in list(self._calls.items()):
            keep = KEEP_US if draft.ended or draft.gone else LOST_US
            if draft.last < self.now - keep:
                self._leave(call)
        self._board.sweep(self.now - LOST_US)
        self._forgive()

    def _leave(self, call: str) -> None:
        """Tell a call for the last time."""
        draft = self._calls.pop(call)
        draft.close({}, self._epoch)
        self._lost += not draft.ended
        self._unheard += draft.unheard
        self._leaving.append(draft)
        self._touched.discard(call)
        self._board.lives.pop(call, None)

    def _forget(self, call: str) -> None:
        """Let a call go that is a part of another; if it was told by itself, say so."""
        self._board.lives.pop(call, None)
        draft = self._calls.pop(call, None)
        self._touched.discard(call)
        self._owe_nothing(call)
        if draft and draft.told:
            draft.hear(Said("joined", Edge(draft.last), detail=draft.joined), self._epoch)
            self._leaving.append(draft)

    def _on_userevent(self, event: Message, at: Edge) -> None:
        mark = marks.from_user_event(event.get)
        if mark is None or not mark.call or mark.kind == "override":
            return
        draft = self._of(mark.call)
        if mark.kind == "entry":
            self._entered(event, mark.call, at)
            start = queue_log.entered(mark, self.node, at, test=mark.test)
            if draft is None:
                self._begin(mark.call, Draft(start, last=at.at, born=self._epoch))
            self._ours(mark.call, start, self._epoch)
        elif draft is None:
            self._not_ours(mark.call)
        elif said := queue_log.from_mark(mark, at):
            draft.hear(said, self._epoch)

    def _not_ours(self, call: str) -> None:
        call = call[:_LONG_NAME]
        if call not in self._unknown:
            self.unknown_calls += 1
            if len(self._unknown) >= _MANY:
                self._unknown.clear()
            self._unknown.add(call)

    def _begin(self, call: str, draft: Draft) -> None:
        if len(self._calls) >= MOST:
            self._leave(next(iter(self._calls)))
        self._calls[call] = draft
        self._touched.add(call)

    def backfill(self, text: str, *, late: bool = False) -> None:
        """Take what queue_log says of a gap (`following` chose the lines): whole calls, and agents' states; then what
        the switch's own records have that nobody else tells. `late`: of a gap that has been filled already.
        """
        since, told = 0 if late else self.now, list(parse(text))
        lines = [line for line in told if line.event not in (OWN, CHANNELS)]
        for id_, logged in queue_log.calls(lines, self.node).items():
            # A channel without an entry of ours may be a part of any call.
            call = self._call(logged.channel) if logged.channel else id_
            if logged.channel and call in self._calls and self._calls[call].start.project:
                continue
            if call not in self._calls:
                self._begin(call, Draft(logged.start, last=logged.start.entered.at, born=-1))
            self._ours(call, logged.start, -1)
            self._calls[call].patch(logged.story())
            self._touched.add(call)
        self._agents.logged(lines)
        self.now = max([self.now, *(line.at for line in lines)])
        self._take_rows([line for line in told if line.event == OWN], since)
        if not late:
            self._take_events([line for line in told if line.event == CHANNELS], since)

    def _on_newstate(self, event: Message, at: Edge) -> None:
        state = event.get("ChannelStateDesc")
        if state == "Up":
            id_ = event.get("Uniqueid")
            live = self._board.live_of(id_)
            if live is None:
                self._tell(self._call(id_), Said("up", at))
            elif live.entry == id_:
                self._tell(live.call, Said("up", at))
        elif state == "Ring" and event.get("Uniqueid") not in self._board.channels:
            self._source(event, at)

    def _on_hangup(self, event: Message, at: Edge) -> None:
        self._over(event, at)
        self._hung_up(event, at)
        if self._board.aliases:
            self._board.aliases = {id_: one for id_, one in self._board.aliases.items() if one != event.get("Uniqueid")}

    def _on_hold(self, event: Message, at: Edge) -> None:
        """Take what a phone did to whom it talks with; the call is the one its channel was made for."""
        over = event.event.lower() == "unhold" or event.get("Status") == "Off"
        channel = self._board.channels.get(event.get("Uniqueid"))
        if channel and (channel.phone or channel.agent):
            self._holds(channel, over=over)
        call = (channel and channel.call) or event.get("Linkedid")
        if channel and channel.party:
            self._tell(call, Said("unholds" if over else "holds", at, channel=channel.id))
        if agent := (channel and channel.agent) or marks.agent_of(event.get("Channel")):
            self._tell(call, Said("unhold" if over else "hold", at, agent))

    def _holds(self, channel: Channel, *, over: bool) -> None:
        holding = self._board.holding
        if not over:
            holding[channel.endpoint] = channel.id
        elif not channel.agent and holding.get(channel.endpoint) == channel.id:
            del holding[channel.endpoint]

    _on_unhold = _on_hold
