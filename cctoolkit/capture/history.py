"""Years of queue_log, line by line, to call records and agents' states: a pure fold in bounded memory.

A call is told when nothing more can come of it. A plain queue's log ends with the queue: a caller who was left by an
agent or gave up is gone then; where another went on to, and when it ended, no line says, and its record stays open.
"""

from collections import Counter
from collections.abc import Sequence

from cctoolkit import marks
from cctoolkit.capture.agents import AgentStates
from cctoolkit.capture.deeds import STARTED, STATE_EVENTS, Names
from cctoolkit.capture.draft import Draft
from cctoolkit.capture.lines import SECOND, Line
from cctoolkit.capture.queue_log import Fold, LoggedCall
from cctoolkit.capture.tracker import KEEP_US, LOST_US
from cctoolkit.cdr.records import AgentInterval, CallRecord, Edge

_SWEEP_US = 600 * SECOND
_MOST_CALLS = 100_000
_MOST_SAID = 10_000
_MOST_AGENTS = 20_000
_LONGEST_NAME = 80
_NO_CALL = frozenset({"", "NONE", "REALTIME", "MANAGER", "CLI"})
_ALONE = STATE_EVENTS | {
    "PAUSEALL", "UNPAUSEALL", "CONFIGRELOAD", "DID", "INFO", "SYSCOMPAT", "MEMBERPENALTY", "ADDPENALTY", "CCTOVERRIDE",
    "CCTWRAPUP", "CCTREADY",
}  # fmt: skip
"""Lines that are of no call, or begin none; the last two are of an agent's own phone, long after the call they name."""


class History:
    """Feed it lines in order; take what is whole. `odd` counts what makes no record, by kind."""

    def __init__(self, node: str, until: int, odd: Counter[str], names: Names | None = None) -> None:
        """Tell nothing that is later than `until`: no log is of tomorrow. `names` are those that events told."""
        self.now = 0
        self.odd = odd
        self._until = until
        self._before = 0
        self._swept = 0
        self._fold = Fold(node)
        self._agents = AgentStates(node, alone=True, names=names or Names())
        self._names: set[str] = set()
        self._done: list[CallRecord] = []
        self._goes_on: dict[tuple[str, str, Edge], AgentInterval] = {}
        self._over: list[AgentInterval] = []

    def take(self, lines: Sequence[Line]) -> None:
        """Take the next lines; those of one second together, or a line of it may be taken for one read again."""
        states = [line for line in lines if self._one(line)]
        self._agents.logged(states)
        for interval in self._agents.take():
            key = interval.agent, interval.state, interval.start
            if interval.end is None:
                self._goes_on[key] = interval
            else:
                self._goes_on.pop(key, None)
                self._over.append(interval)

    def _one(self, line: Line) -> bool:
        """Take one line; say whether it is one of an agent's state."""
        if line.at > self._until:
            self.odd["a line of the future"] += 1
            return False
        if line.at < self.now - SECOND:
            self.odd["a line earlier than those before it (taken all the same)"] += 1
        # One line with a wrong time makes no time pass.
        self.now = max(self.now, min(self._before or line.at, line.at))
        self._before = line.at
        if self.now > self._swept + _SWEEP_US:
            self._sweep()
        if line.event == STARTED:
            # The switch began anew: no call of before goes on.
            self._finish(list(self._fold.calls))
        known = None if line.call in _NO_CALL else self._fold.take(line)
        if known:
            self._bound(known)
        elif line.event not in _ALONE and not marks.is_shadow(line.queue):
            # Verify fills such queues by calls that have no beginning.
            self.odd["a line of a call whose beginning is not there"] += 1
        return line.event in _ALONE and self._named(line.agent)

    def _named(self, agent: str) -> bool:
        if agent in self._names:
            return True
        if len(agent) > _LONGEST_NAME or len(self._names) >= _MOST_AGENTS:
            self.odd["a line of an agent too many, or whose name is too long"] += 1
            return False
        self._names.add(agent)
        return True

    def _bound(self, known: LoggedCall) -> None:
        if len(known.said) > _MOST_SAID:
            self.odd["a line too many of one call"] += len(known.said) - _MOST_SAID
            del known.said[_MOST_SAID:]
        if len(self._fold.calls) > _MOST_CALLS:
            self._finish([next(iter(self._fold.calls))])

    def _sweep(self) -> None:
        self._swept = self.now
        self._finish(
            [
                id_
                for id_, call in self._fold.calls.items()
                if call.last < self.now - (KEEP_US if call.over else LOST_US)
            ]
        )

    def _finish(self, ids: Sequence[str]) -> None:
        self._done += [_record(self._fold.calls.pop(id_)) for id_ in ids]

    def records(self) -> list[CallRecord]:
        """Return the calls that have become whole since the last time."""
        done, self._done = self._done, []
        return done

    def states(self) -> list[AgentInterval]:
        """Return the states that have ended since the last time."""
        over, self._over = self._over, []
        return over

    def end(self) -> None:
        """Take note that no line follows: what goes on is told as it is; of states only those that began on the log's
        last day, since a log-out may never have been written.
        """
        self._finish(list(self._fold.calls))
        for interval in self._goes_on.values():
            if interval.start.at >= self.now - LOST_US:
                self._over.append(interval)
            else:
                self.odd["a state without an end"] += 1
        self._goes_on.clear()


def _record(call: LoggedCall) -> CallRecord:
    draft = Draft(call.start, last=call.last, born=-1)
    draft.patch(call.story())
    return draft.record
