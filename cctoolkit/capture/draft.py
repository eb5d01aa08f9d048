"""A call record while its call goes on: the few ways in which an event changes it."""

from collections.abc import Callable

from msgspec import Struct, field
from msgspec.structs import replace

from cctoolkit.cdr.records import AgentLeg, CallRecord, Edge, LegOutcome, QueueVisit, StepTaken, VisitOutcome

NEAR = 2_000_000
"""Microseconds two sources' words on one moment may lie apart: a line's second, and the time until it is written."""


class Draft(Struct):
    """The record so far; every method replaces it by a newer one."""

    record: CallRecord
    queues: dict[str, str] = field(default_factory=dict)
    """Queue of each queue step entered, by the step's name."""
    told: CallRecord | None = None

    def changed(self) -> bool:
        """Say whether the record differs from the one last told."""
        return self.record != self.told

    def set(self, **fields: object) -> None:
        """Replace fields of the call."""
        self.record = replace(self.record, **fields)

    def enter(self, step: str, at: Edge) -> None:
        """The call entered a step."""
        steps = self.record.steps
        if steps and steps[-1].step == step and said_before(steps[-1].entered, at):
            self.set(steps=(*steps[:-1], replace(steps[-1], entered=at)))
        else:
            self.set(steps=(*steps, StepTaken(step, at)))

    def leave(self, step: str, outcome: str, at: Edge) -> None:
        """The call left the step it is in."""
        steps = self.record.steps
        if steps and steps[-1].step == step and said_before(steps[-1].left, at):
            self.set(steps=(*steps[:-1], replace(steps[-1], outcome=outcome, left=at)))

    def join(self, queue: str, at: Edge) -> None:
        """The call joined a queue."""
        visit = self.visit()
        if visit and visit.queue == queue and said_before(visit.joined, at):
            self._put_visit(replace(visit, joined=at))
        else:
            self.set(visits=(*self.record.visits, QueueVisit(queue, at)))

    def visit(self) -> QueueVisit | None:
        """Return the last queue visit."""
        return self.record.visits[-1] if self.record.visits else None

    def end_visit(self, outcome: VisitOutcome, at: Edge) -> None:
        """The last visit ended; the first moment seen stays, a later word on the outcome wins over an earlier one."""
        visit = self.visit()
        if visit:
            left = at if said_before(visit.left, at) else visit.left
            self._put_visit(replace(visit, outcome=outcome, left=left))

    def offer(self, agent: str, at: Edge) -> None:
        """An agent's phone rings for the call."""
        visit = self.visit()
        if visit is None:
            return
        legs = [leg for leg in visit.legs if leg.agent == agent and leg.outcome == "unfinished"]
        if not legs:
            again = next((leg for leg in visit.legs if leg.agent == agent and said_before(leg.offered, at)), None)
            legs = [again] if again else []
        if not legs:
            self._put_visit(replace(visit, legs=(*visit.legs, AgentLeg(agent, at))))
        elif said_before(legs[-1].offered, at):
            self._legs(lambda leg: leg is legs[-1], offered=at)

    def cancel(self, at: Edge) -> None:
        """Phones still ringing stop."""
        self._legs(lambda leg: leg.outcome == "unfinished", outcome="cancelled", ended=at)

    def leg(self, agent: str, now: LegOutcome, **fields: object) -> None:
        """The agent's last leg whose outcome is `now` changes; one that queue_log told further is made exact."""
        visit = self.visit()
        mine = [leg for leg in visit.legs if leg.agent == agent] if visit else []
        legs = [leg for leg in mine if leg.outcome == now] or [
            leg for leg in mine if any(_told(leg, name, value) for name, value in fields.items())
        ]
        if legs:
            self._legs(lambda leg: leg is legs[-1], **fields)

    def _legs(self, which: Callable[[AgentLeg], bool], **fields: object) -> None:
        visit = self.visit()
        if visit:
            self._put_visit(
                replace(visit, legs=tuple(replace(leg, **fields) if which(leg) else leg for leg in visit.legs))
            )

    def _put_visit(self, visit: QueueVisit) -> None:
        self.set(visits=(*self.record.visits[:-1], visit))


def said_before(known: Edge | None, at: Edge) -> bool:
    """Say whether `at` is news of an edge: nothing is known yet, or only what queue_log said of the same moment."""
    if known is None:
        return True
    return known.source == "queue_log" and at.source == "ami" and abs(known.at - at.at) <= NEAR


def _told(leg: AgentLeg, name: str, value: object) -> bool:
    known = getattr(leg, name)
    return isinstance(known, Edge) and isinstance(value, Edge) and said_before(known, value)
