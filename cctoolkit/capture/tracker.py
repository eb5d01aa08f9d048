"""The tracker: a pure fold over events into call records and agents' states.

What is true of a call's path comes from its own marks; what is true of a queue comes from app_queue's events, except
how a caller left without an agent: QueueCallerAbandon also comes for time-outs, so the mark that carries QUEUESTATUS
has the last word. An event's handler is the function named after it; there is no other list.
Source: the events' pages at docs.asterisk.org, Asterisk 22, AMI Events.
"""

from collections.abc import Callable

from cctoolkit import marks
from cctoolkit.ami.messages import Message
from cctoolkit.capture import queue_log
from cctoolkit.capture.agents import AgentStates
from cctoolkit.capture.draft import Draft
from cctoolkit.capture.handlers import MARKS, entered, finish
from cctoolkit.capture.lines import parse
from cctoolkit.capture.merge import merge
from cctoolkit.cdr.records import AgentInterval, CallRecord, Edge

KEEP_US = 2 * 3600 * 1_000_000
"""How long an ended call is remembered, for a wrap-up that goes on: longer than any wrap-up's limit."""


class Tracker:
    """Feed it messages in order; take the records that changed. Knows no socket, no clock, no store."""

    def __init__(self, node: str) -> None:
        self.node = node
        self.unknown_calls = 0
        self._calls: dict[str, Draft] = {}
        self._touched: set[str] = set()
        self._agents = AgentStates(node)
        self._now = 0

    def feed(self, event: Message) -> None:
        """Take one message; those without a time (replies) and those that say nothing about calls change nothing."""
        at = event.timestamp_us
        handler: Callable[[Message, Edge], None] | None = getattr(self, f"_on_{event.event.lower()}", None)
        if at is not None and handler is not None:
            self._now = max(self._now, at)
            handler(event, Edge(at))

    def take(self) -> tuple[list[CallRecord], list[AgentInterval]]:
        """Return what changed since the last take, oldest call first, and forget calls that cannot change any more."""
        changed = []
        for call in sorted(self._touched):
            draft = self._calls[call]
            if draft.changed():
                draft.told = draft.record
                changed.append(draft.record)
        self._touched.clear()
        self._forget()
        return changed, self._agents.take()

    @property
    def live(self) -> int:
        """Calls remembered."""
        return len(self._calls)

    def _forget(self) -> None:
        old = [c for c, d in self._calls.items() if d.record.ended and d.record.ended.at < self._now - KEEP_US]
        for call in old:
            del self._calls[call]

    def _of(self, call: str) -> Draft | None:
        draft = self._calls.get(call)
        if draft:
            self._touched.add(call)
        return draft

    def _on_userevent(self, event: Message, at: Edge) -> None:
        mark = marks.from_user_event(event.get)
        if mark is None:
            return
        if mark.kind == "entry":
            # A replayed entry begins the same record again: the fold has no memory but the stream.
            self._begin(mark.call, entered(mark, self.node, at, test=mark.test))
            return
        draft = self._of(mark.call)
        if draft is None:
            self.unknown_calls += 1
            return
        MARKS[mark.kind](draft, mark, at)

    def _begin(self, call: str, draft: Draft) -> None:
        told = self._calls[call].told if call in self._calls else None
        draft.told = told
        self._calls[call] = draft
        self._touched.add(call)

    def backfill(self, text: str) -> None:
        """Take what queue_log says of a gap (`queue_log.select` chose the lines): whole calls, and agents' states."""
        lines = list(parse(text))
        for call, draft in queue_log.records(lines, self.node).items():
            known = self._calls.get(call)
            if known:
                draft.record = merge(known.record, draft.record)
            self._begin(call, draft)
        for line in lines:
            self._now = max(self._now, line.at)
            if line.event in queue_log.STATE_EVENTS:
                self._agents.logged(line)

    def _on_newstate(self, event: Message, at: Edge) -> None:
        draft = self._of(event.get("Uniqueid"))
        if draft and event.get("ChannelStateDesc") == "Up" and not draft.record.answered:
            draft.set(answered=at)

    def _on_queuecallerjoin(self, event: Message, at: Edge) -> None:
        ids = marks.queue_ids(event.get("Queue"))
        draft = self._of(event.get("Uniqueid"))
        if draft and ids:
            draft.join(ids[1], at)

    def _on_agentcalled(self, event: Message, at: Edge) -> None:
        if draft := self._of(event.get("Uniqueid")):
            draft.offer(event.get("MemberName"), at)

    def _on_agentringnoanswer(self, event: Message, at: Edge) -> None:
        if draft := self._of(event.get("Uniqueid")):
            draft.leg(event.get("MemberName"), "unfinished", outcome="no_answer", ended=at)

    def _on_agentconnect(self, event: Message, at: Edge) -> None:
        if draft := self._of(event.get("Uniqueid")):
            draft.leg(event.get("MemberName"), "unfinished", outcome="answered", answered=at)
            draft.cancel(at)
            draft.end_visit("answered", at)
            draft.set(outcome="answered")

    def _on_agentcomplete(self, event: Message, at: Edge) -> None:
        if draft := self._of(event.get("Uniqueid")):
            who = {"agent": "agent", "caller": "caller"}.get(event.get("Reason"), "")
            draft.leg(event.get("MemberName"), "answered", ended=at, hung_up_by=who)

    def _on_queuecallerabandon(self, event: Message, at: Edge) -> None:
        if draft := self._of(event.get("Uniqueid")):
            draft.cancel(at)
            draft.end_visit("abandoned", at)

    def _on_hangup(self, event: Message, at: Edge) -> None:
        if draft := self._of(event.get("Uniqueid")):
            cause = event.get("Cause")
            finish(draft, int(cause) if cause.isdecimal() else 0, at)

    def _on_queuememberadded(self, event: Message, at: Edge) -> None:
        self._agents.joined(event.get("MemberName"), event.get("Queue"), at)

    def _on_queuememberremoved(self, event: Message, at: Edge) -> None:
        self._agents.left(event.get("MemberName"), event.get("Queue"), at)

    def _on_queuememberpause(self, event: Message, at: Edge) -> None:
        self._agents.paused(event.get("MemberName"), event.get("Paused") == "1", event.get("PausedReason"), at)
