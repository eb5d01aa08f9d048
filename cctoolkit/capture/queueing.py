"""What app_queue says of callers and of the phones it rings.

It is true of a queue, except how a caller left without an agent: QueueCallerAbandon also comes for time-outs, so the
mark that carries QUEUESTATUS has the last word.
Source: QueueCallerJoin, AgentCalled, AgentConnect, AgentComplete of docs.asterisk.org (Asterisk 22, AMI Events).
"""

from msgspec import field

from cctoolkit import marks
from cctoolkit.ami.messages import Message
from cctoolkit.capture import older
from cctoolkit.capture.answered import talks_with
from cctoolkit.capture.attendance import Attendance
from cctoolkit.capture.channel import Channel
from cctoolkit.capture.deeds import is_plain
from cctoolkit.capture.draft import Draft
from cctoolkit.capture.lines import SECOND
from cctoolkit.capture.live import Live
from cctoolkit.capture.moments import born
from cctoolkit.capture.said import Kind, Said, digits
from cctoolkit.cdr.records import Edge


class Queueing(Attendance):
    """The part of the tracker that reads queues' events."""

    _touched: set[str] = field(default_factory=set)

    def _of(self, call: str) -> Draft | None:
        draft = self._calls.get(call)
        if draft:
            self._touched.add(call)
        return draft

    def _hear(self, event: Message, said: Said) -> None:
        # AgentComplete of a caller whose channel went first has only the agent's channel, and the call it belonged to;
        # when that went too, neither: then the agent's talk is known by nobody having told its end.
        channel = event.get("Uniqueid")
        call = self._call(channel) if channel else event.get("DestLinkedid")
        if not call and said.kind == "complete":
            call = talks_with((draft.record for draft in self._calls.values()), said.name)
        if draft := self._of(call):
            draft.hear(said, self._epoch)

    def _on_queuecallerjoin(self, event: Message, at: Edge) -> None:
        _, live = self._source(event, at)
        if live:
            live.queued, live.abandoned = True, 0
        self._queued("join", event, at, member=False)

    def _on_queuecallerleave(self, event: Message, at: Edge) -> None:
        if live := self._board.live_of(event.get("Uniqueid")):
            live.queued = False
        self._queued("exit", event, at, member=False)

    def _on_join(self, event: Message, at: Edge) -> None:
        self._on_queuecallerjoin(older.queue(event), at)

    def _on_leave(self, event: Message, at: Edge) -> None:
        self._on_queuecallerleave(older.queue(event), at)

    def _on_agentcalled(self, event: Message, at: Edge) -> None:
        source, live = self._source(event, at)
        if live is None and source and marks.queue_ids(event.get("Queue")):
            # It entered in a gap; what else tells of it may be read late.
            live = self._enters(source, event, at)
            live.foreign = False
        channel = self._rung(event, live, at)
        if channel:
            channel.agent = event.get("MemberName") or event.get("AgentName")
        if live:
            # The joining may have been missed: whom the queue rings is no other party.
            live.queued = True
        self._queued("offer", event, at)

    def _rung(self, event: Message, live: Live | None, at: Edge) -> Channel | None:
        """Return the channel that a queue rings, in whose call it is."""
        id_, rung = event.get("DestUniqueid"), event.get("DestinationChannel")
        if id_:
            channel = self._made(id_, event.get("DestChannel"), at) if live else self._board.channels.get(id_)
            if live and channel and not channel.call:
                self._board.join(channel, live)
            return channel
        # Until Asterisk 11 no Dial tells of those whom a queue rings.
        channel = self._board.named(rung) if rung else None
        if channel and live and self._taken(channel, live):
            channel.linked = False
        return channel

    def _on_agentringnoanswer(self, event: Message, at: Edge) -> None:
        self._queued("missed", event, at, rang_us=digits(event.get("RingTime")) * 1000)

    def _on_dialend(self, event: Message, at: Edge) -> None:
        self._dial_ended(event, at)
        self._silenced(event, at)

    def _silenced(self, event: Message, at: Edge) -> None:
        """A phone stopped ringing because the caller left or another agent answered: of that app_queue has no event,
        and the beginning may have been missed; the channel's id holds the second it began in. Of a foreign call only
        the member's own channel says so: a phone behind a Local channel has a name of its own.
        """
        channel = event.get("DestUniqueid")
        if event.get("DialStatus") == "CANCEL" and channel:
            known, draft = self._board.channels.get(channel), self._calls.get(self._call(event.get("Uniqueid")))
            agent = known.agent if known else ""
            if not agent and draft and draft.start.project:
                agent = marks.agent_of(event.get("DestChannel"))
            if agent:
                self._hear(event, Said("silenced", at, agent, rang_us=max(0, at.at - born(channel) * SECOND)))

    def _on_agentconnect(self, event: Message, at: Edge) -> None:
        dest = event.get("DestUniqueid")
        if (channel := self._board.channels.get(dest)) and not channel.local:
            self._board.holding[channel.endpoint] = channel.id
        self._joined(event, at)
        # RingTime has whole seconds, rounded; so has the channel's id, but they end no later than the ringing began.
        begun = born(dest) * SECOND
        rang = at.at - begun if begun else digits(event.get("RingTime")) * SECOND
        self._queued("connect", event, at, rang_us=max(0, rang))
        draft = self._calls.get(self._call(event.get("Uniqueid")))
        if is_plain(event.get("Queue")) and (draft is None or draft.start.project):
            # They waited before anything was captured, or are a project's call: no visit of it is this queue's.
            self._agents.talks(event.get("MemberName"), at)

    def _joined(self, event: Message, at: Edge) -> None:
        """Begin the visit of a call that was heard from its entry on and whose joining the stream leaves out: the wait
        counts back to it.
        """
        draft = self._calls.get(self._call(event.get("Uniqueid")))
        if draft and draft.born == self._epoch and not draft.record.visits:
            since = at.at - digits(event.get("HoldTime")) * SECOND
            self._queued("join", event, Edge(max(since, draft.start.entered.at), "queue_log"), member=False)

    def _on_agentcomplete(self, event: Message, at: Edge) -> None:
        who = event.get("Reason")
        self._queued("complete", event, at, detail=who if who in ("agent", "caller") else "")
        self._agents.free(event.get("MemberName"), event.get("Queue"), at)

    def _on_queuecallerabandon(self, event: Message, at: Edge) -> None:
        waited = digits(event.get("HoldTime")) * SECOND
        if (live := self._board.live_of(event.get("Uniqueid"))) and live.foreign:
            live.abandoned = at.at
        self._queued("left", event, at, member=False, detail="abandoned", rang_us=waited)

    def _queued(
        self, kind: Kind, event: Message, at: Edge, *, member: bool = True, detail: str = "", rang_us: int = 0
    ) -> None:
        """Take an event of a queue: ours by its id, others by what the switch calls them. In a call of ours a foreign
        queue says nothing of our queue's visit.
        """
        ids = marks.queue_ids(event.get("Queue"))
        if ids is None and (draft := self._calls.get(self._call(event.get("Uniqueid")))) and draft.start.project:
            return
        queue = ids[1] if ids else event.get("Queue")
        name = (event.get("MemberName") or event.get("AgentName")) if member else queue
        self._hear(event, Said(kind, at, name, detail, rang_us))
