"""Agents' states held against what their phones dialled, when they were logged in and paused for which reason, and against
their calls' wrap-ups.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cctoolkit.cdr.records import PRECISION_SECONDS, AgentInterval, AgentLeg, Edge
from cctoolkit.lab.differences import legs_of
from cctoolkit.lab.notes import Dial
from cctoolkit.lab.traffic import Codes
from tests.soak.ordeal import Down

if TYPE_CHECKING:
    from tests.soak.test_traffic_seeds import Happened

_NEAR = 0.05
_TICK = 0.1
_AROUND = 2.0
"""Seconds around a restart in which nobody can say when an agent was there."""


@dataclass(frozen=True)
class Shift:
    """One agent's dials and states; `pauses` is what the codes of pauses are for."""

    agent: str
    dials: Sequence[Dial]
    states: Sequence[AgentInterval]
    pauses: Mapping[str, str]
    downs: Sequence[Down]

    def differences(self) -> Iterator[str]:
        """Yield what was dialled and is no state, and what is one though nobody dialled it."""
        codes = Codes()
        logged_in, paused = (
            [one for one in self.states if one.state == state] for state in ("logged_in", "paused")
        )  # fmt: skip
        for one in logged_in:
            yield from self._dialled("logged in", one.start, {codes.login})
            yield from self._dialled("logged out", one.end, {codes.logout})
        for one in paused:
            # Who pauses while they are logged out is paused when they log in.
            whys = {code for code, reason in self.pauses.items() if reason == one.reason}
            yield from self._dialled(f"paused for {one.reason}", one.start, {*whys, codes.login})
            yield from self._dialled(
                f"paused for {one.reason} until", one.end, {*self.pauses, codes.ready, codes.logout}
            )
        for dial in self.dials:
            reason, at = self.pauses.get(dial.code), dial.answered.timestamp()
            there = any(_lasts(one, at) for one in logged_in)
            told = any(_near(one.start, at) or _lasts(one, at) for one in paused if one.reason == reason)
            if reason and there and not told and not self._away(at):
                yield f"{self.agent} dialled {dial.code} at {dial.answered}, and is not paused for {reason}"

    def of_legs(self, legs: Iterable[AgentLeg]) -> Iterator[str]:
        """Yield the wrap-ups of calls that are no state."""
        known = [(one.start, one.end) for one in self.states if one.state == "wrap-up"]
        for leg in legs:
            begun, ended = leg.wrap_up_started, leg.wrap_up_ended
            if begun is None or ended is None or self._away(begun.at / 1_000_000) or self._away(ended.at / 1_000_000):
                continue
            if not any(end and _alike(begun, start) and _alike(ended, end) for start, end in known):
                yield f"{self.agent} wraps up from {begun.moment()} to {ended.moment()}, and is in no such state"

    def _dialled(self, what: str, edge: Edge | None, codes: set[str]) -> Iterator[str]:
        if edge is None or self._away(edge.at / 1_000_000):
            return
        if not any(dial.code in codes and _near(edge, dial.answered.timestamp()) for dial in self.dials):
            yield f"{self.agent} is {what} {edge.moment()} ({edge.source}), and dialled nothing of the kind then"

    def _away(self, at: float) -> bool:
        return any(down.start - _AROUND <= at <= down.end + _AROUND for down in self.downs)


def differences(happened: "Happened", pauses: Mapping[str, str], downs: Sequence[Down] = ()) -> list[str]:
    """Return in what the states of all agents differ from what they dialled, and from the records."""
    found = []
    for agent in sorted({one.agent for one in (*happened.dialled, *happened.states)}):
        dials = [dial for dial in happened.dialled if dial.agent == agent]
        shift = Shift(agent, dials, [one for one in happened.states if one.agent == agent], pauses, downs)
        legs = (leg for record in happened.records for leg in legs_of(record) if leg.agent == agent)
        found += [*shift.differences(), *shift.of_legs(legs)]
    return found


def _near(edge: Edge, at: float) -> bool:
    late, blur = at - edge.at / 1_000_000, PRECISION_SECONDS[edge.source]
    return -_TICK <= late <= blur + _TICK if blur else abs(late) <= _NEAR


def _alike(edge: Edge, other: Edge) -> bool:
    blur = max(PRECISION_SECONDS[edge.source], PRECISION_SECONDS[other.source])
    return abs(edge.at - other.at) / 1_000_000 <= (blur + _TICK if blur else _NEAR)


def _lasts(state: AgentInterval, at: float) -> bool:
    return state.start.at / 1_000_000 <= at and (state.end is None or at < state.end.at / 1_000_000)
