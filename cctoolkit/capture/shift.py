"""One agent's shift: the queues they are in, and the states that last."""

from msgspec import Struct, field
from msgspec.structs import replace

from cctoolkit import marks
from cctoolkit.capture.deeds import Deed
from cctoolkit.capture.lines import SECOND
from cctoolkit.capture.seats import Seat
from cctoolkit.cdr.records import AgentInterval, AgentState, Edge, Source

MOST_QUEUES = 10_000
"""Queues one agent is in."""

_SAME = 2 * SECOND
"""How far a listing's second may lie from what an event or a line told of the same."""


class Shift(Struct):
    """What is so of an agent now. What begins or ends is added to `told`, which whoever calls gives."""

    node: str = ""
    agent: str = ""
    queues: dict[str, bool] = field(default_factory=dict)
    """Those logged in to."""
    fixed: dict[str, bool] = field(default_factory=dict)
    """Those whose member queues.conf makes them."""
    logs_in: bool = False
    """They have logged in somewhere: where queues.conf puts them says nothing of their time any more."""
    paused: dict[str, str] = field(default_factory=dict)
    """Queues they are paused in -> why, the newest last."""
    left: int = 0
    """When they were logged out last."""
    last: int = 0
    """The newest moment at which they were somewhere."""
    open: dict[str, AgentInterval] = field(default_factory=dict)
    wrapuptimes: dict[str, int] = field(default_factory=dict)
    """Queue -> seconds after a call of it, where the member has its own."""

    def does(self, deed: Deed, at: Edge, told: list[AgentInterval]) -> bool:
        """Take what they did; say whether it could be: not beyond MOST_QUEUES."""
        self.last = max(self.last, deed.at)
        if deed.what == "joined":
            self.logs_in = True
            self.begin("logged_in", AgentInterval(self.node, self.agent, "logged_in", at), told)
            return _add(self.queues, deed.queue)
        if deed.what == "left":
            self.queues.pop(deed.queue, None)
            self._leaves(deed.queue, at, told)
        elif deed.what == "unpaused":
            self._unpaused(deed.queue, at, told)
        else:
            self._pause(deed.reason, at, told)
            if deed.queue not in self.paused and len(self.paused) >= MOST_QUEUES:
                return False
            self.paused.pop(deed.queue, None)
            self.paused[deed.queue] = deed.reason
        return True

    def _leaves(self, queue: str, at: Edge, told: list[AgentInterval]) -> None:
        if not self.queues:
            self.leave(at, told)
        elif marks.serves_callers(queue):
            self.paused.pop(queue, None)
        elif queue in self.paused:
            self._unpaused(queue, at, told)

    def _unpaused(self, queue: str, at: Edge, told: list[AgentInterval]) -> None:
        self.paused.pop(queue, None)
        if marks.serves_callers(queue):
            self.paused.clear()
        if self.paused:
            self._pause(next(reversed(self.paused.values())), at, told)
        else:
            self.end("pause", at, told)

    def sits(self, seat: Seat, at: Edge, told: list[AgentInterval]) -> None:
        """Take how the switch lists them at a moment: what nobody told began or ended unheard."""
        self.logs_in = self.logs_in or bool(seat.queues)
        self.queues, self.fixed = (dict.fromkeys(sorted(of), True) for of in (seat.queues, seat.fixed))
        self.wrapuptimes = dict(seat.wrapuptimes)
        if not self.queues and (self.logs_in or not self.fixed):
            self.leave(at, told)
            return
        since = self._is_there(seat, at, told)
        self.paused = dict(seat.paused)
        if not self.paused:
            self.end("pause", at, told)
        elif not self._is_known(seat):
            self._pause(seat.reason, replace(since, at=max(seat.paused_since, since.at)), told)

    def shows(self, seat: Seat, at: Edge, told: list[AgentInterval], *, pause: bool) -> bool:
        """Take what an event shows of one queue that nobody told they are in; say whether it could be, as `does`. Of
        somebody known no `pause` is taken, whose end a line may have told.
        """
        if len(self.queues) + len(self.fixed) >= MOST_QUEUES:
            return False
        self.logs_in = self.logs_in or bool(seat.queues)
        self.queues |= dict.fromkeys(seat.queues, True)
        self.fixed |= dict.fromkeys(seat.fixed, True)
        if self.queues or not self.logs_in:
            since = self._is_there(seat, at, told)
            if pause and seat.paused:
                self.paused = dict(seat.paused)
                self._pause(seat.reason, replace(since, at=max(seat.paused_since, since.at)), told)
        return True

    def _is_there(self, seat: Seat, at: Edge, told: list[AgentInterval]) -> Edge:
        # No earlier than what is told of them already: an agent who left and came back has two intervals.
        source: Source = at.source if at.source == "sequence" else "queue_status"
        since = Edge(max(seat.logged_in or at.at, self.left), source)
        self.last = max(self.last, at.at)
        self.begin("logged_in", AgentInterval(self.node, self.agent, "logged_in", since), told)
        return since

    def _is_known(self, seat: Seat) -> bool:
        """Say whether the pause that is listed is the one that lasts. A reload wipes the reason of whom queues.conf
        makes a member; a line of who is added paused has none.
        """
        now = self.open.get("pause")
        if now is None:
            return False
        same = not now.reason and abs(now.start.at - seat.paused_since) <= _SAME
        return same or not seat.reason or now.reason in seat.paused.values()

    def leave(self, at: Edge, told: list[AgentInterval]) -> None:
        """Let them be logged out."""
        self.queues.clear()
        self.paused.clear()
        self.wrapuptimes.clear()
        self.left = at.at
        self.end("pause", at, told)
        self.end("logged_in", at, told)

    def _pause(self, reason: str, at: Edge, told: list[AgentInterval]) -> None:
        now = self.open.get("pause")
        if now and now.reason == reason:
            return
        self.end("pause", at, told)
        state: AgentState = "wrap-up" if reason == marks.WRAP_UP else "paused"
        self.begin("pause", AgentInterval(self.node, self.agent, state, at, reason=reason), told)

    def wraps_up(self, queue: str, at: Edge, told: list[AgentInterval]) -> None:
        """Take note that a call of a queue is over: the queue waits from then on, to the second. When another queue
        rings them in between, or they leave, it goes on beside that.
        """
        if own := self.wrapuptimes.get(queue):
            end = Edge((at.at // SECOND + own) * SECOND, "queue_status")
            told.append(AgentInterval(self.node, self.agent, "wrap-up", at, end, marks.WRAPUPTIME))

    def begin(self, kind: str, interval: AgentInterval, told: list[AgentInterval]) -> None:
        """Let a state begin, unless it lasts."""
        if kind not in self.open:
            self.open[kind] = interval
            told.append(interval)

    def end(self, kind: str, at: Edge, told: list[AgentInterval]) -> None:
        """Let a state end, if it lasts."""
        interval = self.open.pop(kind, None)
        if interval:
            # A line's second may begin before the moment it tells of.
            told.append(replace(interval, end=replace(at, at=max(at.at, interval.start.at))))


def _add(queues: dict[str, bool], queue: str) -> bool:
    if queue in queues or len(queues) < MOST_QUEUES:
        queues[queue] = True
        return True
    return False
