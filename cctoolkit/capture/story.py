"""What each thing said does to a call's record; the order it was said in is all that counts.

Source: the events' pages at docs.asterisk.org (Asterisk 22, AMI Events), and app_queue.c for what follows what.
"""

from collections.abc import Callable
from typing import ClassVar, get_args

from msgspec import Struct, field
from msgspec.structs import replace

from cctoolkit.capture import endings, holds, parties, taken
from cctoolkit.capture.answered import answered_leg, with_answered_leg
from cctoolkit.capture.said import LOGGED, Said, digits
from cctoolkit.cdr.records import AgentLeg, CallRecord, Edge, QueueVisit, StepTaken, VisitOutcome

_LEFT_BY: dict[str, VisitOutcome] = {"queue-timeout": "timeout", "queue-full": "full", "queue-no-agents": "no_agents"}
_KEY = "queue-key-"
_LEFT: dict[str, VisitOutcome] = {how: how for how in get_args(VisitOutcome)}


class Story(Struct):
    """A record that grows."""

    record: CallRecord
    _queues: dict[str, str] = field(default_factory=dict)
    _waits_in: str = ""
    """The queue step whose queue the call has not joined (yet)."""
    _exit: Edge | None = None
    """When a queue was left, until it is said how: by a key, if nobody says anything else."""
    _epoch: int = 0
    _held: int = 0
    """The epochs of what is said now, and of the last hold."""

    def take(self, said: Said, epoch: int = 0) -> None:
        """Take the next thing said, and in which stretch without a gap it was."""
        self._epoch = epoch
        if fold := parties.FOLDS.get(said.kind):
            if said.kind == "rings" and said.detail != "queue":
                self._went_on()
            self.record = fold(self.record, said)
        else:
            self._HANDLERS[said.kind](self, said)

    def set(self, **fields: object) -> None:
        """Replace fields of the call."""
        self.record = replace(self.record, **fields)

    def _step(self, said: Said) -> None:
        kind, _, used = said.detail.partition(":")
        self._waits_in = ""
        if kind == "queue":
            self._queues[said.name], self._waits_in = used, said.name
        self.set(steps=(*self.record.steps, StepTaken(said.name, said.at)))

    def _out(self, said: Said) -> None:
        if not said.name:
            # Over the number's capacity: the call was in no step.
            self.set(outcome="busy")
            return
        steps = self.record.steps
        if steps and steps[-1].step == said.name and steps[-1].left is None:
            passed_to = self.record.passed_to if said.detail == "transferred" else ""
            left = replace(steps[-1], outcome=said.detail, left=said.at)
            self.set(steps=(*steps[:-1], left), passed_to=passed_to)
        outcome = "exit_key" if said.detail.startswith(_KEY) else _LEFT_BY.get(said.detail)
        if outcome is None:
            return
        # A full queue, and one without agents, is never joined: the visit is this moment.
        if self._waits_in == said.name or not self.record.visits:
            self._visits(QueueVisit(self._queues.get(said.name, said.name), said.at))
        self._waits_in = ""
        self._left_queue(outcome, said.at)

    def _up(self, said: Said) -> None:
        if not self.record.answered:
            self.set(answered=said.at)

    def _join(self, said: Said) -> None:
        self._went_on()
        self._waits_in, self._exit = "", None
        self._visits(QueueVisit(said.name, said.at))

    def _went_on(self) -> None:
        """A caller who goes on was told an abandon by a time-out, and left a queue that says nothing by a key."""
        visit = self._visit()
        if visit is None or self.record.project or visit.outcome not in ("abandoned", "unfinished"):
            return
        if visit.outcome == "abandoned":
            self._put(replace(visit, outcome="timeout"))
        elif self._exit:
            self._left_queue("exit_key", self._exit)

    def _exits(self, said: Said) -> None:
        self._exit = said.at

    def _offer(self, said: Said) -> None:
        visit = self._visit()
        if visit is None or visit.outcome != "unfinished":
            return
        if not any(leg.agent == said.name and leg.outcome == "unfinished" for leg in visit.legs):
            self._put(replace(visit, legs=(*visit.legs, AgentLeg(said.name, said.at))))

    def _missed(self, said: Said) -> None:
        self._rang(said)
        self._leg(said.name, "unfinished", outcome="no_answer", ended=said.at)

    def _cancelled(self, said: Said) -> None:
        """Both sources say it, the events twice, and once more after a phone that nobody answered."""
        visit, begun = self._visit(), said.at.at - said.rang_us
        if visit is None or visit.outcome != "unfinished":
            return
        # A queue waits a second at least before it rings a phone again: what ended since this ringing began is this.
        if any(leg.agent == said.name and leg.ended and leg.ended.at >= begun for leg in visit.legs):
            return
        self._rang(said)
        self._leg(said.name, "unfinished", outcome="cancelled", ended=said.at)

    def _connect(self, said: Said) -> None:
        self._rang(said)
        self._leg(said.name, "unfinished", outcome="answered", answered=said.at)
        self._cancel(said.at)
        if visit := self._visit():
            self._put(replace(visit, outcome="answered", left=visit.left or said.at))
        self.set(outcome="answered")

    def _rang(self, said: Said) -> None:
        """Begin the leg that nobody was told the beginning of; counted back, so never more exact than the log."""
        visit = self._visit()
        if visit and not any(leg.agent == said.name and leg.outcome == "unfinished" for leg in visit.legs):
            # A phone that is rung again has stopped ringing before.
            before = (leg.ended.at for leg in visit.legs if leg.agent == said.name and leg.ended)
            begun = Edge(max(visit.joined.at, said.at.at - said.rang_us, *before), "queue_log")
            legs = sorted((*visit.legs, AgentLeg(said.name, begun)), key=lambda leg: leg.offered.at)
            self._put(replace(visit, legs=tuple(legs)))

    def _complete(self, said: Said) -> None:
        self._end_hold(said)
        self.record = taken.sent_on(self.record, said, answered_leg(self.record, said.name))
        who = said.detail if said.detail in ("agent", "caller") else ""
        self._leg(said.name, "answered", ended=said.at, hung_up_by=who)
        if self.record.ended and (self.record.project or who):
            self.set(hung_up_by=endings.who(self.record, replace(said, name=self.record.hung_up_by), self._queues))

    def _hold(self, said: Said) -> None:
        leg = self._talks(said.name)
        if leg and not (holds.open_hold(leg) and self._held == self._epoch):
            self._held = self._epoch
            self._change(said.name, lambda leg: holds.begun(leg, said.at))

    def _unhold(self, said: Said) -> None:
        if self._talks(said.name):
            self._end_hold(said)

    def _end_hold(self, said: Said) -> None:
        whole = said.at.source not in LOGGED and self._held == self._epoch
        self._change(said.name, lambda leg: holds.ended(leg, said.at, whole=whole))

    def _left(self, said: Said) -> None:
        if self._visit() is None:
            # Nobody told of the joining; the event of the end counts the seconds back to it.
            self._visits(QueueVisit(said.name, Edge(said.at.at - said.rang_us, "queue_log")))
        self._left_queue(_LEFT.get(said.detail, "abandoned"), said.at)

    def _left_queue(self, outcome: VisitOutcome, at: Edge) -> None:
        """End the visit; its first moment stays, and a later word on how wins: time-outs begin as abandons."""
        self._cancel(at)
        visit = self._visit()
        if visit and visit.outcome != "answered":
            self._put(replace(visit, outcome=outcome, left=visit.left or at))

    def _wrap_up(self, said: Said) -> None:
        self._change(said.name, lambda leg: replace(leg, wrap_up_started=said.at))

    def _ready(self, said: Said) -> None:
        # A switch that crashed may have lost that it was over, and tells it again.
        self._change(said.name, lambda leg: replace(leg, wrap_up_ended=leg.wrap_up_ended or said.at))

    def _end(self, said: Said) -> None:
        """The mark comes just before the channel's end, which is then told exactly."""
        if said.at.source == "queue_log":
            self._hangup(said)

    def _hangup(self, said: Said) -> None:
        if self.record.ended and self.record.ended.source not in ("queue_log", "cdr"):
            return
        self.set(ended=said.at, cause=digits(said.detail) or self.record.cause)
        self.record = parties.over(self.record, said)
        if self._exit and (visit := self._visit()) and visit.outcome == "unfinished":
            self._left_queue("exit_key", self._exit)
        if self.record.outcome == "unfinished":
            self.set(outcome=endings.how(self.record))
        self.set(hung_up_by=endings.who(self.record, said, self._queues))

    def _cancel(self, at: Edge) -> None:
        if (visit := self._visit()) and any(leg.outcome == "unfinished" for leg in visit.legs):
            legs = [
                replace(leg, outcome="cancelled", ended=at) if leg.outcome == "unfinished" else leg
                for leg in visit.legs
            ]
            self._put(replace(visit, legs=tuple(legs)))

    def _leg(self, agent: str, now: str, **fields: object) -> None:
        """Change the agent's last leg of the last visit whose outcome is `now`."""
        visit = self._visit()
        for i in range(len(visit.legs) - 1, -1, -1) if visit else ():
            assert visit  # noqa: S101 - or there is nothing to walk through
            leg = visit.legs[i]
            if leg.agent == agent and leg.outcome == now:
                self._put(replace(visit, legs=(*visit.legs[:i], replace(leg, **fields), *visit.legs[i + 1 :])))
                return

    def _talks(self, agent: str) -> AgentLeg | None:
        """Return the agent's leg while its talk goes on."""
        leg = answered_leg(self.record, agent)
        return leg if leg and leg.ended is None else None

    def _change(self, agent: str, change: Callable[[AgentLeg], AgentLeg]) -> None:
        self.record = with_answered_leg(self.record, agent, change)

    def _visit(self) -> QueueVisit | None:
        return self.record.visits[-1] if self.record.visits else None

    def _visits(self, visit: QueueVisit) -> None:
        self.set(visits=(*self.record.visits, visit))

    def _put(self, visit: QueueVisit) -> None:
        self.set(visits=(*self.record.visits[:-1], visit))

    _HANDLERS: ClassVar[dict[str, Callable[["Story", Said], None]]] = {
        "step": _step,
        "out": _out,
        "up": _up,
        "join": _join,
        "offer": _offer,
        "missed": _missed,
        "cancelled": _cancelled,
        "silenced": _cancelled,
        "connect": _connect,
        "complete": _complete,
        "left": _left,
        "exit": _exits,
        "wrapup": _wrap_up,
        "ready": _ready,
        "end": _end,
        "hangup": _hangup,
        "hold": _hold,
        "unhold": _unhold,
    }
