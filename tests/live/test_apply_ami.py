"""plan and apply of a real node that nothing but AMI reaches."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys

import pytest
import yaml
from msgspec.structs import replace

from cctoolkit import marks
from cctoolkit.__main__ import run
from cctoolkit.ami.client import Client
from cctoolkit.deploy import release, reload
from cctoolkit.errors import OperatorError, Refused, SwitchError, SwitchUnreachable
from cctoolkit.lab.lab import Lab
from cctoolkit.lab.node_config import CONFIG, HOME
from cctoolkit.node import snapshot
from cctoolkit.node.realtime import prepare
from cctoolkit.node.realtime.store import Store
from cctoolkit.node.transports.ami import AmiTransport
from cctoolkit.plan.changes import memory_difference
from cctoolkit.workflow import history, overrides, reach, specs, switch
from tests.live.ami_node import in_store, let_in, limited, prepare_for_ami
from tests.live.test_apply import OPEN, QUEUE, SITE, Deployed, originate

pytestmark = pytest.mark.live


class Far(Deployed):
    """A lab of one node whose site says that AMI is all there is."""

    def __init__(self, lab) -> None:
        super().__init__(lab)
        site = yaml.safe_load(lab.site_file.read_text(encoding="utf-8"))
        site["nodes"][0] |= {"transport": "ami", "folder": "/etc/asterisk"}
        self.site_file = lab.site_file.with_name("far.yaml")
        self.site_file.write_text(yaml.safe_dump(site, allow_unicode=True), encoding="utf-8")
        with contextlib.chdir("tests/thin"):
            self.loaded = specs.load_site(str(self.site_file))
        self.site_node = self.loaded.site.nodes[0]

    async def disk(self):
        """Return the release in force; every file of its manifest must be there as it was written, and no other."""
        async with reach.transport(self.site_node) as there:
            return await release.read(there)

    async def memory_is_the_disk(self) -> bool:
        """Ask the switch whether it runs what its store says."""
        wanted = (await self.disk()).observable()
        async with switch.deploy_client(self.site_node) as client:
            return not memory_difference(await snapshot.memory(client), wanted)


@pytest.fixture
def lab_by_ami(tmp_path):
    """A fresh prepared node."""
    with Lab(tmp_path / "lab", SITE, owned=True) as lab:
        prepare_for_ami(lab)
        yield Far(lab)


@pytest.fixture
async def far(lab_by_ami):
    """The same with the first release applied, for tests in which the node must log no warning and no error."""
    await lab_by_ami.apply()
    yield lab_by_ami
    assert [line for line in lab_by_ami.node.problems() if "Unable to join queue" not in line] == []


async def test_an_apply_by_ami_leaves_nothing_to_do(far):
    """Memory is what was written, the plan is empty, the history has its line; and so it is after a restart."""
    assert (await far.plan()).empty
    assert await far.memory_is_the_disk()
    far.change_flow()
    assert not (await far.plan()).empty
    assert await far.apply() == ["n1"]
    assert (await far.plan()).empty
    [told] = (await history.histories(far.loaded)).values()
    assert len(told.entries) == 2
    far.node.restart()
    assert await far.memory_is_the_disk()


async def test_what_the_switch_does_not_take_is_put_back_by_ami(far, monkeypatch):
    """The read-back fails: the old release is in force again in the store and in memory, the new one is gone."""
    real = release.compose

    def spoilt(*args):
        files = real(*args)
        return {**files, "extensions.conf": files["extensions.conf"] + b"\n[cct-more]\nexten => 1,1,NoOp()\n"}

    before = (await far.disk()).folder
    far.change_flow()
    with monkeypatch.context() as patch:
        patch.setattr("cctoolkit.deploy.apply.compose", spoilt)
        patch.setattr(reload, "_READ_BACK_SECONDS", 0.3)
        with pytest.raises(SwitchError, match="the switch did not take the new files") as caught:
            await far.apply()
    assert caught.value.__notes__ == [f"nothing was changed: release {before} is in force"]
    assert (await far.disk()).folder == before
    assert in_store(far.node, "SELECT intent FROM node") == [("",)]
    assert in_store(far.node, "SELECT DISTINCT release FROM file WHERE release <> 'empty'") == [(before,)]
    assert await far.memory_is_the_disk()


EDITS = {
    "a queue's option": """UPDATE piece SET body = replace(body, 'timeout = 15', 'timeout = 16')
        WHERE digest = (SELECT digest FROM file WHERE path = 'queues.conf')""",
    "what Asterisk loads": "UPDATE feed SET var_val = '16' WHERE var_name = 'timeout' AND category LIKE 'northwind%'",
    "half a text": "DELETE FROM piece WHERE number = 1 AND digest = (SELECT digest FROM file WHERE path = 'queues.conf')",
    "a file more": "INSERT INTO file SELECT release, 'more.conf', digest FROM file WHERE path = 'queues.conf'",
    "a file less": "DELETE FROM file WHERE path = 'queues.conf'",
    "what is in the manifest": """UPDATE piece SET body = replace(body, 'created', 'crEated')
        WHERE digest = (SELECT digest FROM file WHERE path = 'manifest.json')""",
}


@pytest.mark.parametrize("edit", EDITS)
async def test_a_store_edited_by_hand_is_refused(far, edit):
    """Whatever was changed in it is shown and refused, and overwritten when that is wanted."""
    in_store(far.node, EDITS[edit])
    assert (await far.plan()).edited
    with pytest.raises(Refused):
        await far.apply()
    await far.apply(overwrite_edits=True)
    assert (await far.plan()).empty
    assert await far.memory_is_the_disk()


async def test_a_call_goes_on_in_its_generation_and_an_agent_keeps_the_pause(far):
    """While a release comes by AMI a call is in the menu and an agent at lunch: the call ends as it was begun, the
    pause keeps its reason.
    """
    async with switch.deploy_client(far.site_node) as client, far.tester() as tester:
        await client.action(
            "QueueAdd", {"Queue": QUEUE, "Interface": "PJSIP/petrov", "MemberName": "petrov", "Penalty": "1"}
        )
        await client.action("QueuePause", {"Interface": "PJSIP/petrov", "Paused": "true", "Reason": "lunch"})
        async with tester.subscribe("UserEvent") as events:
            await originate(tester, OPEN)
            old = marks.from_user_event((await events.next_matching(lambda e: e.get("Kind") == "ask", 10)).get)
            far.change_flow()
            await far.apply()
            left = await events.next_matching(lambda e: (e.get("Kind"), e.get("Step")) == ("out", "subject"), 20)
            assert marks.from_user_event(left.get).generation == old.generation
            await client.command("channel request hangup all")
        assert [(m.agent, m.paused) for m in await snapshot.members(client)] == [("petrov", "lunch")]


KILLS = [("stage", "store cct_file", 0), ("stage", "store cct_file", 0.002), ("stage", "store cct_piece", 0),
         ("stage", "store cct_piece", 0.002), ("stage", "store cct_release", 0), ("intend", "update2", 0),
         ("intend", "update2", 0.002), ("flip", "update2", 0), ("flip", "update2", 0.002), ("flip", "update2", 0.005),
         ("record", "store cct_history", 0)]  # fmt: skip


@pytest.mark.parametrize(("step", "words", "after"), KILLS)
async def test_a_switch_killed_while_it_writes(lab_by_ami, monkeypatch, step, words, after):
    """Asterisk dies over a statement: it comes up with one whole release, old or new, and the next apply ends it."""
    far, armed = lab_by_ami, []
    await far.apply()
    before = (await far.disk()).folder
    real_step, real_command = getattr(AmiTransport, step), Store._run

    async def do(self, *args):
        armed.append(step)
        return await real_step(self, *args)

    async def ask(self, command):
        if armed == [step] and words in command:
            armed.append("killed")
            asyncio.get_running_loop().call_later(after, far.node.kill9)
        return await real_command(self, command)

    far.change_flow()
    with monkeypatch.context() as patch:
        patch.setattr(AmiTransport, step, do)
        patch.setattr(Store, "_run", ask)
        with pytest.raises(SwitchUnreachable) as caught:
            await far.apply()
    assert (caught.value.exit_code, armed[:2]) == (4, [step, "killed"])
    far.node.start()
    found = await far.disk()
    assert found.edited == ()
    if step in ("stage", "intend"):
        assert found.folder == before
    assert await far.memory_is_the_disk()
    await far.apply()
    assert (await far.plan()).empty
    assert await far.memory_is_the_disk()
    assert in_store(far.node, "SELECT * FROM file WHERE release NOT IN (SELECT name FROM release)") == []


KILLED = """
import asyncio, os, sys
from cctoolkit.__main__ import run
from cctoolkit.node.realtime import prepare
from cctoolkit.node.realtime.store import Store

real, seen = Store._run, []

async def command(self, text):
    if sys.argv[1] in text:
        seen.append(text)
        if len(seen) == int(sys.argv[2]):
            asyncio.get_running_loop().call_later(float(sys.argv[3]), os.kill, os.getpid(), 9)
    return await real(self, text)

Store._run = command
sys.exit(run(["apply", "--site", sys.argv[4]]))
"""

MOMENTS = [("NULL lock", 2, 0), ("NULL intent", 1, 0), ("cct_file", 1, 0), ("cct_file", 4, 0), ("cct_piece", 2, 0.001),
           ("store cct_release", 1, 0), ("NULL current", 1, 0), ("NULL current", 1, 0.01), ("cct_history", 1, 0),
           ("NULL intent", 2, 0)]  # fmt: skip


def test_kill_9_of_an_apply(lab_by_ami, monkeypatch, tmp_path):
    """While a statement is at work the client dies: the store is wholly old or new, its lock is free at once, and the
    next apply ends it.
    """
    far, site = lab_by_ami, str(lab_by_ami.site_file)
    monkeypatch.chdir("tests/thin")
    assert run(["apply", "--site", site]) == 0
    text, flipped = far.site_file.read_text(encoding="utf-8"), []
    for number, (words, nth, after) in enumerate(MOMENTS):
        before = asyncio.run(far.disk()).folder
        (tmp_path / f"phone-{number}").write_text(f"another-{number}")
        changed = text.replace("file:secrets/phone-petrov", f"file:{tmp_path}/phone-{number}")
        far.site_file.write_text(changed, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-c", KILLED, words, str(nth), str(after), site], check=False, capture_output=True, text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )  # fmt: skip
        assert done.returncode == -signal.SIGKILL, (words, done.stdout, done.stderr)
        found = asyncio.run(far.disk())
        assert found.edited == ()
        flipped.append(found.folder != before)
        assert run(["apply", "--site", site]) == 0
        assert run(["plan", "--site", site]) == 0
        assert asyncio.run(far.memory_is_the_disk())
    assert flipped[:6] == [False] * 6
    assert flipped[-3:] == [True] * 3
    assert far.node.problems() == []


def test_a_node_that_is_away(lab_by_ami, monkeypatch, capsys):
    """plan, apply and history end with 4 and say what to do; one that is not prepared ends with 1 and says that."""
    far, site = lab_by_ami, str(lab_by_ami.site_file)
    monkeypatch.chdir("tests/thin")
    assert run(["apply", "--site", site]) == 0
    far.node.cli("module unload res_realtime.so")
    assert run(["plan", "--site", site]) == 1
    assert "the node is not prepared" in capsys.readouterr().err
    far.node.kill9()
    for command in ("plan", "apply", "history"):
        capsys.readouterr()
        assert run([command, "--site", site]) == 4
        assert "next:" in capsys.readouterr().err


async def test_the_key_is_shown_to_no_other_account(lab_by_ami):
    """Not even to one that may read and make any configuration file: the tables have no file's columns."""
    far = lab_by_ami
    async with reach.transport(far.site_node) as there:
        key = (await there.key()).hex()
    let_in(far.node, files="system,config")
    async with limited(far.site_node, "files") as client:
        for name in ("cct_node", "cct_told"):
            await client.action("CreateConfig", {"Filename": name})
            for action in ("GetConfig", "GetConfigJSON"):
                said = await asyncio.gather(client.action(action, {"Filename": name}), return_exceptions=True)
                assert key not in repr(said)
    for account in (far.site_node.ami.accounts.test, far.site_node.ami.accounts.capture):
        async with Client.connect(switch.account(far.site_node, account)) as client:
            for action, headers in (
                ("Command", {"Command": "realtime load cct_told id key"}), ("GetConfig", {"Filename": "cct_told"}),
            ):  # fmt: skip
                with pytest.raises(SwitchError, match="Permission denied"):
                    await client.action(action, headers)


async def test_an_account_with_command_alone_starts_programs(lab_by_ami):
    """What docs/nodes.md warns of: no other right is needed to run one as Asterisk's user."""
    far = lab_by_ami
    await far.apply()
    let_in(far.node, command="command")
    made = far.node.folder / "spool/by-command"
    async with limited(far.site_node, "command") as client:
        program = f'application System "touch {HOME}/spool/by-command"'
        await client.command(f"channel originate Local/answers-x@cct-shadow/n {program}")
        async with asyncio.timeout(10):
            while not made.exists():
                await asyncio.sleep(0.05)
    assert made.stat().st_uid == far.node.installation.uid


async def test_a_file_that_updateconfig_writes_is_half_a_file_meanwhile(lab_by_ami):
    """Why releases are no files: Asterisk empties the file itself and then writes line after line."""
    node = lab_by_ami.node
    many, copy = node.config / "cctoolkit/many.conf", node.config / "cctoolkit/copy.conf"
    many.write_text("[x]\n" + "exten => s,1,NoOp()\n" * 50_000)
    many.chmod(0o644)
    copy.write_bytes(many.read_bytes())
    os.chown(copy, node.installation.uid, node.installation.gid)
    async with switch.deploy_client(lab_by_ami.site_node) as client:
        names = {"SrcFilename": "cctoolkit/many.conf", "DstFilename": "cctoolkit/copy.conf"}
        writing = asyncio.create_task(client.action("UpdateConfig", names))
        async with asyncio.timeout(10):
            while copy.stat().st_size == many.stat().st_size:
                await asyncio.sleep(0.001)
        node.kill9()
        with pytest.raises(SwitchUnreachable):
            await writing
    assert copy.stat().st_size < many.stat().st_size


async def test_a_far_queue_log_is_not_looked_for_here(lab_by_ami):
    """This machine's own file would be that of another switch."""
    far_away = replace(lab_by_ami.site_node, address="192.0.2.7")
    [said] = await asyncio.to_thread(overrides.by_phone, far_away)
    assert "AMI shows no file" in said["unreadable"]


def on_a_small_disk(node, kilobytes):
    """Move the store to a disk of its own, which only the node sees; return what changes that disk's size."""
    running = node.running()
    root = str(node.installation.root or "/")
    uid, gid = node.installation.uid, node.installation.gid

    def inside(script):
        command = [
            "nsenter",
            f"--target={running.pid}",
            "--mount",
            "--root",
            "--wd=/",
            "chroot",
            root,
            "sh",
            "-ec",
            script,
        ]
        subprocess.run(command, check=True)

    node.cli("module unload res_config_sqlite3.so")
    (node.folder / "small").mkdir()
    (node.folder / "fresh.sqlite3").write_bytes(prepare.empty())
    inside(f"""mount -t tmpfs -o size={kilobytes}k tmpfs {HOME}/small
        cp {HOME}/fresh.sqlite3 {HOME}/small/node.sqlite3
        chown -R {uid}:{gid} {HOME}/small""")
    settings = node.config / "res_config_sqlite3.conf"
    settings.write_text(settings.read_text().replace(f"{HOME / CONFIG}/cctoolkit", f"{HOME}/small"))
    node.cli("module load res_config_sqlite3.so")
    return lambda size: inside(f"mount -o remount,size={size}k {HOME}/small")


async def test_a_full_disk_leaves_nothing(lab_by_ami):
    """No room for the store: the operator's error, no release, and with room again the node goes on."""
    far = lab_by_ami
    resize = await asyncio.to_thread(on_a_small_disk, far.node, 1000)
    await far.apply()
    before = (await far.disk()).folder
    async with reach.transport(far.site_node) as there:
        with pytest.raises(OperatorError, match="Failed to store") as caught:
            await there.stage("000002-bb", {"more.conf": b"exten => s,1,NoOp()\n" * 50_000})
        assert "with room on the disk" in str(caught.value)
        assert await there.releases() == [before]
    assert (await far.disk()).edited == ()
    await asyncio.to_thread(resize, 64_000)
    far.change_flow()
    await far.apply()
    assert (await far.plan()).empty
    assert await far.memory_is_the_disk()
