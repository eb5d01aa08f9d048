"""Back to a release of before, on the real switch, with calls up; releases that wait to be confirmed; the history."""

import asyncio
import json
import os
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE

import pytest

from cctoolkit import marks
from cctoolkit.deploy import release
from cctoolkit.node.transports import Holder
from cctoolkit.workflow import nodes, reach, switch
from tests.live.test_agents import until

pytestmark = pytest.mark.live

PROJECT = "northwind-hotline"
NUMBER = "+78001002030"
FLOW = ("prompts: [ss-noservice]", "prompts: [ss-noservice, vm-goodbye]")


def node_of(line):
    return nodes.load_nodes(line.site).site.nodes[0]


async def in_force(line) -> release.Disk:
    async with reach.transport(node_of(line)) as there:
        return await release.read(there)


def generation_of(disk) -> str:
    return disk.manifest.generations[PROJECT]


@pytest.fixture
async def changed(line):
    """The line with a release whose flow is another than that of the release before; the spec is as it was again."""
    line.wait_for_keys()
    assert await line.run_aside("apply", "--site", line.site) == 0
    first = await in_force(line)
    line.edit(*FLOW)
    yield first
    line.edit(*reversed(FLOW))


def told(line) -> list[marks.Mark]:
    text = line.lab.nodes["n1"].queue_log.read_text(encoding="utf-8")
    return [mark for row in text.splitlines() if (mark := marks.from_queue_log(row.split("|")))]


async def call(line) -> tuple[str, str]:
    """Place a call that waits in the menu; return the street's id of it and its generation."""
    entries = sum(mark.kind == "entry" for mark in told(line))
    placed = await line.lab.street.place_call(NUMBER)
    await until(lambda: sum(mark.kind == "entry" for mark in told(line)), entries + 1)
    return placed, [mark for mark in told(line) if mark.kind == "entry"][-1].generation


async def ended_in(line, placed: str, generation: str) -> None:
    """The caller hangs up, and the call ends in its generation."""
    ends = sum(mark.kind == "end" for mark in told(line))
    assert not [e for e in line.lab.street.witness() if e.kind == "HANGUP" and e.uniqueid == placed]
    await line.lab.street.hang_up(placed)
    await until(lambda: sum(mark.kind == "end" for mark in told(line)), ends + 1)
    assert [mark for mark in told(line) if mark.kind == "end"][-1].generation == generation


async def test_the_way_back_under_a_call(line, changed, capsys):
    """A call of the newer release goes on in its generation after the rollback, a new one takes the older; the plan
    says what the spec changes again, and the history who did what.
    """
    assert await line.run_aside("apply", "--site", line.site) == 0
    newer = generation_of(await in_force(line))
    up, generation = await call(line)
    assert generation == newer != generation_of(changed)
    capsys.readouterr()
    assert await line.run_aside("rollback", "--site", line.site) == 0
    assert "calls that are up finish in the old generation" in capsys.readouterr().out
    assert (await in_force(line)).manifest.release == changed.manifest.release
    back, generation = await call(line)
    assert generation == generation_of(changed)
    await ended_in(line, up, newer)
    await ended_in(line, back, generation)
    capsys.readouterr()
    assert await line.run_aside("plan", "--site", line.site) == 2
    assert f"generation: {generation} -> {newer}" in capsys.readouterr().out
    assert await line.run_aside("history", "--site", line.site, "--format", "json") == 0
    last = json.loads(capsys.readouterr().out)["n1"][-1]
    assert (last["verb"], last["to"], last["what"]) == (
        "rollback", changed.manifest.release, {"project": {"change": 1}},
    )  # fmt: skip
    assert await line.run_aside("rollback", "--site", line.site, "--to", "nope") == 3
    assert changed.folder in capsys.readouterr().err


async def test_queues_and_penalties_of_that_release(line, changed):
    """An agent who is logged in, at lunch, gets the penalty of the older release back; nobody is logged in or out."""
    queue = marks.queue_name(PROJECT, "orders")
    (was,) = [one.penalty for one in (changed.manifest.members)["ivanova"] if one.queue == queue]
    agent = {"Queue": queue, "Interface": "PJSIP/ivanova", "MemberName": "ivanova", "Penalty": str(was)}
    seen = []
    async with switch.deploy_client(node_of(line)) as client:

        async def members():
            found = await client.listing("QueueStatus", {"Queue": queue})
            return [(e.get("Name"), e.get("Penalty"), e.get("PausedReason")) for e in found if e.event == "QueueMember"]

        await client.action("QueueAdd", agent)
        await client.action("QueuePause", {"Interface": "PJSIP/ivanova", "Paused": "true", "Reason": "lunch"})
        try:
            text = line.project.read_text(encoding="utf-8")
            line.project.write_text(text.replace("agent: ivanova,", "agent: ivanova, penalty: 9,"), encoding="utf-8")
            assert line.project.read_text(encoding="utf-8") != text
            for command in ("apply", "rollback"):
                assert await line.run_aside(command, "--site", line.site) == 0
                seen.append(await members())
        finally:
            line.project.write_text(text, encoding="utf-8")
            for one in {e.get("Queue") for e in await client.listing("QueueStatus") if e.event == "QueueMember"}:
                await client.action("QueueRemove", {"Queue": one, "Interface": "PJSIP/ivanova"})
    assert seen == [[("ivanova", "9", "lunch")], [("ivanova", str(was), "lunch")]]


async def test_nobody_confirmed(line, changed, capsys):
    """After two seconds the old release is in force again by itself; calls of both go on to their ends."""
    before, old = await call(line)
    waiting = asyncio.create_task(line.run_aside("apply", "--site", line.site, "--confirm-within", "2s"))
    await until(lambda: waits(line), True)
    during, new = await call(line)
    assert new != old
    assert await waiting == 1
    assert "not confirmed in time" in capsys.readouterr().err
    assert generation_of(await in_force(line)) == old
    after, again = await call(line)
    assert again == old
    for placed, generation in ((before, old), (during, new), (after, old)):
        await ended_in(line, placed, generation)
    assert await line.run_aside("drift", "--site", line.site) == 0


async def waits(line) -> bool:
    async with reach.transport(node_of(line)) as there:
        intent = await there.intent()
        return intent is not None and bool(intent.confirm_by)


async def test_confirmed_in_time(line, changed, capsys):
    """Somebody confirms from another terminal: the one that waits ends well, and the release stays."""
    waiting = asyncio.create_task(line.run_aside("apply", "--site", line.site, "--confirm-within", "30s"))
    await until(lambda: waits(line), True)
    assert await line.run_aside("plan", "--site", line.site) == 0
    assert "waits to be confirmed until" in capsys.readouterr().out
    assert await line.run_aside("apply", "--site", line.site, "--confirm") == 0
    assert await waiting == 0
    assert generation_of(await in_force(line)) != generation_of(changed)
    assert await line.run_aside("history", "--site", line.site) == 0
    assert "    confirmed 20" in capsys.readouterr().out
    assert await line.run_aside("rollback", "--site", line.site) == 0


async def test_the_engineers_machine_dies_while_the_release_waits(line, changed, capsys):
    """Killed -9: the release stays until the next command; each tells, an apply is refused, and rollback goes back."""
    command = [sys.executable, "-m", "cctoolkit", "apply", "--site", line.site, "--confirm-within", "2s"]
    process = await asyncio.create_subprocess_exec(*command, stderr=PIPE, stdout=DEVNULL)
    async for text in process.stderr:
        if b"waits to be confirmed" in text:
            process.kill()
    assert await process.wait() == -signal.SIGKILL
    deadline = time.monotonic() + 2
    assert await waits(line)
    newer = generation_of(await in_force(line))
    assert newer != generation_of(changed)
    await asyncio.sleep(max(0, deadline - time.monotonic()))
    for name in ("plan", "history", "drift"):
        capsys.readouterr()
        await line.run_aside(name, "--site", line.site)
        assert f"{changed.folder} is to come back" in capsys.readouterr().out
    assert await line.run_aside("apply", "--site", line.site, "--confirm") == 1
    assert generation_of(await in_force(line)) == newer
    assert await line.run_aside("rollback", "--site", line.site) == 0
    assert generation_of(await in_force(line)) == generation_of(changed)
    assert not await waits(line)


async def test_the_terminal_is_closed_while_the_release_waits(line, changed):
    """The process hears of it and goes on waiting; it cannot tell anybody any more, and brings the old release back."""
    ours, terminal = os.openpty()
    command = [sys.executable, "-m", "cctoolkit", "apply", "--site", line.site, "--confirm-within", "2s"]
    process = await asyncio.create_subprocess_exec(
        *command, stdin=terminal, stdout=terminal, stderr=terminal, preexec_fn=lambda: os.login_tty(terminal)
    )
    os.close(terminal)
    said = b""
    while b"waits to be confirmed" not in said:
        said += await asyncio.to_thread(os.read, ours, 4096)
    os.close(ours)
    await asyncio.sleep(0.2)
    assert process.returncode is None
    assert generation_of(await in_force(line)) != generation_of(changed)
    assert await process.wait() == 1
    assert generation_of(await in_force(line)) == generation_of(changed)
    assert not await waits(line)


async def test_who_is_at_work_is_named_and_waited_for(line, changed, capsys):
    """Another engineer holds the node: the second one is refused with the name, or waits until it is free."""
    holder = Holder("anna", "desk-7", "apply of release aa", "2026-11-22T12:00:00+00:00")
    async with reach.transport(node_of(line)) as there, there.lock(holder):
        assert await line.run_aside("apply", "--site", line.site) == 1
        assert "anna on desk-7, apply of release aa, since 2026-11-22T12:00:00Z" in capsys.readouterr().err
        waiting = asyncio.create_task(line.run_aside("apply", "--site", line.site, "--wait", "30s"))
        await asyncio.sleep(0.3)
        assert not waiting.done()
    assert await waiting == 0
    assert await line.run_aside("rollback", "--site", line.site) == 0


async def test_an_override_survives_apply_and_rollback(line, changed, capsys):
    """What a supervisor said is the node's, and no release's: it holds through both."""
    assert await line.run_aside("override", PROJECT, "closed", "--until", "10m", "--site", line.site) == 0
    held = line.lab.nodes["n1"].cli(f"database get cct-override {PROJECT}")
    assert "closed/" in held
    for command in ("apply", "rollback"):
        assert await line.run_aside(command, "--site", line.site) == 0
        assert line.lab.nodes["n1"].cli(f"database get cct-override {PROJECT}") == held
    assert await line.run_aside("override", PROJECT, "--clear", "--site", line.site) == 0
