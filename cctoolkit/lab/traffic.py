"""Performs a traffic plan on the street: callers come by the clock, what follows comes by what the street sees.

Bounded in every direction: the plan's calls, each caller's patience, and at the end a limit for what is left.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator
from datetime import datetime
from functools import partial
from itertools import takewhile

import msgspec

from cctoolkit import clock
from cctoolkit.errors import SwitchError
from cctoolkit.lab.session import Session, shown
from cctoolkit.lab.street import Street
from cctoolkit.lab.traffic_plan import Plan, PlannedCall
from cctoolkit.lab.turns import Turn
from cctoolkit.lab.witness import USER_EVENT, WitnessEvent

DRAIN_SECONDS = 120.0
_LOG_IN_SECONDS = 30.0
_HANG_UP_SECONDS = 10.0


class Codes(msgspec.Struct, frozen=True):
    """What the site's agents dial."""

    login: str = "*11"
    logout: str = "*12"
    ready: str = "*13"


class Performed(msgspec.Struct, frozen=True):
    """What was done from `began` to `ended`: `calls` in the plan's order, by the street's ids.

    `late_seconds` is how far the street was behind the plan at most, `cut` the calls hung up at the last limit.
    """

    calls: tuple[str, ...]
    began: datetime
    ended: datetime
    late_seconds: float
    cut: tuple[str, ...] = ()


class Now(msgspec.Struct, frozen=True):
    """How far it is: seconds since the start, calls placed, planned and going on."""

    seconds: float
    placed: int
    planned: int
    going_on: int


Progress = Callable[[Now], None]


class _Ring(msgspec.Struct):
    """A call that rings an agent's phone, or talks to it."""

    agent: str
    turn: Turn | None = None
    answered: bool = False


async def perform(
    street: Street,
    plan: Plan,
    codes: Codes,
    *,
    progress: Progress = lambda _now: None,
    drain_seconds: float = DRAIN_SECONDS,
    enough: asyncio.Event | None = None,
) -> Performed:
    """Log the agents in, let the plan happen, wait until all calls are over, log the agents out.

    Once `enough` is set nobody calls. Raises SwitchError when an agent cannot log in, or calls cannot be ended at all.
    """
    async with street.session() as session:
        stage = _Stage(street, session, plan, codes, enough or asyncio.Event())
        for agent, turns in (plan.turns | plan.beside).items():
            await session.set_turns(agent, [t.phone for t in turns])
        await _all_dial(street, session, plan, codes.login)
        try:
            return await stage.run(progress, drain_seconds)
        finally:
            for agent in plan.turns | plan.beside:
                await session.set_turns(agent, ())
            await _all_dial(street, session, plan, codes.logout)


async def _all_dial(street: Street, session: Session, plan: Plan, code: str) -> None:
    since = clock.now()
    dialled = {agent: await session.agent_dials(agent, code) for agent in plan.turns}
    for agent, call in dialled.items():
        await street.wait_for(partial(_is, call, "HANGUP"), _LOG_IN_SECONDS, since=since)
        if not any(_is(call, "ANSWER", event) for event in street.witness()):
            raise SwitchError(
                f"{agent} dialled {code} and the node did not take it",
                where="street",
                next_step="cctoolkit apply --site lab",
            )


def _is(call: str, kind: str, event: WitnessEvent) -> bool:
    return event.uniqueid == call and event.kind == kind


class _Stage:
    """The plan while it happens."""

    def __init__(self, street: Street, session: Session, plan: Plan, codes: Codes, enough: asyncio.Event) -> None:
        self._street = street
        self._session = session
        self._plan = plan
        self._codes = codes
        self._enough = enough
        self._calls: list[str] = []
        self._over: set[str] = set()
        self._open: dict[str, str] = {}  # the street's channels, id -> name
        self._rings: dict[str, _Ring] = {}
        self._by_number: dict[str, tuple[str, PlannedCall]] = {}
        self._acts: set[asyncio.Task[None]] = set()
        self._late = 0.0
        self._changed = asyncio.Event()

    async def run(self, progress: Progress, drain_seconds: float) -> Performed:
        began = clock.now()
        start = time.monotonic()
        try:
            async with asyncio.TaskGroup() as group:
                watching = group.create_task(self._follow(group)), group.create_task(self._tell(progress, start))
                await self._place_all(start)
                cut = await self._drain(drain_seconds)
                for task in watching:
                    task.cancel()
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None  # the others were cancelled for it
        return Performed(tuple(self._calls), began, clock.now(), round(self._late, 3), cut)

    async def _place_all(self, start: float) -> None:
        for planned in takewhile(lambda _call: not self._enough.is_set(), self._plan.calls):
            wait = planned.at - (time.monotonic() - start)
            # What is due at once comes in one go: a street that is behind must not wait for its own log.
            if wait > 0:
                await asyncio.sleep(wait)
            self._late = max(self._late, -wait)
            call = await self._session.place_call(
                planned.number,
                planned.caller,
                keys=planned.keys,
                hang_up_after=planned.patience,
                ring_seconds=planned.patience,
            )
            self._calls.append(call)
            if number := shown(planned.caller.number):
                self._by_number[number] = (call, planned)

    async def _drain(self, limit: float) -> tuple[str, ...]:
        if await self._quiet(limit):
            return ()
        left = await self._session.channels()
        for call in left:
            await self._session.hang_up(call)
        if left and not await self._quiet(_HANG_UP_SECONDS):
            raise SwitchError(f"{len(self._open)} channels of the street cannot be ended", where="street")
        return tuple(call for call in self._calls if call in left)

    async def _quiet(self, limit: float) -> bool:
        """Wait until no call, no phone and no agent does anything; say whether it came to that."""
        try:
            async with asyncio.timeout(limit):
                while self._open or self._acts or not self._over.issuperset(self._calls):
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return False
        return True

    async def _tell(self, progress: Progress, start: float) -> None:
        while True:
            going_on = len(self._calls) - len(self._over.intersection(self._calls))
            progress(Now(time.monotonic() - start, len(self._calls), len(self._plan.calls), going_on))
            await asyncio.sleep(1)

    async def _follow(self, group: asyncio.TaskGroup) -> None:
        async for event in self._street.follow():
            for act in self._see(event):
                task = group.create_task(act)
                self._acts.add(task)
                task.add_done_callback(self._done)
            self._changed.set()

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._acts.discard(task)
        self._changed.set()

    def _see(self, event: WitnessEvent) -> Iterator[Coroutine[None, None, None]]:
        """Take one event; yield what has to be done about it."""
        if event.kind == "CHAN_START":
            self._open[event.uniqueid] = event.channel
            if event.rings_phone:
                self._rings[event.uniqueid] = _Ring(event.endpoint.removeprefix("phone-"))
        elif event.kind == "HANGUP":
            self._open.pop(event.uniqueid, None)
            self._over.add(event.uniqueid)
        if ring := self._rings.get(event.uniqueid):
            yield from self._ring(ring, event)

    def _ring(self, ring: _Ring, event: WitnessEvent) -> Iterator[Coroutine[None, None, None]]:
        if event.kind == USER_EVENT and event.name == "turn":
            ring.turn = (self._plan.turns | self._plan.beside)[ring.agent][int(event.extra)]
        elif event.kind == USER_EVENT and event.name == "asks" and ring.turn:
            yield self._session.asks(ring.agent, event.extra, event.channel, ring.turn.ask)
        elif event.kind == "ANSWER":
            ring.answered = True
            yield self._talk(shown(event.caller_number))
        elif event.kind == "HANGUP":
            del self._rings[event.uniqueid]
            if ring.answered and ring.turn:
                yield self._after(ring.agent, ring.turn)

    async def _talk(self, number: str) -> None:
        """An agent has answered: from now on the talk counts, not the patience."""
        call, planned = self._by_number.get(number, ("", None))
        if planned and (channel := self._open.get(call)):
            await self._session.stay(channel, planned.talk)

    async def _after(self, agent: str, turn: Turn) -> None:
        """Do what the agent does after a talk."""
        if turn.then == "limit":
            return
        await asyncio.sleep(turn.after)
        gone = {"away": (self._codes.logout, self._codes.login), "pause": (turn.code, self._codes.ready)}
        away, back = gone.get(turn.then, ("", self._codes.ready))
        if away:
            await self._dial(agent, away)
            await asyncio.sleep(turn.away)
        await self._dial(agent, back)

    async def _dial(self, agent: str, code: str) -> None:
        """Dial a feature code, to the end of the call: what comes next must not overtake it."""
        call = await self._session.agent_dials(agent, code)
        while call not in self._over:
            self._changed.clear()
            await self._changed.wait()
