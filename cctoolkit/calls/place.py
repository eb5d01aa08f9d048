"""One test call over AMI: a Local channel into `cct-test`, its clock and its keys, and the marks it leaves.

The caller's side reacts to what the call reports, never to the clock: a key is pressed when the menu says it asks, the
call hangs up when it has joined the queue. Source: AMI Originate and PlayDTMF of Asterisk 22.
"""

import asyncio
from collections.abc import Iterator
from uuid import uuid4

from msgspec import Struct

from cctoolkit import marks
from cctoolkit.ami.client import Client
from cctoolkit.ami.messages import Message
from cctoolkit.flow.call import SILENCE
from cctoolkit.flow.route import Route, Turn
from cctoolkit.model.guard import QueueKey

CALL_SECONDS = 60.0
ABANDONED = "abandoned"
VOICEMAIL = "voicemail"
"""What the mark of a recording says it asks for."""

_MESSAGE_SECONDS = 1.5
"""Longer than the shortest message of a test call, which is 1 s."""


_GAP_SECONDS = 0.1
"""Between two digits: one that follows within 45 ms (AST_MIN_DTMF_GAP of channel.c) is held back until more sound
comes, and a test call has none.
"""


class Observed(Struct, frozen=True):
    """Where a call went: (step, label) pairs in order, from its own marks."""

    call: str
    path: tuple[tuple[str, str], ...]


async def place(client: Client, route: Route, twin: str = "") -> Observed:
    """Call along a route, waiting in each queue's shadow `twin` (of marks.TWINS); return where the call went.

    Raise SwitchError when the switch refuses the call,
    EventTimeoutError when it has not ended after a minute.
    """
    name = f"cct-test-{uuid4().hex[:16]}"
    # core_unreal.c names the half that runs the dialplan after the other one.
    call = f"{name};2"
    async with client.subscribe("UserEvent", "QueueCallerJoin") as events:
        await client.action("Originate", _originate(route, name, twin))
        watcher = _Watcher(client, route, call)
        while not watcher.ended:
            await watcher.see(await events.next_matching(watcher.concerns, CALL_SECONDS))
    return Observed(call, tuple(watcher.path))


def _originate(route: Route, name: str, twin: str) -> dict[str, str | list[str]]:
    # Without the field there is no caller's number, as when it is withheld.
    caller = {"CallerID": f'"test" <{route.caller}>'} if route.caller else {}
    return {
        **caller,
        "Channel": f"Local/{route.number.lstrip('+')}@{marks.TEST}/n",
        "ChannelId": name,
        "Application": "Wait",
        "Data": str(int(CALL_SECONDS)),
        "Timeout": str(int(CALL_SECONDS * 1000)),
        "Async": "true",
        "Variable": [
            f"__CCT_NOW={int(route.at.timestamp())}",
            f"CCT_DIAL={_dials(route)}",
            f"CCT_TWIN={twin}",
            f"CCT_WAIT={_waits(route)}",
            f"CCT_SHARE={'.'.join(turn.label for turn in route.turns if turn.chance)}",
            f"CCT_OVERRIDE={'-'.join(route.override)}",
        ],
    }


def _waits(route: Route) -> int:
    """Return after how many seconds the call leaves a queue by its time-out. A call that is to leave in another way has
    time for it on a busy machine too. Source: app_queue.c, queue_exec(): whole seconds of the clock, begun ones too.
    """
    return 2 if any(turn.label == "queue-timeout" for turn in route.turns) else 10


def _dials(route: Route) -> str:
    """Return what the shadows of the route's transfers do, in order; see cct-shadow."""
    shadows = {
        "transferred": "transferred",
        "transfer-busy": "busy",
        "transfer-no-answer": "no",
        "transfer-failed": "failed",
    }
    return "-".join(shadows[turn.label] for turn in route.turns if turn.label in shadows)


class _Watcher:
    """Folds the call's marks into its path and plays the caller."""

    def __init__(self, client: Client, route: Route, call: str) -> None:
        self.client = client
        self.call = call
        self.path: list[tuple[str, str]] = []
        self.ended = False
        self._turns = list(reversed(route.turns))
        self._turn: Turn | None = None
        self._keys: Iterator[str] = iter(())

    def concerns(self, event: Message) -> bool:
        return event.get("Call") == self.call or event.get("Uniqueid") == self.call

    async def see(self, event: Message) -> None:
        if event.event == "QueueCallerJoin":
            await self._joined(event.get("Channel"))
            return
        mark = marks.from_user_event(event.get)
        if mark is None:
            return
        if mark.kind == "step":
            self._enter(mark.step)
        elif mark.kind == "ask":
            await self._asked(event.get("Channel"), mark.detail)
        elif mark.kind == "out":
            self._left(mark.step, mark.detail)
        elif mark.kind == "end":
            if not self.path or self.path[-1][0] != mark.step:
                self.path.append((mark.step, ABANDONED))
            self.ended = True

    def _enter(self, step: str) -> None:
        """Take up the route's next turn, if the call is where the route is."""
        if self._turns and self._turns[-1].step == step:
            self._turn = self._turns.pop()
            self._keys = iter(self._turn.presses)

    def _left(self, step: str, label: str) -> None:
        if label == "queue-continued" and self.path and self.path[-1] == (step, "answered"):
            # An agent answered and hung up before the call went on: one way out, said twice.
            self.path.pop()
        self.path.append((step, label))

    async def _joined(self, channel: str) -> None:
        if self._turn and self._turn.label == ABANDONED:
            await self.client.action("Hangup", {"Channel": channel})
        elif self._turn and isinstance(self._turn.guard, QueueKey):
            await self._press(channel, self._turn.guard.key)

    async def _asked(self, channel: str, what: str) -> None:
        if what != VOICEMAIL:
            await self._press(channel, next(self._keys, SILENCE))
        elif self._turn and self._turn.label == "voicemail-too-short":
            await self._press(channel, "#")
        else:
            await asyncio.sleep(_MESSAGE_SECONDS)
            if self._turn and self._turn.label == "voicemail-done":
                await self._press(channel, "#")
            else:
                await self.client.action("Hangup", {"Channel": channel})

    async def _press(self, channel: str, key: str) -> None:
        for digit in key.replace(SILENCE, ""):
            # The caller's half of the Local pair presses; the digit arrives on the half in the dialplan.
            await self.client.action("PlayDTMF", {"Channel": channel.removesuffix(";2") + ";1", "Digit": digit})
            if len(key) > 1:
                await asyncio.sleep(_GAP_SECONDS)
