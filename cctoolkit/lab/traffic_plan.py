"""What will happen on the street: callers at random with patience and choices, agents and what they do, from a seed.

Arrivals are a Poisson process, patience is exponential. The same mix gives the same plan, byte for byte: each
party has a generator of its own, so that another agent changes no caller. Pure.
"""

from collections.abc import Iterator
from random import Random
from typing import Literal

import msgspec
from msgspec.structs import replace

from cctoolkit.lab import hostile
from cctoolkit.lab.session import Caller, Mode, PhoneAct

Weights = tuple[tuple[str, float], ...]
After = Literal["ready", "limit", "away", "pause"]

TURNS = 60
"""Turns planned for an agent; then they begin again."""


class Span(msgspec.Struct, frozen=True):
    """Seconds, evenly from `low` to `high`."""

    low: float
    high: float

    def draw(self, random: Random) -> float:
        """Return one of them, to the millisecond."""
        return round(random.uniform(self.low, self.high), 3)


class Callers(msgspec.Struct, frozen=True):
    """How callers behave. `keys`: what is pressed, "" for silence; each is pressed `press_after` after the one before.

    Patience, for waiting, counts from the answer: `patience_seconds` on average, within `patience`. A share of those
    who get an agent hang up first, after `talk`; with the others the agent does.
    """

    numbers: Weights
    keys: Weights = (("1", 8), ("", 1), ("9", 1))
    presses: int = 1
    press_after: Span = Span(0.4, 2)
    patience_seconds: float = 30
    patience: Span = Span(1, 120)
    hang_up_first_ratio: float = 0.3
    talk: Span = Span(1, 10)
    anonymous_ratio: float = 0.05
    hostile_ratio: float = 0.1
    hostile_kinds: tuple[str, ...] = hostile.KINDS
    prefix: str = "+7916"


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


class Mix(msgspec.Struct, frozen=True):
    """What to plan: `rate` calls a second for `seconds`, at most `most_calls`."""

    seed: int
    rate: float
    seconds: float
    callers: Callers
    agents: Agents
    most_calls: int = 100_000


class PlannedCall(msgspec.Struct, frozen=True):
    """One caller: dials `at` seconds from the start, presses `keys` (seconds after the answer, key), hangs up when
    the patience is over; with an agent, after `talk` seconds (0: the agent hangs up first). `kind` is what is hostile
    about it.
    """

    at: float
    number: str
    caller: Caller
    keys: tuple[tuple[float, str], ...]
    patience: float
    talk: float
    kind: str = ""


class Turn(msgspec.Struct, frozen=True):
    """What an agent does with one call that rings; `then` follows a talk, after `after` seconds, for `away` seconds.

    `code` is dialled for a pause. With a `hold` the caller is put on hold for so long, as `PhoneAct` says.
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

    @property
    def phone(self) -> PhoneAct:
        """Return what the phone does by itself."""
        return PhoneAct(self.mode, self.answer_after, self.talk, self.hold_after, self.hold)


class Plan(msgspec.Struct, frozen=True):
    """Callers in the order of their time; each agent's turns, taken one for each call that rings."""

    mix: Mix
    calls: tuple[PlannedCall, ...]
    turns: dict[str, tuple[Turn, ...]]

    def encoded(self) -> bytes:
        """Return the plan as JSON, the same bytes for the same mix."""
        return msgspec.json.encode(self)


def plan(mix: Mix) -> Plan:
    """Return what will happen."""
    return Plan(mix, tuple(_calls(mix)), {name: tuple(_turns(mix, name)) for name in mix.agents.names})


def _turns(mix: Mix, name: str) -> Iterator[Turn]:
    random, holds = _random(mix, f"agent {name}"), _random(mix, f"holds of {name}")
    for _ in range(TURNS):
        yield _held(mix.agents, _turn(mix.agents, random), holds)


def _random(mix: Mix, whose: str) -> Random:
    return Random(f"{mix.seed}/{whose}")  # noqa: S311 - it is to be foreseen


def _calls(mix: Mix) -> Iterator[PlannedCall]:
    arrivals, random = _random(mix, "arrivals"), _random(mix, "callers")
    at = 0.0
    for index in range(mix.most_calls):
        at += arrivals.expovariate(mix.rate)
        if at > mix.seconds:
            return
        yield _call(mix.callers, random, index, at)


def _call(callers: Callers, random: Random, index: int, at: float) -> PlannedCall:
    lot = random.random()
    number = f"{callers.prefix}{index:07d}"
    kind = ""
    if lot < callers.anonymous_ratio:
        number = ""
    elif lot < callers.anonymous_ratio + callers.hostile_ratio and callers.hostile_kinds:
        kind = random.choice(callers.hostile_kinds)
    longest = callers.patience
    patience = min(max(random.expovariate(1 / callers.patience_seconds), longest.low), longest.high)
    first = random.random() < callers.hang_up_first_ratio
    return PlannedCall(
        at=round(at, 3),
        number=_choose(callers.numbers, random),
        caller=hostile.caller(kind, number),
        keys=tuple(_keys(callers, random)),
        patience=round(patience, 3),
        talk=callers.talk.draw(random) if first else 0,
        kind=kind,
    )


def _keys(callers: Callers, random: Random) -> Iterator[tuple[float, str]]:
    after = 0.0
    for _ in range(callers.presses):
        after += callers.press_after.draw(random)
        key = _choose(callers.keys, random)
        if not key:
            return
        yield round(after, 3), key


def _choose(weights: Weights, random: Random) -> str:
    values, shares = zip(*weights, strict=True)
    return str(random.choices(values, shares)[0])


def _turn(agents: Agents, random: Random) -> Turn:
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
    then = msgspec.convert(_choose((*shares, ("limit", rest)), random), After)
    return Turn(
        "answer",
        agents.answer_after.draw(random),
        agents.talk.draw(random),
        then,
        agents.ready_after.draw(random),
        agents.away.draw(random),
        random.choice(agents.pauses) if then == "pause" else "",
    )


def _held(agents: Agents, turn: Turn, random: Random) -> Turn:
    """Put a hold into some of the turns; by a generator of its own, so that holds change nothing else."""
    lot, after = random.random(), agents.hold_after.draw(random)
    if turn.mode != "answer" or lot >= agents.hold_ratio:
        return turn
    return replace(turn, hold_after=after, hold=agents.hold)
