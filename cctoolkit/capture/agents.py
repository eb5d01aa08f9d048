"""Agents' states as intervals: logged in from the first queue joined to the last one left, paused by reason."""

from msgspec.structs import replace

from cctoolkit import marks
from cctoolkit.capture.lines import Line
from cctoolkit.cdr.records import AgentInterval, AgentState, Edge


class AgentStates:
    """Folds QueueMember events, which come once a queue, into intervals an agent has."""

    def __init__(self, node: str) -> None:
        self._node = node
        self._queues: dict[str, set[str]] = {}
        self._open: dict[tuple[str, str], AgentInterval] = {}
        self._changed: list[AgentInterval] = []

    def take(self) -> list[AgentInterval]:
        """Return intervals that began or ended since the last take."""
        changed, self._changed = self._changed, []
        return changed

    def joined(self, agent: str, queue: str, at: Edge) -> None:
        """The agent became a member of a queue; shadow queues have no agents."""
        if _shadow(queue):
            return
        queues = self._queues.setdefault(agent, set())
        if not queues:
            self._begin(AgentInterval(self._node, agent, "logged_in", at))
        queues.add(queue)

    def left(self, agent: str, queue: str, at: Edge) -> None:
        """The agent is no member any more; out of the last queue ends every state."""
        queues = self._queues.get(agent, set())
        queues.discard(queue)
        if not queues:
            for kind in ("pause", "logged_in"):
                self._end(agent, kind, at)

    def paused(self, agent: str, paused: bool, reason: str, at: Edge) -> None:
        """A pause began or ended; the event comes once a queue, and without a reason at the end."""
        now = self._open.get((agent, "pause"))
        if paused and now and now.reason == reason:
            return
        self._end(agent, "pause", at)
        if paused:
            state: AgentState = "wrap-up" if reason == marks.WRAP_UP else "paused"
            self._begin(AgentInterval(self._node, agent, state, at, reason=reason), "pause")

    def logged(self, line: Line) -> None:
        """Take a line of queue_log; what the events have told already changes nothing."""
        at = Edge(line.at, "queue_log")
        queues = self._queues.get(line.agent, set())
        if line.event == "ADDMEMBER" and line.queue not in queues:
            self.joined(line.agent, line.queue, at)
        elif line.event == "REMOVEMEMBER" and line.queue in queues:
            self.left(line.agent, line.queue, at)
        elif line.event in ("PAUSE", "UNPAUSE") and self._later(line):
            self.paused(line.agent, line.event == "PAUSE", line.data(1), at)

    def _later(self, line: Line) -> bool:
        """Say whether a pause line tells of something after what is known; of the same second it may be the same."""
        now = self._open.get((line.agent, "pause")) or self._open.get((line.agent, "logged_in"))
        return now is None or line.at > now.start.at

    def _begin(self, interval: AgentInterval, kind: str = "logged_in") -> None:
        self._open[interval.agent, kind] = interval
        self._changed.append(interval)

    def _end(self, agent: str, kind: str, at: Edge) -> None:
        interval = self._open.pop((agent, kind), None)
        if interval:
            self._changed.append(replace(interval, end=at))


def _shadow(queue: str) -> bool:
    ids = marks.queue_ids(queue)
    return ids is not None and ids[2]
