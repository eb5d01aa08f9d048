"""What the node's queue_log says of each call: app_queue's own lines and our marks, told apart by the event's name.

A line that does not hold together is passed over: a caller's number may have a line break in it, and app_queue writes
it as it came. Source: docs.asterisk.org, Queue Logs.
"""

from collections.abc import Iterable, Sequence

import msgspec

from cctoolkit import marks

_LEFT = ("ABANDON", "EXITWITHTIMEOUT", "EXITEMPTY", "EXITWITHKEY", "CONNECT")
_COMPLETE = {"COMPLETECALLER": "caller", "COMPLETEAGENT": "agent"}


_ENDED_BY = {"transferred": "transferred", "message-left": "message", "voicemail-done": "message", "busy": "busy"}
"""Ways out of the flow, and of a number that is full, which are outcomes of the call."""


class Logged(msgspec.Struct):
    """One call: whole seconds since the epoch, None where no line says so."""

    entered: int | None = None
    ended: int | None = None
    entries: int = 0
    ends: int = 0
    caller: str = ""
    agent: str = ""
    left: str = ""
    """The last way out of a queue, by app_queue's name."""
    hung_up_by: str = ""
    outs: tuple[tuple[str, str], ...] = ()
    """(step, outcome) of each step left."""

    @property
    def outcome(self) -> str:
        """The call's outcome in a record's words."""
        if self.agent:
            return "answered"
        if not self.ends:
            return "unfinished"
        for _, outcome in reversed(self.outs):
            if outcome in _ENDED_BY:
                return _ENDED_BY[outcome]
        return "abandoned" if self.left == "ABANDON" else "ended_in_flow"


def calls(lines: Iterable[str]) -> dict[str, Logged]:
    """Return what the log says, by call id, of calls that entered by our entry."""
    found: dict[str, Logged] = {}
    for line in lines:
        fields = line.rstrip("\n").split("|")
        if len(fields) < 5 or not fields[0].isdecimal():
            continue
        mark = marks.from_queue_log(fields)
        if mark and mark.kind == "entry":
            found.setdefault(mark.call, Logged(caller=mark.detail))
        one = found.get(fields[1])
        if one and mark:
            _mark(one, mark, int(fields[0]))
        elif one:
            _native(one, fields)
    return found


def _mark(one: Logged, mark: marks.Mark, at: int) -> None:
    if mark.kind == "entry":
        one.entered = at
        one.entries += 1
    elif mark.kind == "end":
        one.ended = at
        one.ends += 1
    elif mark.kind == "out" and mark.detail != "queue-continued":
        # A queue that goes on after its agents is left once, by being answered.
        one.outs = (*one.outs, (mark.step, mark.detail))


def _native(one: Logged, fields: Sequence[str]) -> None:
    agent, event = fields[3:5]
    if event in _LEFT:
        one.left = event
    if event == "CONNECT":
        one.agent = agent
    one.hung_up_by = _COMPLETE.get(event, one.hung_up_by)
