"""Agents' states as intervals: logged in from the first queue joined to the last one left, paused by reason, and with a
call that began before anything was captured.

An agent of several queues is one, by name (deeds.py). A pause in plain queues lasts until the last of them is left or
unpaused; one in a project's queues, which pause together, until the first of them is. Members of queues.conf never log
in: they are logged in while the switch lists them, unless they log in elsewhere, which then tells it alone.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import TypeVar

from msgspec import Struct, field

from cctoolkit.capture.deeds import NO_QUEUE, STARTED, Deed, Names, What, are_told, is_plain, of_line
from cctoolkit.capture.lines import SECOND, Line
from cctoolkit.capture.seats import Seat
from cctoolkit.capture.shift import Shift
from cctoolkit.cdr.records import AgentInterval, Edge

_RECENT = 64
_READ_AGAIN = 60 * SECOND
_LATE = 2 * SECOND
"""How old what an event shows may be: a line of what came after it may have been read first."""

MOST = 100_000
"""Agents remembered; what a hostile stream names beyond that lets the oldest go."""
MOST_UNNAMED = 10_000
"""Lines that wait for a listing."""


class _Agent(Struct):
    """One agent: their shift, and what has been told of them lately."""

    shift: Shift
    heard: list[Deed] = field(default_factory=list)
    unlogged: list[Deed] = field(default_factory=list)
    """Events whose line has not been read."""
    unheard: list[Deed] = field(default_factory=list)
    """Lines whose event has not been heard."""
    read: dict[Deed, int] = field(default_factory=dict)
    """Lines read so far, of the seconds that may be read again."""


class AgentStates(Struct):
    """Folds QueueMember events and lines of queue_log, which come once a queue, and listings into agents' intervals."""

    node: str = ""
    alone: bool = False
    """There are lines and nothing else; else those that call somebody by an unknown interface wait for a listing."""
    names: Names = field(default_factory=Names)
    forgotten: int = 0
    """Agents, and queues of theirs, beyond what can be."""
    _agents: dict[str, _Agent] = field(default_factory=dict)
    _changed: list[AgentInterval] = field(default_factory=list)
    _unnamed: list[Line] = field(default_factory=list)
    _started: int = 0
    """When the switch began anew last, as a line told it."""

    def take(self) -> list[AgentInterval]:
        """Return intervals that began or ended since the last take."""
        changed, self._changed = self._changed, []
        return changed

    def heard(self, agent: str, queue: str, what: What, at: Edge, reason: str = "") -> None:
        """Take an event, unless it was heard before or queue_log has told it already."""
        if not are_told(agent, queue):
            return
        known = self._known(agent)
        deed = Deed(what, queue, at.at, reason)
        if deed in known.heard:
            return
        _remember(known.heard, deed)
        told = [i for i, line in enumerate(known.unheard) if deed.is_line(line)]
        if told:
            del known.unheard[: told[-1] + 1]
        else:
            # What was read before is of before: no event of later is its.
            known.unheard = [line for line in known.unheard if line.queue != queue]
            _remember(known.unlogged, deed)
            if what == "joined" and queue == NO_QUEUE:
                # The switch adds persistent members again itself when it begins anew; AgentLogin is somebody's own.
                self._anew(known.shift, deed)
            self._does(known, deed, at)

    def logged(self, lines: Sequence[Line]) -> None:
        """Take lines of one reading, in order; what the events or an earlier reading have told changes nothing."""
        now: Counter[tuple[str, Deed]] = Counter()
        for line in lines:
            if self._waits(line):
                self.forgotten += len(self._unnamed) >= MOST_UNNAMED
                _remember(self._unnamed, line, MOST_UNNAMED)
            else:
                self._read(line, now)
        for agent in self._agents.values():
            newest = max((deed.at for deed in agent.read), default=0)
            agent.read = {deed: n for deed, n in agent.read.items() if deed.at >= newest - _READ_AGAIN}

    def _waits(self, line: Line) -> bool:
        """Say whether a line is to wait for a listing, and those after it with it."""
        if self.alone or not is_plain(line.queue):
            return False
        known = self.names.of(line.queue, line.agent) in self._agents
        return not known and (bool(self._unnamed) or self.names.lacks(line))

    def _read(self, line: Line, now: Counter[tuple[str, Deed]]) -> None:
        if line.event == STARTED:
            self._started = max(self._started, line.at)
            return
        name = self.names.of(line.queue, line.agent)
        for deed in of_line(line) if are_told(name, line.queue) else ():
            known = self._known(name)
            now[name, deed] += 1
            read = known.read.get(deed, 0)
            if now[name, deed] > read:
                known.read[deed] = read + 1
                self._reads(known, deed)

    def _reads(self, known: _Agent, deed: Deed) -> None:
        twin = next((one for one in known.unlogged if one.is_line(deed)), None)
        if twin:
            known.unlogged.remove(twin)
            return
        _remember(known.unheard, deed)
        if deed.what == "joined":
            self._anew(known.shift, deed)
        self._does(known, deed, Edge(deed.at, "queue_log"))

    def _anew(self, shift: Shift, joined: Deed) -> None:
        """Take note that somebody joins; nobody does who is there already, unless the switch forgot them meanwhile."""
        if joined.queue in shift.queues and joined.at >= self._started:
            self._forgotten(shift)

    def _forgotten(self, shift: Shift) -> bool:
        """Log out whom the switch forgot when it began anew; say whether that may be: no more was told of them."""
        if shift.last >= self._started:
            return False
        shift.leave(Edge(self._started, "queue_log"), self._changed)
        return True

    def listed(self, seats: Mapping[str, Seat], at: Edge, talking: Collection[str]) -> None:
        """Take who was in the queues at a moment: what nobody told began or ended unheard. `talking` are the agents
        whose call is known.
        """
        now: Counter[tuple[str, Deed]] = Counter()
        unnamed, self._unnamed = self._unnamed, []
        for line in unnamed:
            self._read(line, now)
        for agent in dict.fromkeys([*self._agents, *seats]):
            shift, seat = self._known(agent).shift, seats.get(agent)
            if seat:
                if shift.queues and not seat.queues:
                    self._forgotten(shift)
                shift.sits(seat, at, self._changed)
            elif shift.fixed or shift.queues:
                # Whom AgentLogin has no list says, but that the switch began anew since.
                listed = bool(shift.fixed or shift.queues.keys() - {NO_QUEUE})
                shift.fixed.clear()
                if not self._forgotten(shift) and listed:
                    shift.leave(at, self._changed)
            if seat and seat.in_call and agent not in talking:
                shift.begin("in_call", AgentInterval(self.node, agent, "in_call", at), self._changed)
            else:
                shift.end("in_call", at, self._changed)

    def noticed(self, agent: str, seat: Seat, at: Edge) -> None:
        """Take an event that shows a member of a plain queue of whom nothing was told: their log-in was not heard, or
        they have none. What came before their last log-out is no news.
        """
        known = self._agents.get(agent)
        shift = known.shift if known else Shift()
        if shift.queues.keys() >= seat.queues and not seat.fixed:
            return
        if (seat.logged_in or at.at - _LATE) > shift.left:
            shown = self._known(agent).shift.shows(seat, at, self._changed, pause=known is None)
            self.forgotten += not shown

    def knows(self, agent: str, queue: str) -> bool:
        """Say whether it was told that an agent is in a queue."""
        known = self._agents.get(agent)
        return known is not None and (queue in known.shift.queues or queue in known.shift.fixed)

    def wrapuptime(self, agent: str, queue: str, seconds: int) -> None:
        """Take note of a member's own wrapuptime in a queue they are in, 0: none."""
        if seconds and self.knows(agent, queue):
            self._agents[agent].shift.wrapuptimes[queue] = seconds
        elif known := self._agents.get(agent):
            known.shift.wrapuptimes.pop(queue, None)

    def talks(self, agent: str, at: Edge) -> None:
        """Take note of a call that no record has a leg of them in."""
        if known := self._agents.get(agent):
            known.shift.begin("in_call", AgentInterval(self.node, agent, "in_call", at), self._changed)

    def free(self, agent: str, queue: str, at: Edge) -> None:
        """Take note that an agent's call of a queue is over."""
        if known := self._agents.get(agent):
            known.shift.end("in_call", at, self._changed)
            known.shift.wraps_up(queue, at, self._changed)

    def _known(self, agent: str) -> _Agent:
        known = self._agents.get(agent)
        if known is None:
            if len(self._agents) >= MOST:
                self.forgotten += 1
                del self._agents[next(iter(self._agents))]
            known = self._agents[agent] = _Agent(Shift(self.node, agent))
        return known

    def _does(self, known: _Agent, deed: Deed, at: Edge) -> None:
        if not known.shift.does(deed, at, self._changed):
            self.forgotten += 1


_T = TypeVar("_T")


def _remember(deeds: list[_T], deed: _T, most: int = _RECENT) -> None:
    """Add the newest, and forget the oldest of too many."""
    deeds.append(deed)
    del deeds[:-most]
