"""plan and apply of a real node whose files are reached through a real sshd."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys

import pytest
import yaml

from cctoolkit import clock
from cctoolkit.__main__ import run
from cctoolkit.cdr.store import FILE_NAME, Store
from cctoolkit.deploy import release, reload
from cctoolkit.errors import SwitchError, SwitchUnreachable
from cctoolkit.lab.lab import Lab
from cctoolkit.node.transports.ssh import SshTransport
from cctoolkit.workflow import history, records, specs
from tests.live.test_apply import NUMBER, OPEN, SITE, Deployed
from tests.sshd import PORT, Sshd

pytestmark = pytest.mark.live


class Far(Deployed):
    """A lab of one node whose site says that it is reached by ssh; `transport` still looks at its disk from here."""

    def __init__(self, lab, sshd) -> None:
        super().__init__(lab)
        self.sshd = sshd
        self.site_file = lab.site_file.with_name("far.yaml")
        site = yaml.safe_load(lab.site_file.read_text(encoding="utf-8"))
        site["nodes"][0] |= {
            "transport": "ssh",
            "folder": "/srv/n1/etc/asterisk",
            "ssh": {
                "host": sshd.address,
                "port": PORT,
                "user": "deploy",
                "sudo": True,
                "key": f"file:{sshd.key}",
                "known_hosts": str(sshd.known_hosts),
            },
        }
        site["nodes"][0]["queue_log"] = "/srv/n1/log/queue_log"
        site["nodes"][0]["ami"]["via"] = "ssh"
        self.site_file.write_text(yaml.safe_dump(site, allow_unicode=True), encoding="utf-8")
        with contextlib.chdir("tests/thin"):
            self.loaded = specs.load_site(str(self.site_file))

    def whole(self) -> str:
        """Return the release in force on the disk; every file of its manifest must be there, and no other."""
        found = asyncio.run(release.read(self.transport))
        assert found.edited == ()
        return found.folder


@pytest.fixture
def lab_by_ssh(tmp_path):
    """A fresh node, and an sshd that sees its folder."""
    with Lab(tmp_path / "lab", SITE, owned=True) as lab:
        # Beside the node's own address, in the block of the lab.
        with Sshd(tmp_path / "sshd", tmp_path / "lab", f"{lab.nodes['n1'].address.rpartition('.')[0]}.99") as sshd:
            yield Far(lab, sshd)
        assert [line for node in lab.nodes.values() for line in node.problems()] == []


@pytest.fixture
async def far(lab_by_ssh):
    """The same, with the first release applied."""
    await lab_by_ssh.apply()
    return lab_by_ssh


async def test_an_apply_by_ssh_leaves_nothing_to_do(far):
    """Files are the group's, the key nobody's, memory is the disk, the plan is empty, and the history has its line."""
    assert (await far.plan()).empty
    current = far.node.config / "cctoolkit/current"
    for path in current.rglob("*.conf"):
        assert (path.stat().st_mode & 0o777, path.stat().st_gid) == (0o640, far.node.installation.gid)
    assert (far.node.config / "cctoolkit/key").stat().st_mode & 0o777 == 0o600
    assert await far.memory_is_the_disk()
    far.change_flow()
    assert not (await far.plan()).empty
    assert await far.apply() == ["n1"]
    assert (await far.plan()).empty
    assert len((await history.histories(far.loaded))["n1"].entries) == 2


async def test_what_the_switch_does_not_take_is_put_back_by_ssh(far, monkeypatch):
    """The read-back fails: the old release is in force again on the far disk and in memory."""
    real = release.compose

    def spoilt(*args):
        files = real(*args)
        return {**files, "extensions.conf": files["extensions.conf"] + b"\n[cct-more]\nexten => 1,1,NoOp()\n"}

    before = await far.transport.current()
    far.change_flow()
    with monkeypatch.context() as patch:
        patch.setattr("cctoolkit.deploy.apply.compose", spoilt)
        patch.setattr(reload, "_READ_BACK_SECONDS", 0.3)
        with pytest.raises(SwitchError, match="the switch did not take the new files") as caught:
            await far.apply()
    assert caught.value.__notes__ == [f"nothing was changed: release {before} is in force"]
    assert await far.transport.releases() == [before]
    assert await far.transport.intent() is None
    assert await far.memory_is_the_disk()


async def test_a_connection_lost_after_the_flip(far, monkeypatch):
    """The switch is up and its machine is not to be had: exit code 4, what is not known is said, the next apply ends it."""
    real = SshTransport.flip

    async def flip_and_lose(self, folder):
        await real(self, folder)
        far.sshd.kill()

    far.change_flow()
    with monkeypatch.context() as patch:
        patch.setattr(SshTransport, "flip", flip_and_lose)
        with pytest.raises(SwitchUnreachable) as caught:
            await far.apply()
    assert "is not confirmed to be in force again: the connection to the node was lost" in caught.value.__notes__[0]
    far.sshd.start()
    assert "was cut off" in (await far.plan()).cut_off
    await far.apply()
    assert (await far.plan()).empty
    assert await far.memory_is_the_disk()


KILLED = """
import asyncio, os, sys
from cctoolkit import clock
from cctoolkit.__main__ import run
from cctoolkit.node.ssh.session import Session

real = Session._ask

async def ask(self, request):
    if request.startswith(sys.argv[1].encode()):
        asyncio.get_running_loop().call_later(float(sys.argv[2]), os.kill, os.getpid(), 9)
    return await real(self, request)

Session._ask = ask
sys.exit(run(["apply", "--site", sys.argv[3]]))
"""


MOMENTS = [("lock", 0), ("intend", 0), ("stage", 0), ("stage", 0.01), ("stage", 0.03), ("flip", 0), ("record", 0),
           ("done_with", 0), ("unlock", 0)]  # fmt: skip


def test_kill_9_of_an_apply(lab_by_ssh, monkeypatch, tmp_path):
    """While a request is at work the client dies: the disk is wholly old or new, and the next apply ends it."""
    far, site = lab_by_ssh, str(lab_by_ssh.site_file)
    monkeypatch.chdir("tests/thin")
    assert run(["apply", "--site", site]) == 0
    text, flipped = far.site_file.read_text(encoding="utf-8"), []
    for number, (step, after) in enumerate(MOMENTS):
        before = far.whole()
        (tmp_path / f"phone-{number}").write_text(f"another-{number}")
        changed = text.replace("file:secrets/phone-petrov", f"file:{tmp_path}/phone-{number}")
        far.site_file.write_text(changed, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-c", KILLED, step, str(after), site], check=False, capture_output=True, text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )  # fmt: skip
        assert done.returncode == -signal.SIGKILL, done.stderr
        flipped.append(far.whole() != before)
        assert run(["apply", "--site", site]) == 0
        assert run(["plan", "--site", site]) == 0
        assert asyncio.run(far.memory_is_the_disk())
    assert flipped[:3] == [False] * 3
    assert flipped[-3:] == [True] * 3


def test_a_node_that_is_away(lab_by_ssh, monkeypatch, capsys):
    """plan, apply and history end with 4 and name the node, the address and what to do; nothing is changed."""
    site = str(lab_by_ssh.site_file)
    monkeypatch.chdir("tests/thin")
    assert run(["apply", "--site", site]) == 0
    before = lab_by_ssh.whole()
    lab_by_ssh.sshd.kill()
    for command in ("plan", "apply", "history"):
        capsys.readouterr()
        assert run([command, "--site", site]) == 4
        said = capsys.readouterr().err
        assert f"node n1, ssh deploy@{lab_by_ssh.sshd.address}, port {PORT}" in said
        assert "next:" in said
    assert lab_by_ssh.whole() == before


async def test_capture_and_watch_through_ssh(far, tmp_path, monkeypatch):
    """AMI by ssh alone. The connection is lost with a call up; that call and one that lies in the gap are whole, out of
    the far queue_log, and one of another dialplan out of the far call records.
    """
    monkeypatch.chdir("tests/thin")
    site = str(far.site_file)
    said, stop, reading = [], asyncio.Event(), asyncio.Event()
    capturing = asyncio.create_task(records.capture(far.loaded, tmp_path / "store", stop, said.append, reading))
    await asyncio.wait_for(reading.wait(), 10)
    assert await asyncio.to_thread(run, ["watch", "--site", site, "--once"]) == 0

    def found():
        with Store.read(tmp_path / "store" / FILE_NAME) as store:
            return {record.caller: record for record in store.calls("northwind-hotline", test=None)}

    async with far.tester() as tester:

        async def call(number, seconds):
            headers = {"Channel": f"Local/{NUMBER}@cct-test/n", "Application": "Wait", "Data": str(seconds)}
            headers |= {"CallerID": f"<{number}>", "Async": "true"}
            await tester.action("Originate", {**headers, "Variable": [f"__CCT_NOW={OPEN}"]})

        await call("+79160000001", 3)
        async with asyncio.timeout(10):
            while "+79160000001" not in found():
                await asyncio.sleep(0.1)
        far.sshd.kill()
        async with asyncio.timeout(10):
            while not any("trying again" in line for line in said):
                await asyncio.sleep(0.05)
        await call("+79160000002", 1)
        async with asyncio.timeout(15):
            while far.node.queue_log.read_text(encoding="utf-8").count("|CCTEND|") < 2:
                await asyncio.sleep(0.1)
        own = far.node.folder / "log/cdr-csv/Master.csv"
        own.parent.mkdir()
        at = f"{clock.now():%Y-%m-%d %H:%M:%S}"
        own.write_text(
            f'"","201","202","office","","PJSIP/201-1","PJSIP/202-2","Dial","PJSIP/202","{at}","{at}","{at}",0,0,'
            f'"ANSWERED","DOCUMENTATION","n1-{clock.now().timestamp():.0f}.9999",""\n'
        )
        far.sshd.start()
        async with asyncio.timeout(30):
            while not {"+79160000001", "+79160000002"} <= {n for n, r in found().items() if r.outcome != "unfinished"}:
                await asyncio.sleep(0.1)
    stop.set()
    await capturing
    with Store.read(tmp_path / "store" / FILE_NAME) as store:
        (other,) = store.calls("")
    assert (other.caller, other.number, other.ended.source) == ("201", "202", "cdr")
