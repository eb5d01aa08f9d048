"""The switch's own queue_log as a second source: pure, lines to what they say of each call, to the whole second.

Lines are `time|call|queue|agent|event|data…`; our own events begin with CCT (marks.py) and carry what app_queue does
not log: entry, steps, full and empty queues, the end of every call.
Source: docs.asterisk.org, Queue Logs, and app_queue.c; RINGNOANSWER counts milliseconds, CONNECT seconds.
"""

from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct, field

from cctoolkit import marks
from cctoolkit.capture.lines import SECOND, Line, parse
from cctoolkit.capture.moments import born
from cctoolkit.capture.said import Said, digits
from cctoolkit.cdr.records import CallRecord, Edge

STATE_EVENTS = frozenset({"ADDMEMBER", "REMOVEMEMBER", "PAUSE", "UNPAUSE"})
"""What agents do, a line a queue."""

ANSWERING = frozenset({"callback", "collect", "menu", "play", "queue", "survey", "transfer", "voicemail"})
"""Step types that answer a call not answered yet, as soon as they are entered: `needs_answer` of model.steps."""

_TESTS = "cct-test-"


class LoggedCall(Struct):
    """A call as queue_log tells it: the record at its entry, and what was said after."""

    start: CallRecord
    said: list[Said] = field(default_factory=list)
    up: bool = False


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
        if (line.event in STATE_EVENTS and (only_live or line.at >= since - 2 * SECOND))
        or (line.event not in STATE_EVENTS and line.call in calls)
    ]
    return "".join(f"{row}\n" for row in rows)


def calls(lines: Iterable[Line], node: str) -> dict[str, LoggedCall]:
    """Return what lines say of each call whose entry is among them."""
    found: dict[str, LoggedCall] = {}
    for line in lines:
        mark = marks.from_queue_log(line.fields)
        if mark and mark.kind == "entry":
            start = entered(mark, node, Edge(line.at, "queue_log"), test=line.call.startswith(_TESTS))
            found[line.call] = LoggedCall(start)
        elif call := found.get(line.call):
            call.said += _marked(call, mark, Edge(line.at, "queue_log")) if mark else _queued(line)
    return found


def entered(mark: marks.Mark, node: str, at: Edge, *, test: bool) -> CallRecord:
    """Return the record of a call that has just entered."""
    return CallRecord(
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


def from_mark(mark: marks.Mark, at: Edge) -> Said | None:
    """Return what a mark says; an attempt of a menu says nothing that a record keeps, an override is of no call."""
    if mark.kind == "entry" or mark.kind == "ask" or mark.kind == "override":  # noqa: PLR1714 - what is left is a kind of both
        return None
    return Said(mark.kind, at, mark.step, mark.detail)


def _marked(call: LoggedCall, mark: marks.Mark, at: Edge) -> Iterator[Said]:
    said = from_mark(mark, at)
    if said:
        yield said
    if mark.kind == "step" and not call.up and mark.detail.partition(":")[0] in ANSWERING:
        call.up = True
        yield Said("up", at)


def _queued(line: Line) -> Iterator[Said]:
    ids = marks.queue_ids(line.queue)
    make = _LINES.get(line.event)
    if ids and make:
        yield make(line, Edge(line.at, "queue_log"), ids[1])


def _complete(who: str) -> Callable[[Line, Edge, str], Said]:
    return lambda line, at, _queue: Said("complete", at, line.agent, who)


def _left(how: str) -> Callable[[Line, Edge, str], Said]:
    return lambda _line, at, queue: Said("left", at, queue, how)


def _rang(line: Line) -> int:
    """Return how long an answered phone rang: since the second its channel's id names, else as the line rounds it."""
    begun = born(line.data(2)) * SECOND
    return max(0, line.at - begun) if begun else digits(line.data(3)) * SECOND


_LINES: dict[str, Callable[[Line, Edge, str], Said]] = {
    "ENTERQUEUE": lambda _line, at, queue: Said("join", at, queue),
    "RINGNOANSWER": lambda line, at, _: Said("missed", at, line.agent, rang_us=digits(line.data(1)) * 1000),
    "RINGCANCELED": lambda line, at, _: Said("cancelled", at, line.agent, rang_us=digits(line.data(1)) * 1000),
    "CONNECT": lambda line, at, _: Said("connect", at, line.agent, rang_us=_rang(line)),
    "COMPLETEAGENT": _complete("agent"),
    "COMPLETECALLER": _complete("caller"),
    "BLINDTRANSFER": _complete(""),
    "ATTENDEDTRANSFER": _complete(""),
    "ABANDON": _left("abandoned"),
    "EXITWITHTIMEOUT": _left("timeout"),
    "EXITEMPTY": _left("no_agents"),
}
