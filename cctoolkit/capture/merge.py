"""One call seen twice: the events' record, exact but perhaps with a hole, and queue_log's, whole but to the second.

The whole one gives the structure; every edge the events also saw is the events'.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

from msgspec.structs import replace

from cctoolkit.capture.draft import NEAR
from cctoolkit.cdr.records import AgentLeg, CallRecord, Edge, QueueVisit, StepTaken

T = TypeVar("T", StepTaken, QueueVisit, AgentLeg)


def near(one: Edge, other: Edge) -> bool:
    """Say whether two edges may be one moment."""
    return abs(one.at - other.at) <= NEAR


def merge(events: CallRecord, log: CallRecord) -> CallRecord:
    """Return the record of a call from both sources."""
    steps = _align(events.steps, log.steps, lambda s: s.step, lambda s: s.entered, _step)
    visits = _align(events.visits, log.visits, lambda v: v.queue, lambda v: v.joined, _visit)
    ended = events.ended or log.ended
    whole = events if events.ended else log
    return replace(
        events,
        steps=steps,
        visits=visits,
        answered=events.answered or log.answered,
        ended=ended,
        outcome=events.outcome if events.outcome != "unfinished" else log.outcome,
        hung_up_by=whole.hung_up_by,
        cause=whole.cause,
    )


def _align(
    events: Sequence[T],
    log: Sequence[T],
    name: Callable[[T], str],
    start: Callable[[T], Edge],
    both: Callable[[T, T], T],
) -> tuple[T, ...]:
    """Pair what both sources saw, in order; keep what only one of them did, by time."""
    rest: list[T] = list(events)
    found: list[T] = []
    for item in log:
        twin = next((e for e in rest if name(e) == name(item) and near(start(e), start(item))), None)
        if twin is not None:
            rest.remove(twin)
        found.append(item if twin is None else both(twin, item))
    return tuple(sorted(found + rest, key=lambda item: start(item).at))


def _step(events: StepTaken, log: StepTaken) -> StepTaken:
    return replace(events, outcome=events.outcome or log.outcome, left=events.left or log.left)


def _visit(events: QueueVisit, log: QueueVisit) -> QueueVisit:
    legs = _align(events.legs, log.legs, lambda leg: leg.agent, lambda leg: leg.offered, _leg)
    # The log's outcome is the later word when the events stopped at QueueCallerAbandon, which also means time-out.
    outcome = log.outcome if log.outcome != "unfinished" else events.outcome
    return replace(events, outcome=outcome, left=events.left or log.left, legs=legs)


def _leg(events: AgentLeg, log: AgentLeg) -> AgentLeg:
    return replace(
        events,
        outcome=events.outcome if events.outcome != "unfinished" else log.outcome,
        answered=events.answered or log.answered,
        ended=events.ended or log.ended,
        hung_up_by=events.hung_up_by or log.hung_up_by,
        wrap_up_started=events.wrap_up_started or log.wrap_up_started,
        wrap_up_ended=events.wrap_up_ended or log.wrap_up_ended,
    )
