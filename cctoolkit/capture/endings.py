"""What became of a call, and who ended it: judged when it has ended."""

from collections.abc import Collection
from typing import Literal, get_args

from cctoolkit.capture.said import Said
from cctoolkit.cdr.records import CallOutcome, CallRecord

Who = Literal["caller", "flow", "agent", ""]
_WHO: dict[str, Who] = {who: who for who in get_args(Who)}
_ENDED_BY: dict[str, CallOutcome] = {
    "transferred": "transferred",
    "message-left": "message",
    "voicemail-done": "message",
}


def how(record: CallRecord) -> CallOutcome:
    """Say what became of a call that no agent answered: the furthest it came."""
    for step in reversed(record.steps):
        if step.outcome in _ENDED_BY:
            return _ENDED_BY[step.outcome]
    last = record.visits[-1].outcome if record.visits else ""
    if last in ("abandoned", "unfinished"):
        return "abandoned" if last == "abandoned" else "unfinished"
    rung = any(party.how != "originate" or party.outcome != "answered" for party in record.parties)
    return "not_answered" if rung and not record.project else "ended_in_flow"


def who(record: CallRecord, said: Said, queues: Collection[str]) -> Who:
    """Say who ended it: the flow by its hangup step, or a switch that stops, the agent if the agent was last, else the
    caller; of one that a step transferred, whose other end is not ours, nobody knows. Of one that an agent sent on, the
    channels do. `queues` are the steps that are queues, `said` is the channel's end.
    """
    if said.name == "switch":
        return "flow"
    legs = [leg for visit in record.visits for leg in visit.legs if leg.outcome == "answered"]
    if not record.project:
        return _of_another(record, said, legs[-1].hung_up_by if legs else "")
    last = record.steps[-1] if record.steps else None
    if last and last.outcome == "transferred":
        return ""
    if record.outcome == "busy" or (last and last.outcome == "hangup"):
        return "flow"
    # A call may go on after its agent: then its last step is no queue.
    if not legs or (last and last.step not in queues):
        return "caller"
    return legs[-1].hung_up_by or (_WHO.get(said.name, "") if record.transfers else "")


def _of_another(record: CallRecord, said: Said, agent: Who) -> Who:
    """Of a call of another dialplan whoever left first, then its queue: it knows nothing of what came after it."""
    left = "caller" if record.outcome == "abandoned" else _WHO.get(said.name, "")
    return left or agent
