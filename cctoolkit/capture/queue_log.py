"""The switch's own queue_log as a second source: pure, lines to what they say of each call, to the whole second.

Lines are `time|call|queue|agent|event|data…`; our own events begin with CCT (marks.py) and carry what app_queue does
not log: entry, steps, full and empty queues, the end of every call.
Source: docs.asterisk.org, Queue Logs, and app_queue.c; RINGNOANSWER counts milliseconds, CONNECT seconds.
"""

from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct, field

from cctoolkit import marks
from cctoolkit.capture.channel import call_of, number
from cctoolkit.capture.lines import SECOND, Line
from cctoolkit.capture.moments import born
from cctoolkit.capture.said import Said, digits
from cctoolkit.cdr.records import CallRecord, Edge

ANSWERING = frozenset({"callback", "collect", "menu", "play", "queue", "survey", "transfer", "voicemail"})
"""Step types that answer a call not answered yet, as soon as they are entered: `needs_answer` of model.steps."""

_TESTS = "cct-test-"
_MOST_DIALLED = 1000


class LoggedCall(Struct):
    """A call as queue_log tells it: the record at its entry, and what was said after."""

    start: CallRecord
    said: list[Said] = field(default_factory=list)
    up: bool = False
    last: int = 0
    """The moment of the newest line."""
    over: bool = False
    """Its last line is one that nothing of the caller's follows."""
    channel: str = ""
    """The caller's, of a call that no entry of ours let in."""

    def story(self) -> list[Said]:
        """Return what was said, and of a caller who has left a plain queue for good that the call is over."""
        if self.over and not self.start.project:
            return [*self.said, Said("end", Edge(self.last, "queue_log"))]
        return self.said


class Fold(Struct):
    """Takes lines one by one and keeps what they say of each call whose beginning was among them, by its id: our entry,
    or a queue that is not ours.
    """

    node: str
    calls: dict[str, LoggedCall] = field(default_factory=dict)
    _dialled: dict[str, str] = field(default_factory=dict)
    """Numbers that DID lines (FreePBX writes them) told of calls that have not begun yet."""

    def take(self, line: Line) -> LoggedCall | None:
        """Take a line; return the call it is of, None when it is of none that is known."""
        mark = marks.from_queue_log(line.fields)
        if mark and mark.kind == "entry":
            start = entered(mark, self.node, Edge(line.at, "queue_log"), test=line.call.startswith(_TESTS))
            call = self.calls[line.call] = LoggedCall(start, last=line.at)
            return call
        known = self.calls.get(line.call)
        if known is None:
            known = self._plain(line)
        if known:
            known.last = max(known.last, line.at)
            known.said += _marked(known, mark, Edge(line.at, "queue_log")) if mark else _queued(known, line)
            ours = bool(known.start.project)
            known.over = known.over or line.event == "CCTEND" if ours else line.event in _OVER
        return known

    def _plain(self, line: Line) -> LoggedCall | None:
        call = call_of(self.node, line.call)
        if line.event == "DID":
            self._dialled[line.call] = number(line.data(1))
            if len(self._dialled) > _MOST_DIALLED:
                del self._dialled[next(iter(self._dialled))]
        if call not in self.calls and line.event == "ENTERQUEUE" and marks.queue_ids(line.queue) is None:
            dialled, caller = self._dialled.pop(line.call, ""), number(line.data(2))
            start = CallRecord(call, self.node, "", "", "", dialled, caller, Edge(line.at, "queue_log"))
            self.calls[call] = LoggedCall(start, channel=line.call)
        return self.calls.get(call)


def calls(lines: Iterable[Line], node: str) -> dict[str, LoggedCall]:
    """Return what lines say of each call whose beginning is among them."""
    fold = Fold(node)
    for line in lines:
        fold.take(line)
    return fold.calls


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


def _queued(call: LoggedCall, line: Line) -> Iterator[Said]:
    """Read a line of app_queue: of a queue of ours, and in a call that is none of ours, of a queue as it is called."""
    ids, make = marks.queue_ids(line.queue), _LINES.get(line.event)
    if not call.start.project:
        make = _PLAIN_LINES.get(line.event, make)
    elif ids is None:
        return
    if make:
        yield make(line, Edge(line.at, "queue_log"), ids[1] if ids else line.queue)


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
    "BLINDTRANSFER": lambda line, at, _: Said("complete", at, line.agent, "blind", number=number(line.data(1))),
    "ATTENDEDTRANSFER": _complete("attended"),
    "ABANDON": _left("abandoned"),
    "EXITWITHTIMEOUT": _left("timeout"),
    "EXITEMPTY": _left("no_agents"),
    "EXITWITHKEY": lambda _line, at, queue: Said("exit", at, queue),
}

_PLAIN_LINES: dict[str, Callable[[Line, Edge, str], Said]] = {
    "EXITWITHKEY": _left("exit_key"),
    "TRANSFER": _complete(""),
}
"""What only a call needs that has no marks of ours: they say which key, and through which step; TRANSFER is of before
Asterisk 12.
"""

_OVER = frozenset({"ABANDON", "COMPLETEAGENT", "COMPLETECALLER"})
"""Lines after which a caller has gone, unless another line follows."""
