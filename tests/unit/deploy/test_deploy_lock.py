import asyncio
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from cctoolkit.errors import Busy, UsageError
from cctoolkit.node.transports import Holder, Intent
from cctoolkit.node.transports.local import LocalTransport
from cctoolkit.workflow import locks

ANNA = Holder("anna", "desk-7", "apply of release aa", "2026-11-22T12:00:00+00:00")


async def test_who_finds_a_node_locked_is_told_by_whom(applied):
    """The second engineer is refused: who, from which machine, doing what, since when."""
    async with applied.transport.lock(ANNA):
        async with locks.held(applied.loaded.site.nodes, "apply", 0, applied.said.append):
            """With no time to wait nobody is asked."""
        with pytest.raises(Busy, match="anna on desk-7"):
            await applied.apply()
        with pytest.raises(Busy, match="anna on desk-7, apply of release aa, since 2026-11-22T12:00:00Z") as caught:
            await locks.held(applied.loaded.site.nodes, "apply", 0.01, applied.said.append).__aenter__()
    assert caught.value.exit_code == 1
    assert "--wait 60s" in caught.value.next_step


async def test_a_plan_that_looks_keeps_no_apply_out(applied, monkeypatch):
    """An apply was cut off, and a plan looks whether it is still at work: the next apply comes in that very moment."""
    planned, looking, locked = await applied.planned(), asyncio.Event(), LocalTransport._locked

    @asynccontextmanager
    async def slow(self, holder):
        async with locked(self, holder):
            if not looking.is_set():
                looking.set()
                await asyncio.sleep(0.2)
            yield

    current = await applied.transport.current()
    await applied.transport.intend(Intent(current, "000002-aa", "anna", "2026-11-22T12:00:00+00:00"))
    monkeypatch.setattr(LocalTransport, "_locked", slow)
    plan = asyncio.create_task(applied.plan())
    await looking.wait()
    assert await applied.perform(planned) == ["n1"]
    assert "was cut off" in (await plan).cut_off


async def test_an_apply_tells_the_next_one_what_it_does(applied):
    """While it is at work its user, machine and release stand in the lock."""
    seen = []
    applied.switch.before["Reload app_queue.so"] = lambda: seen.append((applied.root / "lock").read_text())
    await applied.apply()
    assert f'"doing":"apply of release {(await applied.plan()).release_now}"' in seen[0]


async def test_who_waits_gets_in_when_the_other_is_done_and_keeps_everybody_else_out(applied, monkeypatch):
    """It is told for whom one waits, once; from then on a third one is refused, before the plan and until the end, by
    name, and the apply itself goes on under that lock.
    """
    monkeypatch.setattr(locks, "_PAUSE_SECONDS", 0.01)
    (node,) = applied.loaded.site.nodes
    third = LocalTransport(node.id, Path(node.folder), node.group)

    async def wait_and_apply():
        async with locks.held([node], "apply", 60, applied.said.append):
            with pytest.raises(Busy, match=r"apply, since"):
                await third.lock(ANNA).__aenter__()
            planned = await applied.planned()
            with pytest.raises(Busy, match=r"apply, since"):
                await third.lock(ANNA).__aenter__()
            await applied.perform(planned)
            with pytest.raises(Busy, match=r"apply, since"):
                await third.lock(ANNA).__aenter__()

    async with applied.transport.lock(ANNA):
        waiting = asyncio.create_task(wait_and_apply())
        await asyncio.sleep(0.05)
        assert not waiting.done()
    await waiting
    assert len([line for line in applied.said if line.endswith("; waiting")]) == 1
    async with third.lock(ANNA):
        assert (await applied.plan()).empty


async def test_a_plan_that_looks_whether_an_apply_is_at_work_keeps_nobody_out(applied):
    """It takes the lock for a moment, without a name: an apply that comes then waits for that moment."""
    planned = await applied.planned()
    looking = applied.transport.lock()
    await looking.__aenter__()
    applying = asyncio.create_task(applied.perform(planned))
    await asyncio.sleep(0.05)
    assert not applying.done()
    await looking.__aexit__(None, None, None)
    assert await asyncio.wait_for(applying, 10) == ["n1"]


@pytest.mark.parametrize("text", ["soon", "-1s", "25h", "99999999999999h", "60"])
def test_what_is_no_duration_is_wrong_usage(text):
    """A day at most: nobody waits longer for an apply, or to confirm one."""
    with pytest.raises(UsageError, match="no duration of up to a day"):
        locks.duration(text, "--wait")
    assert locks.patience("") == 0
    assert locks.patience("1m") == 60
