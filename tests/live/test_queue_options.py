"""Every queue option that app_queue shows in no reply, on the switch: what callers and agents live through differs as the option
does, after an apply that changes this option alone.

The test of an option has its name. What a spec cannot set is set otherwise by hand first, and apply puts it back.
"""

import asyncio
import time

import pytest

from tests.live.optioned import AGENT, OTHER_AGENT, VIP, Tried, at
from tests.live.staffed import DEALERS, until

pytestmark = pytest.mark.live

MUSIC = "\n[other]\nmode = files\ndirectory = /srv/moh\n"


@pytest.fixture(scope="module")
def tried(line):
    """The line, with a second class of music, and a log of what is said to callers."""
    node = line.lab.nodes["n1"]
    music = node.config / "musiconhold.conf"
    music.write_text(music.read_text(encoding="utf-8") + MUSIC, encoding="utf-8")
    node.cli("moh reload")
    node.cli("logger add channel spoken verbose(3)")
    asyncio.run(line.lab.street.wait_registered([AGENT, OTHER_AGENT]))
    return Tried(line)


async def rings(heard) -> float:
    """Return for how long an agent's phone rings next."""
    begins = await heard.next("AgentCalled")
    return at(await heard.next("AgentRingNoAnswer")) - at(begins)


async def pauses(heard) -> float:
    """Return how long it takes from a phone that nobody answered to the next try."""
    ends = await heard.next("AgentRingNoAnswer")
    return at(await heard.next("AgentCalled")) - at(ends)


async def takes(tried, option, seconds_of) -> None:
    """Hold that something takes a second, and three when apply has said so, also for who waits already."""
    await tried.given()
    await tried.agent(AGENT, answers=False)
    async with tried.listening() as heard:
        await tried.call(DEALERS)
        assert await seconds_of(heard) == pytest.approx(1, abs=0.7)
        await tried.only(option, "3s")
        heard.forget()
        assert await seconds_of(heard) == pytest.approx(3, abs=0.7)


async def test_timeout(tried):
    """An agent's phone rings for a second; then for three."""
    await takes(tried, "timeout", rings)


async def test_retry(tried):
    """The next try comes a second after a phone that nobody answered; then after three."""
    await takes(tried, "retry", pauses)


async def test_joinempty(tried):
    """With nobody logged in a caller goes another way; then one waits."""
    await tried.given()
    await tried.call(DEALERS)
    await until(lambda: tried.went("dealers", "queue-no-agents"), True)
    await tried.only("joinempty", "true")
    await tried.call(DEALERS)
    await until(tried.count, 1)


async def test_leavewhenempty(tried):
    """A caller waits with nobody logged in; then leaves by no_agents."""
    await tried.given(joinempty="true")
    await tried.call(DEALERS)
    await tried.waits(3)
    assert not await tried.went("dealers", "queue-no-agents")
    await tried.only("leavewhenempty", "true", "--accept=moves-running-calls")
    await until(lambda: tried.went("dealers", "queue-no-agents"), True)


async def test_musicclass(tried):
    """Who joins hears the queue's music."""
    await tried.given()
    await tried.agent(AGENT, reason="lunch")
    async with tried.listening() as heard:
        await tried.call(DEALERS)
        assert (await heard.next("MusicOnHoldStart")).get("Class") == "default"
        await tried.only("musicclass", "other")
        heard.forget()
        await tried.call(DEALERS)
        assert (await heard.next("MusicOnHoldStart")).get("Class") == "other"


async def test_announce_frequency(tried):
    """A caller hears the music alone; then it stops for an announcement."""
    await tried.given()
    await tried.agent(AGENT, reason="lunch")
    async with tried.listening() as heard:
        await tried.call(DEALERS)
        begins = await heard.next("MusicOnHoldStart")
        await tried.waits(3)
        await tried.only("announce-frequency", "15s")
        assert at(await heard.next("MusicOnHoldStop")) - at(begins) > 3
        await heard.next("MusicOnHoldStart")


async def test_min_announce_frequency(tried):
    """Two announcements of the place are four seconds apart, whatever their frequency is; then as the spec says, two."""
    await tried.given(announce_frequency="2s")
    tried.by_hand("min-announce-frequency", "2", "4")
    await tried.agent(AGENT, reason="lunch")
    async with tried.listening() as heard:
        await tried.call(DEALERS)
        assert await between(heard) > 3
        await tried.put_back("min-announce-frequency")
        heard.forget()
        assert await between(heard) < 3


async def between(heard) -> float:
    """Return how long it takes from an announcement to the next."""
    begins = await heard.next("MusicOnHoldStop")
    return at(await heard.next("MusicOnHoldStop")) - at(begins)


async def test_announce_position(tried):
    """The music of a caller stops and no place is told; then it is told."""
    await tried.given(announce_frequency="1s")
    await tried.agent(AGENT, reason="lunch")
    began = time.time()
    async with tried.listening() as heard:
        call = await tried.call(DEALERS)
        await heard.next("MusicOnHoldStop")
        await heard.next("MusicOnHoldStart")
    await tried.line.lab.street.hang_up(call)
    await until(tried.count, 0)
    assert tried.spoken(began) == []
    await tried.only("announce-position", "true")
    await tried.call(DEALERS)
    await tried.hears("queue-youarenext", began)


async def test_periodic_announce(tried):
    """Who waits hears what the queue says; then what it says now."""
    await tried.given(periodic_announce="[digits/1]", periodic_announce_frequency="1s")
    await tried.agent(AGENT, reason="lunch")
    began = time.time()
    await tried.call(DEALERS)
    await tried.hears("digits/1", began)
    assert {sound for _, sound in tried.spoken(began)} == {"digits/1"}
    await tried.only("periodic-announce", "[digits/2]")
    await tried.hears("digits/2", began)


async def test_periodic_announce_frequency(tried):
    """Who waits hears it as often as the option says."""
    await tried.given(periodic_announce="[digits/1]", periodic_announce_frequency="1s")
    await tried.agent(AGENT, reason="lunch")
    began = time.time()
    await tried.call(DEALERS)
    first = await tried.hears("digits/1", began)
    assert await tried.hears("digits/1", first) - first < 3
    await tried.only("periodic-announce-frequency", "4s")
    first = await tried.hears("digits/1", time.time())
    assert await tried.hears("digits/1", first) - first > 3


async def test_wrapuptime(tried):
    """An agent who is ready at once is offered the next call after six seconds; then after that one."""
    await tried.given()
    await tried.agent(AGENT, talk=0.3)
    tried.by_hand("wrapuptime", "1", "6")
    assert await tried.next_call_after() > 4.5
    await tried.put_back("wrapuptime")
    assert await tried.next_call_after() < 4


async def test_ringinuse(tried):
    """An agent who talks is rung for who waits; then not."""
    await tried.given()
    tried.by_hand("ringinuse", "no", "yes")
    async with tried.listening() as heard:
        await tried.agent(AGENT)
        await tried.call(DEALERS)
        await heard.next("AgentConnect")
        await tried.call(DEALERS)
        await heard.next("AgentCalled")
        await tried.clear()
        await tried.put_back("ringinuse")
        # The agent may have taken the second call too, before it was cleared.
        heard.forget()
        await tried.agent(AGENT)
        await tried.call(DEALERS)
        await heard.next("AgentConnect")
        second = await tried.call(DEALERS)
        waits = await heard.next("QueueCallerJoin")
        await tried.waits(3)
        await tried.line.lab.street.hang_up(second)
        await heard.next("QueueCallerAbandon", Uniqueid=waits.get("Uniqueid"))
        rung = {event.get("Uniqueid") for event in heard.passed if event.event == "AgentCalled"}
    assert waits.get("Uniqueid") not in rung


async def test_autofill(tried):
    """Two agents are free, and only the first in line is offered to them; then the second too."""
    await tried.given()
    tried.by_hand("autofill", "yes", "no", "general")
    for name in (AGENT, OTHER_AGENT):
        await tried.agent(name, answers=False)
    await tried.call(DEALERS)
    await tried.call(DEALERS)
    await until(tried.count, 2)
    assert len(await tried.offered(3)) == 1
    await tried.put_back("autofill", "general")
    assert len(await tried.offered(3)) == 2


async def test_shared_lastcall(tried):
    """A call taken in one queue does not count in the agent's other one; then it does."""
    await tried.given()
    await tried.agent(AGENT, talk=0.3)
    await tried.member("support", AGENT)
    tried.by_hand("shared_lastcall", "yes", "no", "general")
    assert await tried.taken_elsewhere() == "0"
    await tried.put_back("shared_lastcall", "general")
    assert await tried.taken_elsewhere() == "1"


async def test_log_membername_as_agent(tried):
    """queue_log has the phone of who logs in; then the agent."""
    await tried.given()
    tried.by_hand("log_membername_as_agent", "yes", "no", "general")
    assert await tried.logged_in_as() == f"PJSIP/{AGENT}"
    await tried.put_back("log_membername_as_agent", "general")
    assert await tried.logged_in_as() == AGENT


async def test_persistentmembers(tried):
    """Who was logged in is gone after a restart; then still there. The log of what is said ends with the restart: this is the
    last test here.
    """
    await tried.given()
    tried.by_hand("persistentmembers", "yes", "no", "general")
    await tried.member("vip", AGENT)
    await asyncio.to_thread(tried.node.restart)
    assert await tried.members() == {}
    await tried.put_back("persistentmembers", "general")
    await tried.member("vip", AGENT)
    await asyncio.to_thread(tried.node.restart)
    assert set(await tried.members()) == {(VIP, AGENT)}
