"""Agents' states as intervals: logged in from the first queue joined to the last one left, paused by reason, and with a
call that began before anything was captured.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Literal

from msgspec import Struct, field
from msgspec.structs import replace

from cctoolkit import marks
from cctoolkit.capture.lines import SECOND, Line
from cctoolkit.capture.seats import Seat
from cctoolkit.cdr.records import AgentInterval, AgentState, Edge

What = Literal["joined", "left", "paused", "unpaused"]

_LINES: dict[str, What] = {
    "ADDMEMBER": "joined", "REMOVEMEMBER": "left", "PAUSE": "paused", "UNPAUSE": "unpaused",
    "AGENTLOGIN": "joined", "AGENTLOGOFF": "left", "AGENTCALLBACKLOGIN": "joined", "AGENTCALLBACKLOGOFF": "left",
    "PAUSEALL": "paused", "UNPAUSEALL": "unpaused",
}  # fmt: skip
"""By event; those of the second and third row have no queue, and are of switches whose queues are not ours."""

_EARLY, _LATE = 2 * SECOND, SECOND
_RECENT = 64
_READ_AGAIN = 60 * SECOND

MOST = 100_000
"""Agents remembered; what a hostile stream names beyond that lets the oldest go."""
MOST_QUEUES = 10_000
"""Queues one agent is in."""


class _Deed(Struct, frozen=True):
    """What an agent did, in which queue, when."""

    what: What
    queue: str
    at: int

    def is_line(self, line: "_Deed") -> bool:
        """Say whether a line of queue_log, cut to its second, may be this event's."""
        near = -_LATE <= self.at - line.at <= _EARLY
        return near and (self.what, self.queue) == (line.what, line.queue)


class _Agent(Struct):
    """One agent: the queues they are in, the states that last, and what has been told of them lately."""

    queues: set[str] = field(default_factory=set)
    left: int = 0
    """When they were logged out last."""
    open: dict[str, AgentInterval] = field(default_factory=dict)
    heard: list[_Deed] = field(default_factory=list)
    unlogged: list[_Deed] = field(default_factory=list)
    """Events whose line has not been read."""
    unheard: list[_Deed] = field(default_factory=list)
    """Lines whose event has not been heard."""
    read: dict[_Deed, int] = field(default_factory=dict)
    """Lines read so far, of the seconds that may be read again."""


class AgentStates(Struct):
    """Folds QueueMember events and lines of queue_log, which come once a queue, and listings into agents' intervals."""

    node: str = ""
    plain: bool = False
    """Lines of queues that are not ours are taken too."""
    forgotten: int = 0
    """Agents, and queues of theirs, beyond what can be."""
    _agents: dict[str, _Agent] = field(default_factory=dict)
    _changed: list[AgentInterval] = field(default_factory=list)

    def take(self) -> list[AgentInterval]:
        """Return intervals that began or ended since the last take."""
        changed, self._changed = self._changed, []
        return changed

    def heard(self, agent: str, queue: str, what: What, at: Edge, reason: str = "") -> None:
        """Take an event, unless it was heard before or queue_log has told it already."""
        if not agent or not marks.serves_callers(queue):
            return
        known = self._known(agent)
        deed = _Deed(what, queue, at.at)
        if deed in known.heard:
            return
        _remember(known.heard, deed)
        told = [i for i, line in enumerate(known.unheard) if deed.is_line(line)]
        if told:
            del known.unheard[: told[-1] + 1]
        else:
            _remember(known.unlogged, deed)
            self._apply(known, agent, deed, at, reason)

    def logged(self, lines: Sequence[Line]) -> None:
        """Take lines of one reading, in order; what the events or an earlier reading have told changes nothing."""
        now: Counter[tuple[str, _Deed]] = Counter()
        for line in lines:
            what = _LINES.get(line.event)
            if what is None or not line.agent or not self._serves(line.queue):
                continue
            known = self._known(line.agent)
            deed = _Deed(what, line.queue, line.at)
            now[line.agent, deed] += 1
            read = known.read.get(deed, 0)
            if now[line.agent, deed] > read:
                known.read[deed] = read + 1
                self._read(known, line, deed)
        for agent in self._agents.values():
            newest = max((deed.at for deed in agent.read), default=0)
            agent.read = {deed: n for deed, n in agent.read.items() if deed.at >= newest - _READ_AGAIN}

    def _serves(self, queue: str) -> bool:
        return marks.serves_callers(queue) or (self.plain and marks.queue_ids(queue) is None)

    def listed(self, seats: Mapping[str, Seat], at: Edge, talking: Collection[str]) -> None:
        """Take who was in the queues at a moment: what nobody told began or ended unheard. `talking` are the agents
        whose call is known.
        """
        for agent in {*self._agents, *seats}:
            known = self._known(agent)
            if agent in seats:
                self._seat(known, agent, seats[agent], at)
            elif known.queues:
                self._leave(known, at)
            if agent in seats and seats[agent].in_call and agent not in talking:
                self._begin(known, "in_call", AgentInterval(self.node, agent, "in_call", at))
            else:
                self._end(known, "in_call", at)

    def free(self, agent: str, at: Edge) -> None:
        """Take note that an agent's call is over."""
        if known := self._agents.get(agent):
            self._end(known, "in_call", at)

    def _known(self, agent: str) -> _Agent:
        known = self._agents.get(agent)
        if known is None:
            if len(self._agents) >= MOST:
                self.forgotten += 1
                del self._agents[next(iter(self._agents))]
            known = self._agents[agent] = _Agent()
        return known

    def _seat(self, known: _Agent, agent: str, seat: Seat, at: Edge) -> None:
        # No earlier than what is told of them already: an agent who left and came back has two intervals.
        logged_in = replace(at, at=max(seat.logged_in or at.at, known.left))
        if not known.queues:
            self._begin(known, "logged_in", AgentInterval(self.node, agent, "logged_in", logged_in))
        known.queues = set(seat.queues)
        if seat.paused is None:
            self._end(known, "pause", at)
        else:
            self._pause(known, agent, seat.paused, replace(at, at=max(seat.paused_since, logged_in.at)))

    def _leave(self, known: _Agent, at: Edge) -> None:
        known.queues.clear()
        known.left = at.at
        self._end(known, "pause", at)
        self._end(known, "logged_in", at)

    def _read(self, known: _Agent, line: Line, deed: _Deed) -> None:
        twin = next((one for one in known.unlogged if one.is_line(deed)), None)
        if twin:
            known.unlogged.remove(twin)
            return
        _remember(known.unheard, deed)
        self._apply(known, line.agent, deed, Edge(line.at, "queue_log"), line.data(1))

    def _apply(self, known: _Agent, agent: str, deed: _Deed, at: Edge, reason: str) -> None:
        if deed.what == "joined":
            if not known.queues:
                self._begin(known, "logged_in", AgentInterval(self.node, agent, "logged_in", at))
            if len(known.queues) < MOST_QUEUES:
                known.queues.add(deed.queue)
            else:
                self.forgotten += 1
        elif deed.what == "left":
            known.queues.discard(deed.queue)
            if not known.queues:
                self._leave(known, at)
        elif deed.what == "paused":
            self._pause(known, agent, reason, at)
        else:
            self._end(known, "pause", at)

    def _pause(self, known: _Agent, agent: str, reason: str, at: Edge) -> None:
        now = known.open.get("pause")
        if now and now.reason == reason:
            return
        self._end(known, "pause", at)
        state: AgentState = "wrap-up" if reason == marks.WRAP_UP else "paused"
        self._begin(known, "pause", AgentInterval(self.node, agent, state, at, reason=reason))

    def _begin(self, known: _Agent, kind: str, interval: AgentInterval) -> None:
        if kind not in known.open:
            known.open[kind] = interval
            self._changed.append(interval)

    def _end(self, known: _Agent, kind: str, at: Edge) -> None:
        interval = known.open.pop(kind, None)
        if interval:
            # A line's second may begin before the moment it tells of.
            self._changed.append(replace(interval, end=replace(at, at=max(at.at, interval.start.at))))


def _remember(deeds: list[_Deed], deed: _Deed) -> None:
    """Add the newest, and forget the oldest of too many."""
    deeds.append(deed)
    del deeds[:-_RECENT]
