"""The street: places calls to the nodes, plays the agents' phones, and says what it saw.

One more Asterisk with a hand-written configuration (street_config), steered over its own AMI.
"""

import asyncio
import re
import secrets
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Literal

from cctoolkit.ami.client import Account, Client
from cctoolkit.errors import SwitchError, UsageError
from cctoolkit.lab.address import AMI_PORT
from cctoolkit.lab.node import Node
from cctoolkit.lab.street_config import USER, WITNESS
from cctoolkit.lab.witness import Witness, WitnessEvent
from cctoolkit.secret import Secret

_KEYS = re.compile(r"[0-9*#A-D]+")
_DIALLED = re.compile(r"[0-9*#+]+")
_RING_SECONDS = 1800
_LOOK_SECONDS = 0.02


class Street:
    """The outside world of a lab; `node` is its Asterisk, already configured."""

    def __init__(self, node: Node, secret: Secret) -> None:
        self.node = node
        self._account = Account(node.address, AMI_PORT, USER, secret)
        self._witness = Witness(node.folder / "log/cel-custom" / WITNESS)

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
        call = f"street-{secrets.token_hex(6)}"
        who = {"CallerID": f'"{_quoted(name)}" <{caller}>'} if caller else {}
        variables = [f"KEYS={_schedule(keys)}"]
        if hang_up_after is not None:
            variables.append(f"HANG_UP_AFTER={hang_up_after:g}")
        target = f"PJSIP/{_dialled(number)}@carrier-{node}"
        await self._originate(call, target, {**who, "Account": number, "Variable": variables})
        return call

    async def agent_dials(self, agent: str, number: str, *, hang_up_after: float | None = None) -> str:
        """Let the agent's phone dial `number` (a feature code, "*11") and return the call's id."""
        call = f"street-{secrets.token_hex(6)}"
        variables = [f"HANG_UP_AFTER={hang_up_after:g}"] if hang_up_after is not None else []
        target = f"PJSIP/{_dialled(number)}@phone-{agent}"
        await self._originate(call, target, {"Account": number, "Variable": variables})
        return call

    async def _originate(self, call: str, channel: str, more: Mapping[str, str | Sequence[str]]) -> None:
        headers = {
            "Channel": channel,
            "ChannelId": call,
            "Context": "callers",
            "Exten": "talk",
            "Priority": "1",
            "Timeout": str(_RING_SECONDS * 1000),
            "Async": "true",
            **more,
        }
        async with Client.connect(self._account) as client:
            await client.action("Originate", headers)

    async def hang_up(self, call: str) -> None:
        """Let the caller (or phone) of this call hang up now, ringing or talking; harmless if it is over."""
        async with Client.connect(self._account) as client:
            for channel in await client.listing("CoreShowChannels"):
                if channel.get("Uniqueid") == call:
                    await client.action("Hangup", {"Channel": channel.get("Channel"), "Cause": "16"})

    async def set_phone(
        self,
        agent: str,
        *,
        answers: bool | Literal["busy"] = True,
        answer_after: float = 1,
        talk: float = 0,
    ) -> None:
        """Say what the agent's phone does from its next call on.

        It answers after `answer_after` seconds of ringing and hangs up after `talk` seconds (0: never by
        itself), or rings unanswered (False), or is busy.
        """
        mode = answers if isinstance(answers, str) else "answer" if answers else "never"
        async with Client.connect(self._account) as client:
            for key, value in (("mode", mode), ("answer_after", f"{answer_after:g}"), ("talk", f"{talk:g}")):
                await client.action("DBPut", {"Family": f"phone-{agent}", "Key": key, "Val": value})

    async def registered(self) -> list[str]:
        """Return the agents whose phones are registered, in order."""
        async with Client.connect(self._account) as client:
            return await _registered(client)

    async def wait_registered(self, agents: Collection[str], timeout: float = 10) -> None:  # noqa: ASYNC109
        """Wait until these agents' phones are registered, raise SwitchError if not in time."""
        deadline = time.monotonic() + timeout
        async with Client.connect(self._account) as client:
            while missing := sorted(set(agents) - set(await _registered(client))):
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
        deadline = time.monotonic() + timeout
        unread = self.witness()
        while True:
            for event in unread:
                if (since is None or event.at >= since) and predicate(event):
                    return event
            if time.monotonic() > deadline:
                raise self._missed(timeout)
            await asyncio.sleep(_LOOK_SECONDS)
            unread = self._witness.read()

    def _missed(self, seconds: float) -> SwitchError:
        seen = ", ".join(f"{e.kind} {e.endpoint}" for e in self._witness.events[-5:]) or "nothing"
        what = f"the event waited for did not come within {seconds:g} s; the last seen: {seen}"
        return SwitchError(what, where="street")


async def _registered(client: Client) -> list[str]:
    lines = await client.listing("PJSIPShowRegistrationsOutbound", empty_ok="No outbound registrations")
    return sorted(line.get("ContactUser") for line in lines if line.get("Status") == "Registered")


def _quoted(name: str) -> str:
    return name.replace("\\", "\\\\").replace('"', '\\"')


def _dialled(number: str) -> str:
    if not _DIALLED.fullmatch(number):
        raise UsageError(f"{number!r} cannot be dialled", expected="digits, +, * and #")
    return number


def _schedule(keys: Sequence[tuple[float, str]]) -> str:
    for _, pressed in keys:
        if not _KEYS.fullmatch(pressed):
            raise UsageError(f"{pressed!r} is no key", expected="0 to 9, *, #, A to D")
    return "&".join(f"{at:g}:{pressed}" for at, pressed in sorted(keys))
