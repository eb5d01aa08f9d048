"""What will happen on the street: callers at random with patience and choices, agents and what they do, from a seed.

Arrivals are a Poisson process, patience is exponential. The same mix gives the same plan, byte for byte: each
party has a generator of its own, so that another agent changes no caller. Pure.
"""

from collections.abc import Iterator
from random import Random

import msgspec

from cctoolkit.lab import hostile, turns
from cctoolkit.lab.session import Caller
from cctoolkit.lab.turns import Agents, Colleague, Span, Transfers, Turn, Weights, choose

TURNS = 60
"""Turns planned for an agent; then they begin again."""


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


class Mix(msgspec.Struct, frozen=True):
    """What to plan: `rate` calls a second for `seconds`, at most `most_calls`; without `transfers` agents make none."""

    seed: int
    rate: float
    seconds: float
    callers: Callers
    agents: Agents
    most_calls: int = 100_000
    transfers: Transfers | None = None


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


class Plan(msgspec.Struct, frozen=True):
    """Callers in the order of their time; each agent's turns, taken one for each call that rings; `beside`: those of
    colleagues in no queue.
    """

    mix: Mix
    calls: tuple[PlannedCall, ...]
    turns: dict[str, tuple[Turn, ...]]
    beside: dict[str, tuple[Turn, ...]] = {}

    def encoded(self) -> bytes:
        """Return the plan as JSON, the same bytes for the same mix."""
        return msgspec.json.encode(self)


def plan(mix: Mix) -> Plan:
    """Return what will happen."""
    beside = {one.agent: tuple(_beside(mix, mix.transfers, one)) for one in mix.transfers.to} if mix.transfers else {}
    return Plan(mix, tuple(_calls(mix)), {name: tuple(_turns(mix, name)) for name in mix.agents.names}, beside)


def _turns(mix: Mix, name: str) -> Iterator[Turn]:
    random, holds, sends = (_random(mix, f"{whose} {name}") for whose in ("agent", "holds of", "transfers of"))
    for _ in range(TURNS):
        turn = turns.held(mix.agents, turns.turn(mix.agents, random), holds)
        yield turns.sent_on(mix.transfers, turn, sends) if mix.transfers else turn


def _beside(mix: Mix, transfers: Transfers, colleague: Colleague) -> Iterator[Turn]:
    random = _random(mix, f"colleague {colleague.agent}")
    for _ in range(TURNS):
        yield Turn(colleague.mode, transfers.answer_after.draw(random), transfers.talk.draw(random), "limit")


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
        number=choose(callers.numbers, random),
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
        key = choose(callers.keys, random)
        if not key:
            return
        yield round(after, 3), key
