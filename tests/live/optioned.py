"""A line with one queue whose options change one by one, and what the switch says meanwhile."""

import re
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from tests.live.staffed import DEALERS, Staffed, queue, until

VIP, AGENT, OTHER_AGENT = queue("vip"), "novikov", "kuznetsova"
SHAPE = "    strategy: ringall\n"
GIVEN = {"timeout": "1s", "retry": "1s"}
BY_HAND = "--overwrite-edits"
SPOKEN = re.compile(r"^\[(\S+ \S+)\] VERBOSE.* <PJSIP/carrier\S*> Playing '([^']+)\.\w+'", re.MULTILINE)


class Heard:
    """The node's events from a moment on."""

    def __init__(self, events) -> None:
        self._events = events
        self._since = 0.0
        self.passed = []

    def forget(self) -> None:
        """Leave out what has happened until now."""
        self._since = time.time()

    async def next(self, name, **headers):
        """Return the next event of this name with these headers."""

        def wanted(event) -> bool:
            self.passed.append(event)
            alike = all(event.get(key) == value for key, value in headers.items())
            return event.event == name and at(event) > self._since and alike

        return await self._events.next_matching(wanted, 15)

    async def both(self, one, other):
        """Return the next events of two names, whichever comes first."""
        found = {}

        def wanted(event) -> bool:
            self.passed.append(event)
            if event.event in (one, other):
                found.setdefault(event.event, event)
            return len(found) == 2

        await self._events.next_matching(wanted, 15)
        return found[one], found[other]


def at(event) -> float:
    """Return when the switch says it was, in seconds."""
    return float(event.get("Timestamp") or 0)


class Tried(Staffed):
    """The line with a queue whose options change one by one.

    That queue is reached without a menu, and is not ringall: the second in line has phones left to ring.
    """

    async def given(self, **options) -> None:
        """Let the queue have these options, beside those of every test here, and nobody be there."""
        await self.clear()
        self._options = GIVEN | {name.replace("_", "-"): value for name, value in options.items()}
        self._tell()
        assert await self.apply(BY_HAND) == 0

    def _tell(self) -> None:
        lines = "".join(f"    {name}: {value}\n" for name, value in self._options.items())
        self.spec(("project", SHAPE, f"    strategy: rrmemory\n{lines}"))

    async def only(self, option, value, *accepted) -> None:
        """Apply another value of one option, which is all that the plan has for the queues."""
        self._options[option] = value
        self._tell()
        await self._apply_only(VIP, option, *accepted)

    def by_hand(self, option, was, now, name=VIP) -> None:
        """Change a line of a section on the node and let the switch read it."""
        file = self.node.config / "cctoolkit/current/queues.conf"
        text = file.read_text(encoding="utf-8")
        head = text.index(f"\n[{name}]") + 1
        line = text.index(f"\n{option} = {was}\n", head)
        assert "\n[" not in text[head:line]
        file.write_text(text[:line] + text[line:].replace(f" = {was}\n", f" = {now}\n", 1), encoding="utf-8")
        self.node.cli("queue reload all")

    async def put_back(self, option, name=VIP) -> None:
        """Let apply take back what was done by hand."""
        await self._apply_only(name, option, BY_HAND)

    async def _apply_only(self, name, option, *accepted) -> None:
        changes = (await self.plan()).changes
        assert [(c.name, c.option) for c in changes if c.kind in ("queue", "queues")] == [(name, option)]
        assert await self.apply(*accepted) == 0

    async def agent(self, name, *, reason=None, **act) -> None:
        """Let an agent be logged in whose phone acts so."""
        await self.line.lab.street.set_phone(name, **{"answer_after": 0.1, **act})
        await self.member("vip", name, reason=reason)

    @asynccontextmanager
    async def listening(self):
        """Yield the events from now on."""
        async with self.tester() as client, client.subscribe() as events:
            yield Heard(events)

    async def waits(self, seconds) -> None:
        """Return when the first in line has waited so long, by what the switch says."""

        async def long_enough() -> bool:
            found = await self._status(VIP, "QueueEntry")
            return any(int(e.get("Wait")) >= seconds for e in found if e.get("Position") == "1")

        await until(long_enough, True)

    def spoken(self, since) -> list[tuple[float, str]]:
        """Return when which sound began for a caller, after a moment."""
        text = (self.node.folder / "log/spoken").read_text(encoding="utf-8")
        found = [(time_of(when), sound) for when, sound in SPOKEN.findall(text)]
        return [(when, sound) for when, sound in found if when > since]

    async def hears(self, sound, since) -> float:
        """Return when a caller hears a sound that began after a moment."""

        async def begun() -> bool:
            return sound in [name for _, name in self.spoken(since)]

        await until(begun, True)
        return next(when for when, name in self.spoken(since) if name == sound)

    async def next_call_after(self) -> float:
        """Let an agent end a call and be ready, and return how long after its end the next in line is offered."""
        async with self.listening() as heard:
            await self.call(DEALERS)
            await heard.next("AgentConnect")
            await self.call(DEALERS)
            ends = at(await self._ready_again(heard))
            begins = at(await heard.next("AgentCalled"))
            await self._ready_again(heard)
        return begins - ends

    async def _ready_again(self, heard):
        """End the wrap-up after a call as it begins, and return the end of the call."""
        (ends, _) = await heard.both("AgentComplete", "QueueMemberPause")
        async with self.client() as client:
            await client.command("database deltree cct-pause")
            await client.action("QueuePause", {"Interface": f"PJSIP/{AGENT}", "Paused": "false"})
        return ends

    async def offered(self, tries) -> set[str]:
        """Return the callers whom the next tries are for."""
        async with self.listening() as heard:
            return {(await heard.next("AgentCalled")).get("Uniqueid") for _ in range(tries)}

    async def taken_elsewhere(self) -> str:
        """Return how many calls the agent has taken in another queue by taking one in this."""
        async with self.listening() as heard:
            await self.call(DEALERS)
            await self._ready_again(heard)
            found = await self._status(queue("support"), "QueueMember")
        return found[0].get("CallsTaken")

    async def _status(self, name, event):
        """Return a queue's members or callers."""
        async with self.client() as client:
            found = await client.listing("QueueStatus", {"Queue": name})
        return [e for e in found if e.event == event]

    async def logged_in_as(self) -> str:
        """Let the agent log in and out, and return whom queue_log names."""
        await self.member("vip", AGENT)
        await self.clear()
        rows = [row.split("|") for row in self.node.queue_log.read_text(encoding="utf-8").splitlines()]
        return [row[3] for row in rows if row[4] == "ADDMEMBER"][-1]


def time_of(text) -> float:
    """Return a time of the node's log, which is in UTC, in seconds."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=UTC).timestamp()
