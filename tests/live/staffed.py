"""A line with agents, some paused, with callers who wait and one who talks; and its spec, changed and put back."""

import asyncio
import re
from contextlib import asynccontextmanager

from cctoolkit import marks
from cctoolkit.ami.client import Client
from cctoolkit.plan.changes import Plan
from cctoolkit.plan.classes import Class
from cctoolkit.workflow import specs, switch

PROJECT = "northwind-hotline"
NUMBER, DEALERS = "+78001002030", "+78126402030"


def queue(name: str) -> str:
    """Return app_queue's name of a queue."""
    return marks.queue_name(PROJECT, name)


async def until(found, wanted, seconds=10):
    """Await until `found()` is `wanted`."""
    last = None
    for _ in range(int(seconds / 0.1)):
        last = await found()
        if last == wanted:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{last!r} is not {wanted!r} after {seconds} s")


def _others(names: str, name: str) -> str:
    return ", ".join(one for one in names.split(", ") if one != name) or "overflow"


class Staffed:
    """The line of a test, its texts, and what the switch says of who is there.

    Its menus wait for as long as an apply may take: a caller presses a key when its moment has come.
    """

    def __init__(self, line) -> None:
        self.line = line
        line.wait_for_keys()
        assert line.run("apply", "--site", line.site) == 0
        self.node = line.lab.nodes["n1"]
        self.files = {"project": line.project, "site": line.lab.site_file}
        self.texts = {name: file.read_text(encoding="utf-8") for name, file in self.files.items()}
        (self.site_node,) = self.loaded().site.nodes
        self.calls: list[str] = []
        self.heard = 0

    def spec(self, *edits: tuple[str, str, str]) -> None:
        """Write the first spec with these edits: file, text there, text instead."""
        texts = dict(self.texts)
        for file, old, new in edits:
            assert texts[file].count(old) == 1, f"{old!r} stands {texts[file].count(old)} times"
            texts[file] = texts[file].replace(old, new)
        self._write(texts)

    def without(self, name: str, *, flow: bool = True) -> None:
        """Write the first spec without a queue; its callers come to `overflow`, and so do agents of no other queue."""
        text = self.texts["project"]
        text = re.sub(rf"\n  {name}:\n    title:.*\n(?:    .*\n)*", "\n", text)
        text = re.sub(r"queues: \[(.*)\], ", lambda found: f"queues: [{_others(found[1], name)}], ", text)
        if flow:
            text = text.replace(f"    queue: {name}\n", "    queue: overflow\n")
        self._write({**self.texts, "project": text})

    def renamed(self, name: str, other: str) -> None:
        """Write the first spec with another name for a step."""
        self._write({**self.texts, "project": self.texts["project"].replace(name, other)})

    def _write(self, texts: dict[str, str]) -> None:
        for name, text in texts.items():
            self.files[name].write_text(text, encoding="utf-8")

    def loaded(self):
        """Load the site."""
        return specs.load_site(self.line.site)

    def client(self):
        """Return a client of the node's deploy account."""
        return switch.deploy_client(self.site_node)

    @asynccontextmanager
    async def tester(self):
        """Yield a client that may place calls and listens."""
        account = switch.account(self.site_node, self.site_node.ami.accounts.test)
        async with Client.connect(account, events=True) as client:
            yield client

    async def plan(self) -> Plan:
        """Return the node's plan."""
        return (await switch.plan_site(self.loaded()))[0].plan

    async def dangers(self) -> dict[str, dict[str, int]]:
        """Return what the plan says is dangerous: rule -> who is touched."""
        return {one.rule: dict(one.live) for one in (await self.plan()).impacts if one.class_.dangerous}

    async def apply(self, *options: str) -> int:
        """Apply and return the exit code."""
        return await self.line.run_aside("apply", "--site", self.line.site, *options)

    async def member(self, name: str, agent: str, *, reason: str | None = None, of: str = "") -> None:
        """Log an agent in to a queue, paused where a reason is given."""
        who = {"Queue": of or queue(name), "Interface": f"PJSIP/{agent}"}
        async with self.client() as client:
            await client.action("QueueAdd", {**who, "Penalty": self._penalty(agent), "MemberName": agent})
            if reason is not None:
                await client.action("QueuePause", {**who, "Paused": "true", "Reason": reason})

    def _penalty(self, agent: str) -> str:
        found = [one.penalty for one in self.loaded().projects[0].agents if one.agent == agent]
        return str(found[0] if found else 0)

    async def begin_again(self) -> None:
        """Let the first spec be in force and nobody be there, whatever is touched."""
        await self.clear()
        self.spec()
        everything = [f"--accept={one}" for one in Class if one.dangerous]
        assert await self.apply("--overwrite-edits", *everything) == 0
        await self.clear()

    async def clear(self) -> None:
        """Let everybody go: calls end, members log out."""
        for call in self.calls:
            await self.line.lab.street.hang_up(call)
        self.calls.clear()
        async with self.client() as client:
            await client.command("channel request hangup all")
            for e in await client.listing("QueueStatus"):
                if e.event == "QueueMember" and e.get("Membership") == "dynamic":
                    await client.action("QueueRemove", {"Queue": e.get("Queue"), "Interface": e.get("Location")})
            await client.command("database deltree cct-pause")
        await until(self.channels, frozenset())
        self.heard = len(self.said())

    async def call(self, number: str, *keys: tuple[float, str]) -> str:
        """Let a caller call and return the call."""
        caller = f"+7916000{len(self.calls):04d}"
        self.calls.append(await self.line.lab.street.place_call(number, caller=caller, keys=keys))
        return self.calls[-1]

    async def press(self, key: str) -> None:
        """Let the latest caller press a key now."""
        await self.line.lab.street.press(self.calls[-1], key)

    async def members(self):
        """Return (queue, agent) -> penalty, pause, reason, log-in, pause time, in a call."""
        shown = ("Penalty", "Paused", "PausedReason", "LoginTime", "LastPause", "InCall")
        async with self.client() as client:
            found = await client.listing("QueueStatus")
        return {
            (e.get("Queue"), e.get("Location").removeprefix("PJSIP/")): tuple(e.get(name) for name in shown)
            for e in found
            if e.event == "QueueMember"
        }

    def members_of(self, name: str):
        """Return what asks for a queue's agents."""

        async def ask() -> set[str]:
            return {agent for in_queue, agent in await self.members() if in_queue == queue(name)}

        return ask

    async def order(self, name: str) -> list[str]:
        """Return a queue's agents as app_queue keeps them."""
        async with self.client() as client:
            found = await client.listing("QueueStatus", {"Queue": queue(name)})
        return [e.get("Name") for e in found if e.event == "QueueMember"]

    async def waiting(self) -> dict[tuple[str, int], str]:
        """Return (queue, place) -> channel."""
        async with self.client() as client:
            found = await client.listing("QueueStatus")
        return {(e.get("Queue"), int(e.get("Position"))): e.get("Channel") for e in found if e.event == "QueueEntry"}

    async def count(self) -> int:
        """Return how many wait."""
        return len(await self.waiting())

    async def channels(self) -> frozenset[str]:
        """Return the ids of all channels of the node."""
        async with self.client() as client:
            return frozenset(e.get("Uniqueid") for e in await client.listing("CoreShowChannels"))

    async def talking(self) -> int:
        """Return how many agents are in a call from a queue."""
        return sum(one[5] == "1" for one in (await self.members()).values())

    async def there(self):
        """Return everything a change must leave as it is."""
        return await self.members(), await self.waiting(), await self.channels()

    async def at(self, application: str) -> bool:
        """Say whether a channel is in this application."""
        async with self.client() as client:
            return any(e.get("Application") == application for e in await client.listing("CoreShowChannels"))

    def said(self) -> list[marks.Mark]:
        """Return every mark in queue_log."""
        text = self.node.queue_log.read_text(encoding="utf-8")
        return [mark for row in text.splitlines() if (mark := marks.from_queue_log(row.split("|")))]

    async def went(self, step: str, way: str) -> bool:
        """Say whether a call of this test has left a step so."""
        return any((m.kind, m.step, m.detail) == ("out", step, way) for m in self.said()[self.heard :])

    async def last(self, kind: str) -> str:
        """Return the step of the last mark of a kind."""
        found = [mark for mark in self.said()[self.heard :] if mark.kind == kind]
        return found[-1].step if found else ""

    def forgive(self, *texts: str) -> None:
        """Leave out of the node's log what it is meant to say of a change that was accepted."""
        log = self.node.messages
        lines = log.read_text(encoding="utf-8").splitlines(keepends=True)
        log.write_text("".join(line for line in lines if not any(text in line for text in texts)), encoding="utf-8")
