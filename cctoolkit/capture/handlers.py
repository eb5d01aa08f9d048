"""What a mark does to a draft, whichever source it came from."""

from collections.abc import Callable

from cctoolkit.capture.draft import Draft
from cctoolkit.cdr.records import CallRecord, Edge, VisitOutcome
from cctoolkit.marks import Kind, Mark

_QUEUE_EXIT: dict[str, VisitOutcome] = {
    "queue-timeout": "timeout",
    "queue-full": "full",
    "queue-no-agents": "no_agents",
}


def entered(mark: Mark, node: str, at: Edge, *, test: bool) -> Draft:
    """Begin a call."""
    return Draft(
        CallRecord(
            call=mark.call,
            node=node,
            project=mark.project,
            generation=mark.generation,
            release=mark.release,
            number=f"+{mark.step}",
            caller=mark.detail,
            entered=at,
            test=test,
        )
    )


def finish(draft: Draft, cause: int, at: Edge) -> None:
    """The call's first channel is gone: what it has not become by now it will not become."""
    if draft.record.ended and draft.record.ended.source == "ami":
        return
    draft.set(ended=at, cause=cause or draft.record.cause)
    if draft.record.outcome == "unfinished":
        visit = draft.visit()
        abandoned = visit is not None and visit.outcome == "abandoned"
        draft.set(outcome="abandoned" if abandoned else "ended_in_flow")
    draft.set(hung_up_by=_who(draft.record))


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


def _out(draft: Draft, mark: Mark, at: Edge) -> None:
    draft.leave(mark.step, mark.detail, at)
    outcome = _QUEUE_EXIT.get(mark.detail)
    if outcome is None or not draft.record.steps:
        return
    visit = draft.visit()
    step = draft.record.steps[-1].entered
    # A full queue, and one without agents, is never joined: the visit is this moment.
    if visit is None or (visit.joined.at < step.at and visit.outcome != "unfinished"):
        draft.join(draft.queues.get(mark.step, mark.step), at)
    draft.end_visit(outcome, at)


def _nothing(draft: Draft, mark: Mark, at: Edge) -> None:
    """entry begins a draft elsewhere; ask is an attempt of a menu, and the record keeps only how the menu was left; end
    is followed by a Hangup event with cause and moment, and finished from queue_log where there is none.
    """


def _wrap_up(draft: Draft, mark: Mark, at: Edge) -> None:
    draft.leg(mark.step, "answered", wrap_up_started=at)


def _ready(draft: Draft, mark: Mark, at: Edge) -> None:
    draft.leg(mark.step, "answered", wrap_up_ended=at)


MARKS: dict[Kind, Callable[[Draft, Mark, Edge], None]] = {
    "entry": _nothing,
    "step": _step,
    "ask": _nothing,
    "out": _out,
    "end": _nothing,
    "wrapup": _wrap_up,
    "ready": _ready,
}
