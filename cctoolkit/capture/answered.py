"""The last leg of a call that an agent answered, in whichever visit: a call may go on after it."""

from collections.abc import Callable, Iterable

from msgspec.structs import replace

from cctoolkit.cdr.records import AgentLeg, CallRecord


def answered_leg(record: CallRecord, agent: str) -> AgentLeg | None:
    """Return it, None when there is none."""
    place = _place(record, agent)
    return record.visits[place[0]].legs[place[1]] if place else None


def talks_with(records: Iterable[CallRecord], agent: str) -> str:
    """Return the call an agent answered last of those whose talk nobody told the end of, "" when there is none."""
    legs = ((record.call, answered_leg(record, agent)) for record in records)
    open_talks = [(leg.answered.at, call) for call, leg in legs if leg and leg.answered and not leg.ended]
    return max(open_talks, default=(0, ""))[1]


def with_answered_leg(record: CallRecord, agent: str, change: Callable[[AgentLeg], AgentLeg]) -> CallRecord:
    """Return the record with it changed; as it is when there is none."""
    place = _place(record, agent)
    if place is None:
        return record
    (i, k), visits = place, record.visits
    legs = visits[i].legs
    changed = replace(visits[i], legs=(*legs[:k], change(legs[k]), *legs[k + 1 :]))
    return replace(record, visits=(*visits[:i], changed, *visits[i + 1 :]))


def _place(record: CallRecord, agent: str) -> tuple[int, int] | None:
    for i in range(len(record.visits) - 1, -1, -1):
        legs = record.visits[i].legs
        for k in range(len(legs) - 1, -1, -1):
            if legs[k].agent == agent and legs[k].outcome == "answered":
                return i, k
    return None
