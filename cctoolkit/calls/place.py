"""One test call over AMI: a Local channel into `cct-test`, its clock and its keys, and the marks it leaves.

The caller's side reacts to what the call reports, never to the clock: a key is pressed when the menu says it asks, the
call hangs up when it has joined the queue. Source: AMI Originate and PlayDTMF of Asterisk 22.
"""

from collections.abc import Iterator
from uuid import uuid4

from msgspec import Struct

from cctoolkit import marks
from cctoolkit.ami.client import Client
from cctoolkit.ami.messages import Message
from cctoolkit.flow.routes import Route
from cctoolkit.flow.simulate import SILENCE

CALL_SECONDS = 60.0
ABANDONED = "abandoned"


class Observed(Struct, frozen=True):
    """Where a call went: (step, label) pairs in order, from its own marks."""

    call: str
    path: tuple[tuple[str, str], ...]


async def place(client: Client, route: Route, *, wait_seconds: int = 2) -> Observed:
    """Call along a route and return where the call went.

    `wait_seconds` is how long it waits in a shadow queue. Raise SwitchError when the switch refuses the call,
    EventTimeoutError when it has not ended after a minute.
    """
    name = f"cct-test-{uuid4().hex[:16]}"
    # core_unreal.c names the half that runs the dialplan after the other one.
    call = f"{name};2"
    async with client.subscribe("UserEvent", "QueueCallerJoin") as events:
        await client.action("Originate", _originate(route, name, wait_seconds))
        watcher = _Watcher(client, route, call)
        while not watcher.ended:
            await watcher.see(await events.next_matching(watcher.concerns, CALL_SECONDS))
    return Observed(call, tuple(watcher.path))


def _originate(route: Route, name: str, wait_seconds: int) -> dict[str, str | list[str]]:
    return {
        "Channel": f"Local/{route.number.lstrip('+')}@{marks.TEST}/n",
        "ChannelId": name,
        "Application": "Wait",
        "Data": str(int(CALL_SECONDS)),
        "CallerID": '"test" <0000000000>',
        "Timeout": str(int(CALL_SECONDS * 1000)),
        "Async": "true",
        "Variable": [f"__CCT_NOW={int(route.at.timestamp())}", f"__CCT_WAIT={wait_seconds}"],
    }


class _Watcher:
    """Folds the call's marks into its path and plays the caller."""

    def __init__(self, client: Client, route: Route, call: str) -> None:
        self.client = client
        self.call = call
        self.path: list[tuple[str, str]] = []
        self.ended = False
        self._keys: Iterator[str] = iter(route.keys)
        self._abandons = route.turns[-1].label == ABANDONED

    def concerns(self, event: Message) -> bool:
        return event.get("Call") == self.call or event.get("Uniqueid") == self.call

    async def see(self, event: Message) -> None:
        if event.event == "QueueCallerJoin" and self._abandons:
            await self.client.action("Hangup", {"Channel": event.get("Channel")})
            return
        mark = marks.from_user_event(event.get)
        if mark is None:
            return
        if mark.kind == "ask":
            await self._press(event.get("Channel"))
        elif mark.kind == "out":
            self.path.append((mark.step, mark.detail))
        elif mark.kind == "end":
            if not self.path or self.path[-1][0] != mark.step:
                self.path.append((mark.step, ABANDONED))
            self.ended = True

    async def _press(self, channel: str) -> None:
        key = next(self._keys, SILENCE)
        if key != SILENCE:
            # The caller's half of the Local pair presses; the digit arrives on the half in the dialplan.
            await self.client.action("PlayDTMF", {"Channel": channel.removesuffix(";2") + ";1", "Digit": key})
