"""The call record: one customer's call from entry to end, all its channels together.

Moments are whole microseconds since 1970-01-01 UTC (`Micros`): they compare, subtract and store exactly, and become
aware datetimes only where a person reads them. Every moment that was observed is an `Edge`, which also says who saw it:
an event of AMI or CEL (microseconds), a line of queue_log or CDR, a listing of the queues' members (whole seconds); of
an event without a Timestamp, when its bytes were received, or no more than the order it came in.
"""

from datetime import UTC, datetime
from typing import Literal

import msgspec

Micros = int
"""Microseconds since the epoch, UTC."""

Source = Literal["ami", "queue_log", "cdr", "cel", "queue_status", "received", "sequence"]

PRECISION_SECONDS: dict[Source, float] = {
    "ami": 1e-6, "cel": 1e-6, "queue_log": 1.0, "cdr": 1.0, "queue_status": 1.0, "received": 1.0, "sequence": 86_400.0,
}  # fmt: skip
"""How exact an edge of each source is. received: when the bytes of an event without Timestamp came; sequence: it is in
order, and no earlier than the newest channel it knows of; no more can be said, and no figure can be made of it.
"""

CallOutcome = Literal[
    "answered", "abandoned", "transferred", "message", "busy", "ended_in_flow", "not_answered", "unfinished"
]  # fmt: skip
"""answered by an agent, or whoever was called; left while waiting; taken by a transfer's other end; left a message;
refused since the number is full; ended by the flow (menu, night message); phones rang and nobody was put through (calls
without a flow of ours only); its end was not seen.
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
"""in_call: with a call that no record has a leg of theirs in: it began before anything was captured, or is a project's
and the queue is not.
"""

LegOutcome = Literal["answered", "no_answer", "cancelled", "unfinished"]
"""cancelled: the phone stopped ringing because the caller left or another agent answered."""

PartyHow = Literal["dial", "queue", "pickup", "transfer", "consult", "originate", "conference"]
"""dial: dialled by the dialplan; queue: by a queue; pickup: took a call that rang elsewhere; transfer: the call was
transferred there; consult: an agent asked them and took the caller back; originate: rung first, by whoever had the
switch place the call; conference: the room the call went into.
"""

PartyOutcome = Literal["answered", "busy", "no_answer", "cancelled", "failed", "not_connected", "unfinished"]
"""cancelled: it stopped ringing, since another answered or the caller left; not_connected: picked up, and was not put
through (did not confirm, or another was quicker).
"""

TransferKind = Literal["blind", "attended", "blonde"]
"""blonde: asked for as attended, and left before the other end answered."""


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


class Party(msgspec.Struct, frozen=True):
    """Somebody other than the caller: a phone, a line or a conference. `channel` is the switch's unique id, `endpoint`
    its name without the channel's number (PJSIP/ivanova), `number` what it was called by. Agents whom a queue of ours
    rang are the legs of its visits instead.
    """

    channel: str
    endpoint: str
    number: str
    how: PartyHow
    rang: Edge
    answered: Edge | None = None
    ended: Edge | None = None
    outcome: PartyOutcome = "unfinished"
    holds: tuple[Hold, ...] = ()

    @property
    def talk_seconds(self) -> float | None:
        """Time from the answer to the end without that on hold, None while they talk and when they did not."""
        if self.answered is None or self.ended is None:
            return None
        held = sum(hold.end.at - hold.start.at for hold in self.holds if hold.end)
        return (self.ended.at - self.answered.at - held) / 1_000_000


class Transfer(msgspec.Struct, frozen=True):
    """The call was transferred: `made_by` the endpoint that did it ("" when the switch itself was told to), `number` as
    it was dialled, `taken_by` the endpoint that took it, "" while nobody has.
    """

    kind: TransferKind
    at: Edge
    made_by: str = ""
    number: str = ""
    taken_by: str = ""


class Recording(msgspec.Struct, frozen=True):
    """A recording of the call; `file` is "" where the events do not name it."""

    start: Edge
    end: Edge | None = None
    file: str = ""


class Parking(msgspec.Struct, frozen=True):
    """The call was parked by an endpoint, and taken back by another, timed out, or the caller gave up."""

    space: str
    start: Edge
    parked_by: str = ""
    end: Edge | None = None
    outcome: Literal["retrieved", "timed_out", "gave_up", "unfinished"] = "unfinished"
    taken_by: str = ""


class CallRecord(msgspec.Struct, frozen=True):
    """One customer's call. `call` is `<node>-<uniqueid>`, set once at entry; `number` the E.164 number dialled,
    `caller` what the carrier sent (digits and +, "" when withheld), `generation` the project's dialplan it ran in,
    `release` the site's release that let it in. `test` marks calls of verify, which are in no figure. A call that came
    through no dialplan of ours has project "", number and queues as its switch calls them.
    `score` is what the caller said in a survey; `origin` the call this one calls back; `joined` the call of which this
    one turned out to be a part after it had been told: it is in no list and no figure. A call that nodes pass on has a
    record of each (passed.py makes one): `continues` the first one, `hop` how many came before, `passed_to` where to.
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
    parties: tuple[Party, ...] = ()
    transfers: tuple[Transfer, ...] = ()
    recordings: tuple[Recording, ...] = ()
    parkings: tuple[Parking, ...] = ()
    score: int | None = None
    origin: str = ""
    joined: str = ""
    continues: str = ""
    hop: int = 0
    passed_to: str = ""


class AgentInterval(msgspec.Struct, frozen=True):
    """An agent's state from `start` to `end` (None: still so). `reason` is set for "paused" and "wrap-up"."""

    node: str
    agent: str
    state: AgentState
    start: Edge
    end: Edge | None = None
    reason: str = ""
