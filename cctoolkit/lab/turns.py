"""What agents do with each call that rings their phone, and colleagues whom they send callers to: by chance, from a
generator that is handed in. Pure.
"""

from random import Random
from typing import Literal

import msgspec
from msgspec.structs import replace

from cctoolkit.lab.session import Mode, PhoneAct

Weights = tuple[tuple[str, float], ...]
After = Literal["ready", "limit", "away", "pause"]


class Span(msgspec.Struct, frozen=True):
    """Seconds, evenly from `low` to `high`."""

    low: float
    high: float

    def draw(self, random: Random) -> float:
        """Return one of them, to the millisecond."""
        return round(random.uniform(self.low, self.high), 3)


class Agents(msgspec.Struct, frozen=True):
    """How agents behave. After a talk they press ready after `ready_after`, or let the wrap-up's limit run, or are away
    for a while: logged out, or paused by one of `pauses`, the codes as dialled. Some put the caller on hold, for `hold`
    seconds.
    """

    names: tuple[str, ...]
    answer_after: Span = Span(0.2, 2)
    miss_ratio: float = 0.1
    busy_ratio: float = 0.03
    talk: Span = Span(2, 10)
    ready_ratio: float = 0.7
    ready_after: Span = Span(0.5, 5)
    away_ratio: float = 0.05
    pauses: tuple[str, ...] = ()
    pause_ratio: float = 0.1
    away: Span = Span(3, 6)
    hold_ratio: float = 0.15
    hold_after: Span = Span(0.3, 2)
    hold: int = 1


class Colleague(msgspec.Struct, frozen=True):
    """Somebody in no queue whom agents send callers to: the number they dial, and whose phone it rings."""

    number: str
    agent: str
    mode: Mode = "answer"


class Transfers(msgspec.Struct, frozen=True):
    """How agents send callers on: a share of the talks, `after` so many seconds, to one of `to`. A share of those asks
    there first, by a second call, and talks for `ask`, or takes the caller back. Colleagues talk for `talk`.
    """

    to: tuple[Colleague, ...]
    ratio: float = 0.2
    asks_ratio: float = 0.4
    after: Span = Span(0.2, 1)
    ask: Span = Span(0.3, 1)
    answer_after: Span = Span(0.2, 1)
    talk: Span = Span(0.5, 3)


class Turn(msgspec.Struct, frozen=True):
    """What an agent does with one call that rings; `then` follows a talk, after `after` seconds, for `away` seconds.

    `code` is dialled for a pause. With a `hold` the caller is put on hold for so long, and with a number to `refer` to
    sent there, as `PhoneAct` says; an `ask` is how long they talk first with whoever answers there, 0: unseen.
    """

    mode: Mode
    answer_after: float = 0
    talk: float = 0
    then: After = "ready"
    after: float = 0
    away: float = 0
    code: str = ""
    hold_after: float = 0
    hold: int = 0
    refer: str = ""
    refer_after: float = 0
    ask: float = 0

    @property
    def phone(self) -> PhoneAct:
        """Return what the phone does by itself."""
        refer = self.refer, self.refer_after, bool(self.ask)
        return PhoneAct(self.mode, self.answer_after, self.talk, self.hold_after, self.hold, *refer)


def turn(agents: Agents, random: Random) -> Turn:
    """Return what an agent does with the next call."""
    lot = random.random()
    if lot < agents.miss_ratio:
        return Turn("never")
    if lot < agents.miss_ratio + agents.busy_ratio:
        return Turn("busy")
    shares = (
        ("ready", agents.ready_ratio),
        ("away", agents.away_ratio),
        ("pause", agents.pause_ratio if agents.pauses else 0.0),
    )
    rest = max(0.0, 1 - sum(share for _, share in shares))
    then = msgspec.convert(choose((*shares, ("limit", rest)), random), After)
    return Turn(
        "answer",
        agents.answer_after.draw(random),
        agents.talk.draw(random),
        then,
        agents.ready_after.draw(random),
        agents.away.draw(random),
        random.choice(agents.pauses) if then == "pause" else "",
    )


def held(agents: Agents, planned: Turn, random: Random) -> Turn:
    """Put a hold into some of the turns; by a generator of its own, so that holds change nothing else."""
    lot, after = random.random(), agents.hold_after.draw(random)
    if planned.mode != "answer" or lot >= agents.hold_ratio:
        return planned
    return replace(planned, hold_after=after, hold=agents.hold)


def sent_on(transfers: Transfers, planned: Turn, random: Random) -> Turn:
    """Send some of the callers on, as `held` holds some."""
    lot, asks, after = random.random(), random.random() < transfers.asks_ratio, transfers.after.draw(random)
    to, ask = random.choice(transfers.to), transfers.ask.draw(random)
    if planned.mode != "answer" or lot >= transfers.ratio:
        return planned
    return replace(planned, refer=to.number, refer_after=after, ask=ask if asks else 0)


def choose(weights: Weights, random: Random) -> str:
    """Return one of the values, by their weights."""
    values, shares = zip(*weights, strict=True)
    return str(random.choices(values, shares)[0])
