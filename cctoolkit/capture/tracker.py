"""The tracker: a pure fold over events into call records and agents' states.

What is true of a call's path comes from its own marks; what is true of a queue comes from app_queue's events, except
how a caller left without an agent: QueueCallerAbandon also comes for time-outs, so the mark that carries QUEUESTATUS
has the last word. An event's handler is the function named after it; there is no other list.
Source: the events' pages at docs.asterisk.org, Asterisk 22, AMI Events.
"""

from collections.abc import Callable

from cctoolkit import marks
from cctoolkit.ami.messages import Message
from cctoolkit.capture.agents import AgentStates
from cctoolkit.capture.draft import Draft
from cctoolkit.cdr.records import AgentInterval, CallRecord, Edge, VisitOutcome
from cctoolkit.marks import Mark

KEEP_US = 2 * 3600 * 1_000_000
"""How long an ended call is remembered, for a wrap-up that goes on: longer than any wrap-up's limit."""

_QUEUE_EXIT: dict[str, VisitOutcome] = {
    "queue-timeout": "timeout",
    "queue-full": "full",
    "queue-no-agents": "no_agents",
}


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
            self._enter(mark, at)
            return
        draft = self._of(mark.call)
        if draft is None:
            self.unknown_calls += 1
            return
        _MARKS[mark.kind](draft, mark, at)

    def _enter(self, mark: Mark, at: Edge) -> None:
        record = CallRecord(
            call=mark.call, node=self.node, project=mark.project, generation=mark.generation, release=mark.release,
            number=f"+{mark.step}", caller=mark.detail, entered=at, test=mark.test,
        )  # fmt: skip
        # A replayed entry begins the same record again: the fold has no memory but the stream.
        self._calls[mark.call] = Draft(record)
        self._touched.add(mark.call)

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
        draft = self._of(event.get("Uniqueid"))
        if draft is None:
            return
        cause = event.get("Cause")
        draft.set(ended=at, cause=int(cause) if cause.isdecimal() else 0)
        if draft.record.outcome == "unfinished":
            visit = draft.visit()
            abandoned = visit is not None and visit.outcome == "abandoned"
            draft.set(outcome="abandoned" if abandoned else "ended_in_flow")
        draft.set(hung_up_by=_who(draft.record))

    def _on_queuememberadded(self, event: Message, at: Edge) -> None:
        self._agents.joined(event.get("MemberName"), event.get("Queue"), at)

    def _on_queuememberremoved(self, event: Message, at: Edge) -> None:
        self._agents.left(event.get("MemberName"), event.get("Queue"), at)

    def _on_queuememberpause(self, event: Message, at: Edge) -> None:
        self._agents.paused(event.get("MemberName"), event.get("Paused") == "1", event.get("PausedReason"), at)


def _who(record: CallRecord) -> str:
    """Say who ended a call: the agent's leg knows; a flow says so by its hangup step; else it was the caller."""
    legs = [leg for visit in record.visits for leg in visit.legs if leg.outcome == "answered"]
    if legs:
        return legs[-1].hung_up_by
    return "flow" if record.steps and record.steps[-1].outcome == "hangup" else "caller"


def _step(draft: Draft, mark: Mark, at: Edge) -> None:
    draft.enter(mark.step, at)
    kind, _, used = mark.detail.partition(":")
    if kind == "queue":
        draft.queues[mark.step] = used


def _ask(draft: Draft, mark: Mark, at: Edge) -> None:
    """An attempt of a menu; the record keeps only how the menu was left."""


def _out(draft: Draft, mark: Mark, at: Edge) -> None:
    draft.leave(mark.step, mark.detail, at)
    outcome = _QUEUE_EXIT.get(mark.detail)
    if outcome is None:
        return
    visit = draft.visit()
    entered = draft.record.steps[-1].entered
    # A full queue, and one without agents, is never joined: the visit is this moment.
    if visit is None or visit.joined.at < entered.at:
        draft.join(draft.queues.get(mark.step, mark.step), at)
    draft.end_visit(outcome, at)


def _end(draft: Draft, mark: Mark, at: Edge) -> None:
    """The dialplan's word on the end, for queue_log; on AMI the Hangup that follows has the cause and the moment."""


def _wrap_up(draft: Draft, mark: Mark, at: Edge) -> None:
    draft.leg(mark.step, "answered", wrap_up_started=at)


def _ready(draft: Draft, mark: Mark, at: Edge) -> None:
    draft.leg(mark.step, "answered", wrap_up_ended=at)


_MARKS: dict[str, Callable[[Draft, Mark, Edge], None]] = {
    "step": _step, "ask": _ask, "out": _out, "end": _end, "wrapup": _wrap_up, "ready": _ready,
}  # fmt: skip
