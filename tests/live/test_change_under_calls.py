"""A line full of calls is changed: nobody notices but those who are to."""

import asyncio

import pytest

from cctoolkit import marks
from cctoolkit.lab.session import Caller
from cctoolkit.workflow import specs, switch

pytestmark = pytest.mark.live

PROJECT = "northwind-hotline"
NUMBER = "+78001002030"
ON_ORDERS = ("ivanova", "petrov", "smirnova", "sokolov", "popova", "kuznetsova", "fedorov")
ON_SUPPORT = ("vasiliev", "mikhailova", "novikov")
PAUSED = {"kuznetsova": "*141", "petrov": "*142", "novikov": "*143", "egorova": "*142"}
REASONS = {"*141": "lunch", "*142": "break", "*143": "training"}
TO_ORDERS, TO_SUPPORT = [(0.4, "1")], [(0.4, "2"), (1.2, "1")]


class Crowd:
    """Twenty calls: ten agents talk, four of the eleven logged in are paused, ten callers wait; and what the switch says of it."""

    def __init__(self, line) -> None:
        self.line = line
        self.calls: dict[str, str] = {}

    async def gather(self) -> None:
        """Log everybody in, fill the line, let some dial a pause, three of them while they talk."""
        street = self.line.lab.street
        everybody = (*ON_ORDERS, *ON_SUPPORT, "egorova")
        await street.wait_registered(everybody)
        for agent in everybody:
            await street.set_phone(agent, answer_after=0.2)
        await self.dial(dict.fromkeys(everybody, "*11"))
        await self.dial({"egorova": PAUSED["egorova"]})
        await self.call(len(ON_ORDERS), TO_ORDERS)
        await self.settled(talking=len(ON_ORDERS), waiting=0)
        await self.call(len(ON_SUPPORT), TO_SUPPORT)
        await self.settled(talking=10, waiting=0)
        await self.call(6, TO_ORDERS)
        await self.call(4, TO_SUPPORT)
        await self.settled(talking=10, waiting=10)
        await self.dial({agent: code for agent, code in PAUSED.items() if agent != "egorova"})
        wanted = {agent: {REASONS[code]} for agent, code in PAUSED.items()}
        await until(self.paused, wanted)
        # The phones that dialled have hung up, and the node lets their channels go a moment later.
        await until(self.up, 3 * 10)

    async def call(self, count, keys) -> None:
        """Place calls, each from a number of its own."""
        async with self.line.lab.street.session() as session:
            for _ in range(count):
                caller = f"+7916000{len(self.calls):04d}"
                self.calls[caller] = await session.place_call(NUMBER, Caller(caller), keys=keys)
                await asyncio.sleep(0.1)

    async def dial(self, codes) -> None:
        """Let phones dial, each its code, and wait until they have hung up."""
        street = self.line.lab.street
        placed = {await street.agent_dials(agent, code) for agent, code in codes.items()}
        for one in placed:
            await street.wait_for(lambda e, one=one: e.kind == "HANGUP" and e.uniqueid == one, 20)

    async def status(self):
        """Return members as (queue, agent) -> penalty, pause, reason, log-in, pause time, in a call; callers as (queue, place) -> number."""
        async with self.client() as client:
            found = await client.listing("QueueStatus")
        shown = ("Penalty", "Paused", "PausedReason", "LoginTime", "LastPause", "InCall", "CallsTaken")
        members = {
            (e.get("Queue"), e.get("Name")): tuple(e.get(name) for name in shown)
            for e in found
            if e.event == "QueueMember"
        }
        places = {
            (e.get("Queue"), int(e.get("Position"))): e.get("CallerIDNum") for e in found if e.event == "QueueEntry"
        }
        return members, places

    async def paused(self):
        """Return the reasons of each agent who is paused anywhere, "" for a queue in which they are not."""
        members, _ = await self.status()
        found = {}
        for (_, agent), one in members.items():
            found.setdefault(agent, set()).add(one[2] if one[1] == "1" else "")
        return {agent: reasons for agent, reasons in found.items() if reasons != {""}}

    async def talking(self):
        """Return who is in a call from a queue."""
        members, _ = await self.status()
        return {agent for (_, agent), one in members.items() if one[5] == "1"}

    async def settled(self, *, talking, waiting) -> None:
        """Wait until so many talk and wait."""

        async def now():
            return len(await self.talking()), len((await self.status())[1])

        await until(now, (talking, waiting), 30)

    async def channels(self):
        """Return the ids of all channels of the node."""
        async with self.client() as client:
            return {e.get("Uniqueid") for e in await client.listing("CoreShowChannels")}

    async def up(self):
        """Return how many channels the node has: of ten who talk two each, of ten who wait one."""
        return len(await self.channels() - {""})

    def client(self):
        """Return a client of the node's deploy account."""
        (node,) = specs.load_site(self.line.site).site.nodes
        return switch.deploy_client(node)

    def ended(self) -> set[str]:
        """Return the callers whose calls the street saw end."""
        over = {e.uniqueid for e in self.line.lab.street.witness() if e.kind == "HANGUP"}
        return {caller for caller, call in self.calls.items() if call in over}

    def marks(self) -> list[marks.Mark]:
        """Return every mark in queue_log."""
        text = self.line.lab.nodes["n1"].queue_log.read_text(encoding="utf-8")
        return [mark for row in text.splitlines() if (mark := marks.from_queue_log(row.split("|")))]

    def call_of(self, caller) -> str:
        """Return the node's id of a caller's call."""
        (found,) = {m.call for m in self.marks() if m.kind == "entry" and m.detail == caller}
        return found

    def generation(self) -> str:
        """Return the generation the spec renders to now."""
        return specs.render_site(specs.load_site(self.line.site))["n1"].generations[PROJECT]


async def until(found, wanted, seconds=10):
    """Await until `found()` is `wanted`."""
    last = None
    for _ in range(int(seconds / 0.1)):
        last = await found()
        if last == wanted:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{last!r} is not {wanted!r} after {seconds} s")


@pytest.fixture(scope="module")
def crowd(line):
    """The full line; each test leaves it full."""
    found = Crowd(line)
    asyncio.run(found.gather())
    return found


async def test_another_strategy_under_twenty_calls(crowd, capsys):
    """A queue's strategy changes under ten talking and ten waiting: the plan says before what that does, no call ends,
    places, log-ins, pauses and reasons are the same to the second, and the first in line is served next.
    """
    line, orders = crowd.line, f"{PROJECT}.orders"
    members, places = await crowd.status()
    channels = await crowd.channels()
    assert len(places) == 10
    line.edit("strategy: rrmemory", "strategy: leastrecent")
    assert await line.run_aside("plan", "--site", line.site) == 2
    planned = capsys.readouterr().out
    assert "strategy: rrmemory -> leastrecent" in planned
    assert "effect: waiting callers, log-ins and pauses stay" in planned
    assert await line.run_aside("apply", "--site", line.site) == 0
    assert "in 'leastrecent' strategy" in line.lab.nodes["n1"].cli(f"queue show {orders}")
    assert await crowd.status() == (members, places)
    assert await crowd.channels() == channels
    assert crowd.ended() == set()
    first, second = places[orders, 1], places[orders, 2]
    (talks,) = {caller for caller, agent in (await served(crowd)).items() if agent == "sokolov"}
    await line.lab.street.hang_up(crowd.calls[talks])
    await until(lambda: in_wrap_up(crowd, "sokolov"), True)
    await crowd.dial({"sokolov": "*13"})
    await crowd.settled(talking=10, waiting=9)
    await until(lambda: agent_of(crowd, first), "sokolov")  # who serves no other queue
    assert (await crowd.status())[1][orders, 1] == second
    assert crowd.ended() == {talks}


async def in_wrap_up(crowd, agent):
    return (await crowd.paused()).get(agent) == {marks.WRAP_UP}


async def agent_of(crowd, caller):
    return (await served(crowd)).get(caller)


async def served(crowd):
    """Return the agent each caller talks to: the two channels of a bridge."""
    async with crowd.client() as client:
        found = await client.listing("CoreShowChannels")
    bridges = {}
    for one in found:
        if one.get("BridgeId"):
            bridges.setdefault(one.get("BridgeId"), []).append(one)
    talks = {}
    for one, other in bridges.values():
        agent, caller = (one, other) if one.get("Application") == "AppQueue" else (other, one)
        talks[caller.get("CallerIDNum")] = agent.get("Channel").split("/")[1].rpartition("-")[0]
    return talks


async def test_another_flow_under_calls(crowd, capsys):
    """The flow changes: calls that are up stay and go on in their old generation, step after step; a new call takes the
    new one, and waits behind them.
    """
    line, support, overflow = crowd.line, f"{PROJECT}.support", f"{PROJECT}.overflow"
    old, before = crowd.generation(), crowd.ended()
    status, channels = await crowd.status(), await crowd.channels()
    line.edit("prompts: [ss-noservice]", "prompts: [ss-noservice, vm-goodbye]")
    assert await line.run_aside("plan", "--site", line.site) == 2
    assert "calls that are up finish in the old generation, new calls enter the new one" in capsys.readouterr().out
    assert await line.run_aside("apply", "--site", line.site) == 0
    new = crowd.generation()
    assert new != old
    assert await crowd.status() == status
    assert await crowd.channels() == channels
    assert crowd.ended() == before

    await crowd.call(1, TO_SUPPORT)
    newcomer = list(crowd.calls)[-1]
    waited = sum(queue == support for queue, _ in status[1])
    await until(lambda: place_of(crowd, newcomer), (support, waited + 1))
    first = status[1][support, 1]
    async with crowd.client() as client:
        (channel,) = [e.get("Channel") for e in await client.listing("QueueStatus")
                      if e.event == "QueueEntry" and e.get("CallerIDNum") == first]  # fmt: skip
        await client.action("QueueWithdrawCaller", {"Queue": support, "Caller": channel})
    await until(lambda: place_of(crowd, first), (overflow, 1))
    told = {one: [(m.generation, m.step) for m in crowd.marks() if m.call == crowd.call_of(one) and m.kind == "step"]
            for one in (first, newcomer)}  # fmt: skip
    steps = ("opening-hours", "subject", "support-topic", "support")
    assert told[first] == [(old, step) for step in (*steps, "overflow")]
    assert told[newcomer] == [(new, step) for step in steps]

    for call in crowd.calls.values():
        await line.lab.street.hang_up(call)
    wanted = {crowd.call_of(caller): new if caller == newcomer else old for caller in crowd.calls}
    await until(lambda: ends(crowd), wanted)


async def ends(crowd):
    """Return the generation in which each call ended."""
    return {m.call: m.generation for m in crowd.marks() if m.kind == "end"}


async def place_of(crowd, caller):
    _, places = await crowd.status()
    return next((place for place, number in places.items() if number == caller), None)
