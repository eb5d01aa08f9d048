"""The call record: one customer's call from entry to end, all its channels together.

Moments are whole microseconds since 1970-01-01 UTC (`Micros`): they compare, subtract and store exactly, and become
aware datetimes only where a person reads them. Every moment that was observed is an `Edge`, which also says who saw it:
an AMI event (microseconds), a queue_log line or a listing of the queues' members (whole seconds).
"""

from datetime import UTC, datetime
from typing import Literal

import msgspec

Micros = int
"""Microseconds since the epoch, UTC."""

Source = Literal["ami", "queue_log", "queue_status"]

PRECISION_SECONDS: dict[Source, float] = {"ami": 0.000001, "queue_log": 1.0, "queue_status": 1.0}
"""How exact an edge of each source is."""

CallOutcome = Literal["answered", "abandoned", "transferred", "message", "busy", "ended_in_flow", "unfinished"]
"""answered by an agent; left while waiting; taken by a transfer's other end; left a message; refused since the number
is full; ended by the flow (menu, night message); its end was not seen.
"""

VisitOutcome = Literal[
    "answered",
    "abandoned",
    "timeout",
    "full",
    "no_agents",
    "exit_key",
    "continued",
    "withdrawn",
    "unfinished",
]
AgentState = Literal["logged_in", "paused", "wrap-up", "in_call"]
"""in_call: with a call of a queue that has no record, since it began before anything was captured."""

LegOutcome = Literal["answered", "no_answer", "cancelled", "unfinished"]
"""cancelled: the phone stopped ringing because the caller left or another agent answered."""


class Edge(msgspec.Struct, frozen=True):
    """One observed moment and who observed it."""

    at: Micros
    source: Source = "ami"

    def moment(self) -> datetime:
        """Return the aware UTC datetime."""
        return datetime.fromtimestamp(self.at / 1_000_000, UTC)


class StepTaken(msgspec.Struct, frozen=True):
    """One step of the flow: its name, when the call entered it, and the outcome it left by ("" while inside)."""

    step: str
    entered: Edge
    outcome: str = ""
    left: Edge | None = None


class Hold(msgspec.Struct, frozen=True):
    """The agent's phone put the caller on hold and took them back. `whole` is false where a gap of the events lay in
    between (queue_log has no line for it): then `end` is the latest it can have been, mostly the talk's own.
    """

    start: Edge
    end: Edge | None = None
    whole: bool = True


class AgentLeg(msgspec.Struct, frozen=True):
    """One agent's part: offered (the phone rings), answered, talk ended, wrap-up begun and ended (None: none)."""

    agent: str
    offered: Edge
    outcome: LegOutcome = "unfinished"
    answered: Edge | None = None
    ended: Edge | None = None
    hung_up_by: Literal["agent", "caller", ""] = ""
    wrap_up_started: Edge | None = None
    wrap_up_ended: Edge | None = None
    holds: tuple[Hold, ...] = ()

    @property
    def hold_seconds(self) -> float:
        """Time on hold, as far as it is over."""
        return sum(hold.end.at - hold.start.at for hold in self.holds if hold.end) / 1_000_000

    @property
    def talk_seconds(self) -> float | None:
        """Time from the answer to the end without that on hold, or None while they talk and when nobody answered."""
        if self.answered is None or self.ended is None:
            return None
        return (self.ended.at - self.answered.at) / 1_000_000 - self.hold_seconds

    @property
    def wrap_up_seconds(self) -> float | None:
        """Time from the wrap-up's beginning to its end, or None when there was none and while it goes on."""
        if self.wrap_up_started is None or self.wrap_up_ended is None:
            return None
        return (self.wrap_up_ended.at - self.wrap_up_started.at) / 1_000_000


class QueueVisit(msgspec.Struct, frozen=True):
    """One stay in a queue, from joining to its outcome; `queue` is the id in the spec. A full queue is never joined:
    then `joined` equals `left`.
    """

    queue: str
    joined: Edge
    outcome: VisitOutcome = "unfinished"
    left: Edge | None = None
    legs: tuple[AgentLeg, ...] = ()

    @property
    def wait_seconds(self) -> float | None:
        """Time in the queue, or None while the caller waits."""
        return None if self.left is None else (self.left.at - self.joined.at) / 1_000_000


class CallRecord(msgspec.Struct, frozen=True):
    """One customer's call. `call` is `<node>-<uniqueid>`, set once at entry; `number` the E.164 number dialled,
    `caller` what the carrier sent (digits and +, "" when withheld), `generation` the project's dialplan it ran in,
    `release` the site's release that let it in. `test` marks calls of verify, which are in no figure.
    """

    call: str
    node: str
    project: str
    generation: str
    release: str
    number: str
    caller: str
    entered: Edge
    test: bool = False
    answered: Edge | None = None
    ended: Edge | None = None
    outcome: CallOutcome = "unfinished"
    hung_up_by: Literal["caller", "flow", "agent", ""] = ""
    cause: int = 0
    steps: tuple[StepTaken, ...] = ()
    visits: tuple[QueueVisit, ...] = ()


class AgentInterval(msgspec.Struct, frozen=True):
    """An agent's state from `start` to `end` (None: still so). `reason` is set for "paused" and "wrap-up"."""

    node: str
    agent: str
    state: AgentState
    start: Edge
    end: Edge | None = None
    reason: str = ""
