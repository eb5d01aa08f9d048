"""plan and apply against the real Asterisk: what only it can prove about reloads, calls and members."""

import asyncio
import contextlib
import os
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from cctoolkit import marks
from cctoolkit.ami.client import Client
from cctoolkit.deploy import release, reload
from cctoolkit.errors import Refused, SwitchError, SwitchUnreachable
from cctoolkit.lab.lab import Lab
from cctoolkit.node import snapshot
from cctoolkit.node.transports.local import LocalTransport
from cctoolkit.plan.changes import memory_difference
from cctoolkit.plan.classes import Accepted, Class
from cctoolkit.workflow import fleet, specs, switch, turn

pytestmark = pytest.mark.live

NUMBER = "78001002030"
QUEUE = marks.queue_name("northwind-hotline", "orders")
SITE = Path("tests/thin/lab.yaml").resolve()


class Deployed:
    """A lab of one node, its spec, and the use cases of `workflow.switch` on it."""

    def __init__(self, lab: Lab) -> None:
        self.node = lab.nodes["n1"]
        # The thin project: one queue, two agents.
        with contextlib.chdir("tests/thin"):
            self.loaded = specs.load_site(str(lab.site_file))
        self.site_node = self.loaded.site.nodes[0]
        self.transport = LocalTransport(self.site_node.id, Path(self.site_node.folder), self.site_node.group)

    @property
    def project(self):
        """The one project."""
        return self.loaded.projects[0]

    def change(self, **sections) -> None:
        """Change the spec."""
        self.loaded = replace(self.loaded, projects=(replace(self.project, **sections),))

    def change_flow(self) -> None:
        """Change the spec so that its generation is another."""
        night = self.project.flow["night"]
        self.change(flow={**self.project.flow, "night": replace(night, prompts=(*night.prompts, "vm-goodbye"))})

    async def plan(self):
        """Return the node's plan."""
        return (await switch.plan_site(self.loaded))[0].plan

    async def apply(self, *, overwrite_edits=False, accept=()):
        """Plan and apply, with these dangers."""
        planned = await switch.plan_site(self.loaded)
        accepted = Accepted(frozenset(map(Class, accept)))
        return await fleet.apply_site(
            planned, overwrite_edits=overwrite_edits, progress=lambda _line: None, accepted=accepted
        )

    async def memory_is_the_disk(self) -> bool:
        """Ask the switch whether it runs what its files say."""
        async with switch.deploy_client(self.site_node) as client:
            return not memory_difference(
                await snapshot.memory(client), (await release.read(self.transport)).observable()
            )

    @asynccontextmanager
    async def tester(self):
        """Yield a client that may place test calls."""
        async with Client.connect(
            switch.account(self.site_node, self.site_node.ami.accounts.test), events=True
        ) as client:
            yield client


@pytest.fixture
async def deployed(tmp_path):
    """A fresh node with the first release applied."""
    with Lab(tmp_path / "lab", SITE, owned=True) as lab:
        there = Deployed(lab)
        await there.apply()
        yield there


@pytest.fixture
async def clean(deployed):
    """The same, for tests in which the node must log no warning and no error, but of a queue with nobody
    in it.
    """
    yield deployed
    assert [line for line in deployed.node.problems() if "Unable to join queue" not in line] == []


async def test_an_apply_leaves_nothing_to_do(clean):
    """The first release is in force and read back, the plan is empty, files are the group's, the key
    nobody's.
    """
    assert (await clean.plan()).empty
    assert await clean.apply() == []
    current = clean.node.config / "cctoolkit/current"
    group = clean.node.installation.gid
    for path in current.rglob("*.conf"):
        assert (path.stat().st_mode & 0o777, path.stat().st_gid) == (0o640, group)
    assert (clean.node.config / "cctoolkit/key").stat().st_mode & 0o777 == 0o600
    assert len(await clean.transport.history()) == 1


async def test_dialplan_changed_at_run_time_is_shown_and_repaired(clean):
    """A removed extension, one that was added, an include: the plan names them, apply puts memory right."""
    for command in (
        f"dialplan remove extension {NUMBER}@cct-entry",
        "dialplan add extension 999,1,NoOp,hi into cct-trunk",
        "dialplan add include default into cct-trunk",
    ):
        clean.node.cli(command)
    shown = {(c.side, c.name, c.option) for c in (await clean.plan()).changes}
    assert ("memory", "cct-entry", f"{NUMBER},1") in shown
    assert {("memory", "cct-trunk", "999,1"), ("memory", "cct-trunk", "include default")} <= shown
    assert await clean.apply() == ["n1"]
    assert (await clean.plan()).empty
    assert await clean.memory_is_the_disk()


async def test_a_queue_that_differs_in_memory_is_shown_and_repaired(clean):
    """Other bytes were loaded and the file put back with its size and times: a plain reload would do
    nothing, the flip to another folder makes Asterisk read.
    """
    file = clean.node.config / "cctoolkit/current/queues.conf"
    text, times = file.read_bytes(), file.stat()
    file.write_bytes(text.replace(b"strategy = rrmemory", b"strategy = linear  "))
    clean.node.cli("queue reload all")
    file.write_bytes(text)
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    changes = (await clean.plan()).changes
    assert ("memory", QUEUE, "strategy", "linear", "rrmemory") in {
        (c.side, c.name, c.option, c.old, c.new) for c in changes
    }
    clean.node.cli("queue reload all")
    await clean.apply()
    assert (await clean.plan()).empty


async def test_what_the_switch_does_not_take_is_put_back(deployed, monkeypatch):
    """A line Asterisk skips with Success is seen: disk and memory are the old release again, and the error
    names it.
    """
    real = release.compose

    def spoilt(*args):
        files = real(*args)
        bad = files["extensions.conf"].replace(b"Set(__CCT_TEST=1)", b"Set(__CCT_TEST=1")
        return {**files, "extensions.conf": bad + b"\n[cct-more]\nexten => 1,1,NoOp()\n"}

    before = await deployed.transport.current()
    deployed.change_flow()
    monkeypatch.setattr("cctoolkit.deploy.apply.compose", spoilt)
    monkeypatch.setattr(reload, "_READ_BACK_SECONDS", 0.3)
    with pytest.raises(SwitchError, match="the switch did not take the new files: dialplan cct-") as caught:
        await deployed.apply()
    assert caught.value.__notes__ == [f"nothing was changed: release {before} is in force"]
    assert await deployed.transport.current() == before
    assert await deployed.transport.intent() is None
    assert await deployed.memory_is_the_disk()
    monkeypatch.undo()
    await deployed.apply()
    assert (await deployed.plan()).empty


async def test_a_file_asterisk_may_not_read_is_put_back(deployed, monkeypatch):
    """Asterisk answers Success for a file of somebody else's group and keeps the old one: apply sees that."""
    real = turn.transport
    before = await deployed.transport.current()
    deployed.change(queues={**deployed.project.queues, "vip": deployed.project.queues["orders"]})
    with monkeypatch.context() as patch:
        patch.setattr(turn, "transport", lambda one: real(replace(one, group=0)))
        patch.setattr(reload, "_READ_BACK_SECONDS", 0.3)
        with pytest.raises(SwitchError, match="queue cct-canary servicelevel is"):
            await deployed.apply()
    assert await deployed.transport.current() == before
    assert await deployed.memory_is_the_disk()


async def test_a_hand_edit_is_refused(clean):
    """A file that was edited on the node is shown and refused, and overwritten when that is wanted."""
    file = clean.node.config / "cctoolkit/current/extensions.conf"
    file.write_text(file.read_text() + "not a line\n")
    assert (await clean.plan()).edited == ("extensions.conf",)
    with pytest.raises(Refused):
        await clean.apply()
    await clean.apply(overwrite_edits=True)
    assert (await clean.plan()).empty


async def test_a_switch_killed_after_the_flip(deployed, monkeypatch):
    """The disk is put back at once, the exit code is 4, the plan tells, and the next apply finishes."""
    before = await deployed.transport.current()
    real = deployed.transport.flip.__func__

    async def flip_and_kill(self, folder):
        await real(self, folder)
        deployed.node.kill9()

    deployed.change_flow()
    with monkeypatch.context() as patch:
        patch.setattr(type(deployed.transport), "flip", flip_and_kill)
        with pytest.raises(SwitchUnreachable) as caught:
            await deployed.apply()
    assert caught.value.exit_code == 4
    assert await deployed.transport.current() == before
    deployed.node.start()
    assert await deployed.memory_is_the_disk()
    assert "was cut off" in (await deployed.plan()).cut_off
    await deployed.apply()
    assert (await deployed.plan()).empty


async def originate(tester, when: int) -> None:
    headers = {"Channel": f"Local/{NUMBER}@cct-test/n", "Application": "Wait", "Data": "30", "Async": "true"}
    await tester.action("Originate", {**headers, "Variable": [f"__CCT_NOW={when}", "__CCT_WAIT=20"]})


OPEN = 1795507200  # Tuesday, 24 November 2026, 11:00 in Moscow


async def test_a_call_finishes_in_its_generation_while_a_new_one_takes_the_new(clean):
    """The flow changes under a call: it goes on in the old generation to its end, a new call enters the
    new one; when nobody is in the old one any more, the next release leaves it out.
    """
    async with clean.tester() as tester, tester.subscribe("UserEvent") as events:

        async def marked(**wanted):
            found = await events.next_matching(
                lambda e: all(e.get(name) == value for name, value in wanted.items()), 10
            )
            return marks.from_user_event(found.get)

        await originate(tester, OPEN)
        old = await marked(Kind="ask", Step="subject")
        clean.change_flow()
        clean.change_flow()
        await clean.apply()
        assert (await clean.plan()).empty
        await originate(tester, OPEN)
        new = await marked(Kind="entry")
        assert (old.call, old.generation) != (new.call, new.generation)
        await clean.apply()
        # The first call has run out of its attempts, in contexts the spec no longer has.
        left = await marked(Kind="out", Step="subject", Call=old.call)
        assert (left.generation, left.detail) == (old.generation, "timeout")
        entered = await marked(Kind="step", Step="orders", Call=old.call)
        assert entered.generation == old.generation
        async with switch.deploy_client(clean.site_node) as client:
            used = await snapshot.in_use(client)
            await client.command("channel request hangup all")
        assert {g for _, g in used} == {old.generation, new.generation}
        await marked(Kind="end", Call=old.call)
    for _ in range(2):
        clean.change_flow()
        await clean.apply()
    assert f"generations/{old.project}-{old.generation}.conf" not in (await release.read(clean.transport)).kept


@pytest.mark.parametrize("there", [True, False])
async def test_a_hangup_handler_whose_context_is_gone_does_not_run(deployed, there):
    """It logs an error and goes on: the end of a call would be told to nobody, were its context a release's."""
    async with deployed.tester() as tester, tester.subscribe("UserEvent") as events:
        await originate(tester, OPEN)
        await events.next_matching(lambda e: e.get("Kind") == "ask", 10)
        if not there:
            deployed.node.cli(f"dialplan remove context {marks.END}")
        deployed.node.cli("channel request hangup all")
        async with asyncio.timeout(10):
            while "0 active channels" not in deployed.node.cli("core show channels count"):
                await asyncio.sleep(0.1)
    assert ("|CCTEND|" in deployed.node.queue_log.read_text(encoding="utf-8")) is there
    assert any("non-existent destination" in text for text in deployed.node.problems()) is not there


async def test_members_get_queues_and_penalties_and_keep_their_pause(clean):
    """An agent at lunch in one queue joins the new one at lunch, with the spec's penalty; a stranger goes;
    nobody who is out is logged in.
    """
    async with switch.deploy_client(clean.site_node) as client:
        await client.action("QueueAdd", {"Queue": QUEUE, "Interface": "PJSIP/petrov", "Penalty": "5"})
        await client.action("QueuePause", {"Interface": "PJSIP/petrov", "Paused": "true", "Reason": "lunch"})
        await client.action("QueueAdd", {"Queue": QUEUE, "Interface": "Local/7@cct-shadow/n", "MemberName": "stranger"})
        orders = clean.project.queues["orders"]
        clean.change(queues={"orders": orders, "vip": orders})
        await clean.apply(accept=["drops-log-ins"])
        found = {(m.queue, m.agent, m.penalty, m.paused) for m in await snapshot.members(client)}
    assert found == {(queue, "petrov", 1, "lunch") for queue in (QUEUE, marks.queue_name("northwind-hotline", "vip"))}
    assert (await clean.plan()).empty


async def test_a_phone_that_left_the_roster_is_gone(clean):
    """After the agent left, the switch has no endpoint of that name."""
    site = clean.loaded.site
    clean.change(agents=tuple(a for a in clean.project.agents if a.agent != "petrov"))
    roster = tuple(entry for entry in site.roster if entry.agent != "petrov")
    clean.loaded = replace(clean.loaded, site=replace(site, roster=roster))
    await clean.apply()
    async with switch.deploy_client(clean.site_node) as client:
        endpoints = {s.name for s in await snapshot.memory(client, ["endpoint"])}
    assert endpoints == {"carrier", "ivanova"}


async def test_a_call_in_a_queue_that_goes_is_shown(clean):
    """Who waits in a queue that the spec no longer has is counted in the plan."""
    orders = clean.project.queues["orders"]
    clean.change(queues={"orders": orders, "vip": orders})
    await clean.apply()
    async with clean.tester() as tester, tester.subscribe("QueueCallerJoin") as joined:
        vip = marks.queue_name("northwind-hotline", "vip")
        who = {"Queue": vip, "Interface": "Local/rings-x@cct-shadow/n", "MemberName": "rings"}
        await tester.action("QueueAdd", who)
        headers = {"Channel": "Local/answers-x@cct-shadow/n", "Application": "Queue", "Data": vip, "Async": "true"}
        await tester.action("Originate", headers)
        await joined.next_matching(lambda e: e.get("Queue") == vip, 10)
        clean.change(queues={"orders": orders})
        impacts = (await clean.plan()).impacts
        assert [one.counted for one in impacts if one.class_ is Class.strands and one.name == vip] == ["1 waiting"]
        async with switch.deploy_client(clean.site_node) as client:
            await client.command("channel request hangup all")


async def test_a_call_whose_queue_went_is_not_lost(clean):
    """A release without the queue comes while a caller is in the menu: the call leaves as from a queue
    with nobody in it, in its own generation, and is not cut off.
    """
    async with clean.tester() as tester, tester.subscribe("UserEvent") as events:
        await originate(tester, OPEN)
        asked = marks.from_user_event((await events.next_matching(lambda e: e.get("Kind") == "ask", 10)).get)
        flow = {**clean.project.flow, "orders": clean.project.flow["night"]}
        clean.change(flow=flow, queues={}, agents=())
        await clean.apply(accept=["moves-running-calls"])
        left = await events.next_matching(lambda e: (e.get("Kind"), e.get("Step")) == ("out", "orders"), 20)
        mark = marks.from_user_event(left.get)
        assert (mark.call, mark.detail, mark.generation) == (asked.call, "queue-no-agents", asked.generation)
        async with switch.deploy_client(clean.site_node) as client:
            await client.command("channel request hangup all")


async def test_two_applies_at_once(clean):
    """One is done; the other is refused, or finds nothing left to do; the node is whole."""
    clean.change_flow()
    results = await asyncio.gather(clean.apply(), clean.apply(), return_exceptions=True)
    assert "list" in [type(result).__name__ for result in results]
    assert {type(result).__name__ for result in results} <= {"list", "Busy", "OperatorError"}
    assert (await clean.plan()).empty
    assert await clean.memory_is_the_disk()
