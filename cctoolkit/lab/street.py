"""The street: places calls to the nodes, plays the agents' phones, and says what it saw.

One more Asterisk with a hand-written configuration (street_config), steered over its own AMI.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Literal

from cctoolkit.ami.client import Account, Client
from cctoolkit.errors import SwitchError
from cctoolkit.lab.address import AMI_PORT
from cctoolkit.lab.node import Node
from cctoolkit.lab.session import Caller, Mode, PhoneAct, Session
from cctoolkit.lab.street_config import USER, WITNESS
from cctoolkit.lab.witness import Witness, WitnessEvent
from cctoolkit.secret import Secret

_LOOK_SECONDS = 0.02


class Street:
    """The outside world of a lab; `node` is its Asterisk, already configured."""

    def __init__(self, node: Node, secret: Secret) -> None:
        self.node = node
        self._account = Account(node.address, AMI_PORT, USER, secret)
        self._witness = Witness(node.folder / "log/cel-custom" / WITNESS)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """Yield one connection for many calls; the methods below open one each."""
        async with Client.connect(self._account) as client:
            yield Session(client)

    async def place_call(
        self,
        number: str,
        *,
        caller: str = "+79161234567",
        keys: Sequence[tuple[float, str]] = (),
        hang_up_after: float | None = None,
        node: str = "n1",
        name: str = "",
    ) -> str:
        """Call `number` at `node` over the carrier's trunk; return the id of the call in the witness.

        `keys` are (seconds after the answer, keys). Without `hang_up_after` (seconds after the answer) the
        caller stays until the other side hangs up. An empty `caller` is an anonymous one. Raises UsageError
        for what cannot be dialled.
        """
        async with self.session() as session:
            return await session.place_call(
                number, Caller(caller, name), keys=keys, hang_up_after=hang_up_after, node=node
            )

    async def agent_dials(
        self, agent: str, number: str, *, keys: Sequence[tuple[float, str]] = (), hang_up_after: float | None = None
    ) -> str:
        """Let the agent's phone dial `number` (a feature code, "*11"), press keys after the answer, and return the
        call's id.
        """
        async with self.session() as session:
            return await session.agent_dials(agent, number, keys=keys, hang_up_after=hang_up_after)

    async def hang_up(self, call: str) -> None:
        """Let the caller (or phone) of this call hang up now, ringing or talking; harmless if it is over."""
        async with self.session() as session:
            await session.hang_up(call)

    async def press(self, call: str, key: str) -> None:
        """Let the caller of this call, which is answered, press a key now."""
        async with self.session() as session:
            await session.press(call, key)

    async def pick_up(self, agent: str) -> None:
        """Let the agent answer the phone that rings, now, whatever it was told to do by itself."""
        async with self.session() as session:
            await session.pick_up(agent)

    async def set_phone(
        self,
        agent: str,
        *,
        answers: bool | Literal["busy"] = True,
        answer_after: float = 1,
        talk: float = 0,
        hold_after: float = 0,
        hold: int = 0,
    ) -> None:
        """Say what the agent's phone does from its next call on: answers as `PhoneAct` says, or rings unanswered
        (False), or is busy.
        """
        mode: Mode = answers if isinstance(answers, str) else "answer" if answers else "never"
        async with self.session() as session:
            await session.set_phone(agent, PhoneAct(mode, answer_after, talk, hold_after, hold))

    async def registered(self) -> list[str]:
        """Return the agents whose phones are registered, in order."""
        async with self.session() as session:
            return await session.registered()

    async def wait_registered(self, agents: Collection[str], timeout: float = 10) -> None:  # noqa: ASYNC109
        """Wait until these agents' phones are registered, raise SwitchError if not in time."""
        deadline = time.monotonic() + timeout
        async with self.session() as session:
            while missing := sorted(set(agents) - set(await session.registered())):
                if time.monotonic() > deadline:
                    raise SwitchError(
                        f"phones not registered within {timeout:g} s: {', '.join(missing)}",
                        where="street",
                        next_step="see the node's log for refused registrations",
                    )
                await asyncio.sleep(0.1)

    def witness(self) -> list[WitnessEvent]:
        """Return all the street has seen, in order."""
        self._witness.read()
        return list(self._witness.events)

    async def follow(self, *, past: bool = False) -> AsyncIterator[WitnessEvent]:
        """Yield what the street sees from now on, with `past` what it saw already too; never ends by itself."""
        self._witness.read()
        place = 0 if past else len(self._witness.events)
        while True:
            # By place: others may read the same witness meanwhile.
            for event in self._witness.events[place:]:
                yield event
                place += 1
            await asyncio.sleep(_LOOK_SECONDS)
            self._witness.read()

    async def wait_for(
        self,
        predicate: Callable[[WitnessEvent], bool],
        timeout: float = 10,  # noqa: ASYNC109 - the error says what was seen instead
        *,
        since: datetime | None = None,
    ) -> WitnessEvent:
        """Return the first event, seen already (`since` then) or to come, for which `predicate` holds.

        Raises SwitchError after `timeout` seconds.
        """
        try:
            async with asyncio.timeout(timeout):
                async for event in self.follow(past=True):
                    if (since is None or event.at >= since) and predicate(event):
                        return event
        except TimeoutError:
            raise self._missed(timeout) from None
        raise AssertionError

    def _missed(self, seconds: float) -> SwitchError:
        seen = ", ".join(f"{e.kind} {e.endpoint}" for e in self._witness.events[-5:]) or "nothing"
        what = f"the event waited for did not come within {seconds:g} s; the last seen: {seen}"
        return SwitchError(what, where="street")
