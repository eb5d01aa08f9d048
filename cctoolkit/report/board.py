"""The picture a supervisor watches: a pure fold over one node's events, and the rows it is read as.

Events are plain mappings of an AMI event's headers; who feeds them says when each happened. The same event
twice changes nothing, so that a listing and the stream beside it may overlap.
Source: the events' pages at docs.asterisk.org, Asterisk 22, AMI Events (QueueStatus, QueueMember…, QueueCaller…).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec import Struct

from cctoolkit import marks
from cctoolkit.cdr.records import Micros

Event = Mapping[str, str]
"""An event's headers; a missing one is ""."""

STATES = ("ready", "ringing", "talking", "on hold", "wrap-up", "paused", "busy", "offline", "logged out")
"""What an agent may be; busy: on the phone, and not with a call of a queue as far as was seen; offline: logged
in, and the phone is not registered.
"""

# A member's Status is an ast_device_state. Phones take one call (device_state_busy_at=1), so that one that
# rings is "busy" as well: only the events of the call tell ringing from talking.
_OF_A_CHANNEL = frozenset({"Hold", "Unhold"})
"""Events without a queue: an agent's channel tells whose they are."""
_FREE, _RINGING, _OFFLINE = frozenset({"0", "1"}), frozenset({"6"}), frozenset({"4", "5"})


class Seat(Struct):
    """An agent at this node: queues joined, the phone's state, the pause's reason (None: not paused), whether a
    queue's call is answered and its caller on hold, the call that rings, calls by queue since log-in, and since when
    the state is so.
    """

    queues: set[str]
    device: str = "1"
    paused: str | None = None
    in_call: bool = False
    holds: bool = False
    rings_for: str = ""
    taken: dict[str, int] = {}
    since: Micros | None = None

    @property
    def state(self) -> str:
        """One of STATES: the first of these that holds."""
        if not self.queues:
            return "logged out"
        if self.in_call:
            return "on hold" if self.holds else "talking"
        if self.rings_for or self.device in _RINGING:
            return "ringing"
        if self.paused is not None:
            return "wrap-up" if self.paused == marks.WRAP_UP else "paused"
        if self.device in _OFFLINE:
            return "offline"
        return "ready" if self.device in _FREE else "busy"


class Board:
    """Feed it one node's events in order; read `seats` and `waiting`."""

    def __init__(self) -> None:
        self.seats: dict[str, Seat] = {}
        self.waiting: dict[str, dict[str, Micros]] = {}
        """By queue the callers who wait, and since when."""
        self._at: Micros = 0

    def feed(self, event: Event, at: Micros) -> None:
        """Take one event; those that say nothing about queues, and those of shadow queues, change nothing."""
        handler: Callable[[Event], None] | None = getattr(self, f"_on_{event.get('Event', '').lower()}", None)
        if handler is None or not (marks.serves_callers(event.get("Queue", "")) or event["Event"] in _OF_A_CHANNEL):
            return
        before = {name: seat.state for name, seat in self.seats.items()}
        self._at = at
        handler(event)
        for name, state in before.items():
            if self.seats[name].state != state:
                self.seats[name].since = at

    def _seat(self, event: Event) -> Seat:
        return self.seats.setdefault(event.get("MemberName") or event["Name"], Seat(set()))

    def _on_queueparams(self, event: Event) -> None:
        self.waiting.setdefault(event["Queue"], {})

    def _on_queueentry(self, event: Event) -> None:
        waited = int(event.get("Wait") or 0) * 1_000_000
        self.waiting.setdefault(event["Queue"], {}).setdefault(event["Uniqueid"], self._at - waited)

    def _on_queuecallerjoin(self, event: Event) -> None:
        self.waiting.setdefault(event["Queue"], {})[event["Uniqueid"]] = self._at

    def _on_queuecallerleave(self, event: Event) -> None:
        """The caller was answered or is gone: no phone rings for them any more."""
        self.waiting.get(event["Queue"], {}).pop(event["Uniqueid"], None)
        for seat in self.seats.values():
            if seat.rings_for == event["Uniqueid"]:
                seat.rings_for = ""

    def _on_agentcalled(self, event: Event) -> None:
        self._seat(event).rings_for = event["Uniqueid"]

    def _on_agentringnoanswer(self, event: Event) -> None:
        self._seat(event).rings_for = ""

    def _on_agentconnect(self, event: Event) -> None:
        seat = self._seat(event)
        seat.rings_for, seat.in_call, seat.holds = "", True, False

    def _on_hold(self, event: Event) -> None:
        self._held(event, held=True)

    def _on_unhold(self, event: Event) -> None:
        self._held(event, held=False)

    def _held(self, event: Event, *, held: bool) -> None:
        seat = self.seats.get(marks.agent_of(event.get("Channel", "")))
        if seat:
            seat.holds = held

    def _on_agentcomplete(self, event: Event) -> None:
        self._seat(event).in_call = False

    def _on_queuemember(self, event: Event) -> None:
        """A line of QueueStatus: the agent's last pause, call or log-in is when this state can have begun."""
        known = event.get("MemberName") or event["Name"]
        fresh = known not in self.seats
        self._take(event)
        seat = self.seats[known]
        # Only the queue whose call it is says so, in whichever place of the list it stands.
        seat.in_call = seat.in_call or event.get("InCall") == "1"
        if fresh and seat.state not in {"talking", "on hold", "ringing", "busy"}:
            names = ("LastPause",) if seat.paused is not None else ("LoginTime", "LastCall", "LastPause")
            moments = [int(event.get(name) or 0) for name in names]
            seat.since = max(moments) * 1_000_000 or None

    def _on_queuememberstatus(self, event: Event) -> None:
        self._take(event)

    def _on_queuememberadded(self, event: Event) -> None:
        self._take(event)

    def _on_queuememberpause(self, event: Event) -> None:
        self._take(event)

    def _take(self, event: Event) -> None:
        seat = self._seat(event)
        seat.queues.add(event["Queue"])
        seat.device = event.get("Status") or seat.device
        seat.in_call = seat.in_call and seat.device not in _FREE
        seat.paused = event.get("PausedReason", "") if event.get("Paused") == "1" else None
        seat.taken[event["Queue"]] = int(event.get("CallsTaken") or 0)

    def _on_queuememberremoved(self, event: Event) -> None:
        seat = self._seat(event)
        seat.queues.discard(event["Queue"])
        if not seat.queues:
            seat.paused, seat.taken = None, {}


class QueueRow(Struct, frozen=True):
    """A queue now: callers waiting, the longest wait in seconds (None: nobody waits), its agents by state."""

    queue: str
    waiting: int
    longest_seconds: float | None
    agents: dict[str, int]


class AgentRow(Struct, frozen=True):
    """An agent now: state, for how many seconds (None: since before the watch began), reason, calls handled."""

    agent: str
    state: str
    seconds: float | None
    reason: str
    handled: int


def queue_rows(boards: Sequence[Board], serves: Mapping[str, Sequence[str]], now: Micros) -> Iterator[QueueRow]:
    """Yield a row for each queue of `serves`: app_queue's name -> the agents who may join it, logged in or not."""
    for queue, agents in serves.items():
        waiting = [since for board in boards for since in board.waiting.get(queue, {}).values()]
        longest = max(0, now - min(waiting)) / 1_000_000 if waiting else None
        counts = dict.fromkeys(STATES, 0)
        members = {name for board in boards for name, seat in board.seats.items() if queue in seat.queues}
        for agent in {*agents, *members}:
            counts[_state_in(boards, agent, queue)] += 1
        yield QueueRow(queue, len(waiting), longest, counts)


def _state_in(boards: Sequence[Board], agent: str, queue: str) -> str:
    seats = (board.seats.get(agent) for board in boards)
    return next((seat.state for seat in seats if seat and queue in seat.queues), "logged out")


def agent_rows(boards: Sequence[Board], agents: Sequence[str], now: Micros) -> Iterator[AgentRow]:
    """Yield a row for each agent, in the given order; then for whoever is logged in and not among them."""
    unknown = {name for board in boards for name, seat in board.seats.items() if seat.queues} - {*agents}
    for agent in (*agents, *sorted(unknown)):
        seats = [board.seats[agent] for board in boards if agent in board.seats]
        # Of two nodes the one where the agent is logged in tells.
        seat = max(seats, key=lambda one: bool(one.queues), default=Seat(set()))
        seconds = None if seat.since is None else max(0, now - seat.since) / 1_000_000
        reason = seat.paused if seat.state == "paused" else ""
        yield AgentRow(agent, seat.state, seconds, reason or "", sum(seat.taken.values()))
