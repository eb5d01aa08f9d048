"""A call record while its call goes on: the few ways in which an event changes it."""

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from cctoolkit.cdr.records import AgentLeg, CallRecord, Edge, LegOutcome, QueueVisit, StepTaken, VisitOutcome


class Draft(Struct):
    """The record so far; every method replaces it by a newer one."""

    record: CallRecord
    queues: dict[str, str] = {}
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
        self.set(steps=(*self.record.steps, StepTaken(step, at)))

    def leave(self, step: str, outcome: str, at: Edge) -> None:
        """The call left the step it is in."""
        steps = self.record.steps
        if steps and steps[-1].step == step and not steps[-1].left:
            self.set(steps=(*steps[:-1], replace(steps[-1], outcome=outcome, left=at)))

    def join(self, queue: str, at: Edge) -> None:
        """The call joined a queue."""
        self.set(visits=(*self.record.visits, QueueVisit(queue, at)))

    def visit(self) -> QueueVisit | None:
        """Return the last queue visit."""
        return self.record.visits[-1] if self.record.visits else None

    def end_visit(self, outcome: VisitOutcome, at: Edge) -> None:
        """The last visit ended; the first moment seen stays, a later word on the outcome wins over an earlier one."""
        visit = self.visit()
        if visit:
            self._put_visit(replace(visit, outcome=outcome, left=visit.left or at))

    def offer(self, agent: str, at: Edge) -> None:
        """An agent's phone rings for the call."""
        visit = self.visit()
        if visit:
            self._put_visit(replace(visit, legs=(*visit.legs, AgentLeg(agent, at))))

    def cancel(self, at: Edge) -> None:
        """Phones still ringing stop."""
        self._legs(lambda leg: leg.outcome == "unfinished", outcome="cancelled", ended=at)

    def leg(self, agent: str, now: LegOutcome, **fields: object) -> None:
        """The agent's last leg whose outcome is `now` changes."""
        visit = self.visit()
        legs = [leg for leg in visit.legs if leg.agent == agent and leg.outcome == now] if visit else []
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
