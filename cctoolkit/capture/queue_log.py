"""The switch's own queue_log as a second source: pure, lines to records of whole-second edges.

Lines are `time|call|queue|agent|event|data…`; our own events begin with CCT (marks.py) and carry what app_queue does
not log: entry, steps, full and empty queues, the end of every call.
Source: docs.asterisk.org, Queue Logs; RINGNOANSWER counts milliseconds, CONNECT seconds.
"""

from collections.abc import Callable, Iterable

from cctoolkit import marks
from cctoolkit.capture.draft import Draft
from cctoolkit.capture.handlers import MARKS, entered, finish
from cctoolkit.capture.lines import SECOND, Line, parse
from cctoolkit.cdr.records import CallRecord, Edge, VisitOutcome

STATE_EVENTS = frozenset({"ADDMEMBER", "REMOVEMEMBER", "PAUSE", "UNPAUSE"})
"""What agents do, a line a queue."""

_TESTS = "cct-test-"


def select(text: str, since: int, *, only_live: bool) -> str:
    """Return the lines a gap since `since` (microseconds) needs: of every call with a line in it, from its beginning,
    and of agents' states in it. `only_live`: of calls that have not ended, and of agents' states at any time.
    """
    found = list(parse(text))
    if only_live:
        calls = {line.call for line in found if line.event == "CCTENTRY"}
        calls -= {line.call for line in found if line.event == "CCTEND"}
    else:
        calls = {line.call for line in found if line.at >= since - 2 * SECOND}
    rows = [
        "|".join(line.fields)
        for line in found
        if (line.event in STATE_EVENTS and (only_live or line.at >= since - SECOND))
        or (line.event not in STATE_EVENTS and line.call in calls)
    ]
    return "".join(f"{row}\n" for row in rows)


def records(lines: Iterable[Line], node: str) -> dict[str, Draft]:
    """Fold lines into a draft for each call whose entry is among them."""
    drafts: dict[str, Draft] = {}
    for line in lines:
        at = Edge(line.at, "queue_log")
        mark = marks.from_queue_log(line.fields)
        if mark and mark.kind == "entry":
            drafts[line.call] = entered(mark, node, at, test=line.call.startswith(_TESTS))
        elif draft := drafts.get(line.call):
            if mark:
                MARKS[mark.kind](draft, mark, at)
                if mark.kind == "end":
                    finish(draft, int(mark.detail) if mark.detail.isdecimal() else 0, at)
            elif handler := _HANDLERS.get(line.event):
                handler(draft, line, at)
    return drafts


def record_of(drafts: dict[str, Draft]) -> dict[str, CallRecord]:
    """Return the records of drafts."""
    return {call: draft.record for call, draft in drafts.items()}


def _earlier(at: Edge, microseconds: int) -> Edge:
    return Edge(at.at - microseconds, at.source)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def _enterqueue(draft: Draft, line: Line, at: Edge) -> None:
    ids = marks.queue_ids(line.queue)
    if ids:
        draft.join(ids[1], at)


def _ringnoanswer(draft: Draft, line: Line, at: Edge) -> None:
    draft.offer(line.agent, _earlier(at, _number(line.data(1)) * 1000))
    draft.leg(line.agent, "unfinished", outcome="no_answer", ended=at)


def _ringcanceled(draft: Draft, line: Line, at: Edge) -> None:
    draft.offer(line.agent, _earlier(at, _number(line.data(1)) * 1000))
    draft.leg(line.agent, "unfinished", outcome="cancelled", ended=at)


def _connect(draft: Draft, line: Line, at: Edge) -> None:
    draft.offer(line.agent, _earlier(at, _number(line.data(3)) * SECOND))
    draft.leg(line.agent, "unfinished", outcome="answered", answered=at)
    draft.end_visit("answered", at)
    draft.set(outcome="answered")


def _complete(who: str) -> Callable[[Draft, Line, Edge], None]:
    def handler(draft: Draft, line: Line, at: Edge) -> None:
        draft.leg(line.agent, "answered", ended=at, hung_up_by=who)

    return handler


def _left(outcome: VisitOutcome) -> Callable[[Draft, Line, Edge], None]:
    def handler(draft: Draft, _line: Line, at: Edge) -> None:
        draft.cancel(at)
        draft.end_visit(outcome, at)

    return handler


_HANDLERS: dict[str, Callable[[Draft, Line, Edge], None]] = {
    "ENTERQUEUE": _enterqueue,
    "RINGNOANSWER": _ringnoanswer,
    "RINGCANCELED": _ringcanceled,
    "CONNECT": _connect,
    "COMPLETEAGENT": _complete("agent"),
    "COMPLETECALLER": _complete("caller"),
    "ABANDON": _left("abandoned"),
    "EXITWITHTIMEOUT": _left("timeout"),
}
