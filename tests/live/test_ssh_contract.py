"""The ssh transport against a real OpenSSH server: the suite of all transports, and what only a connection can do."""

import asyncio
import contextlib
import gzip
import os
import sys
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count

import asyncssh
import msgspec
import pytest
from msgspec.structs import replace

from cctoolkit.errors import OperatorError, Refused, SwitchUnreachable
from cctoolkit.lab.address import LOCKS, claim
from cctoolkit.model.site import Ami, AmiAccount, AmiAccounts, Node
from cctoolkit.model.ssh import Login, Ssh
from cctoolkit.node.ssh import session
from cctoolkit.node.transports.local import LocalTransport
from cctoolkit.workflow import reach
from tests.sshd import PORT, Sshd
from tests.unit.node.transport_contract import FILES, INTENT, Far, TransportContract

pytestmark = pytest.mark.live

ACCOUNT = AmiAccount(user="nobody", secret="env:NOBODY")
AMI = Ami(host="127.0.0.1", accounts=AmiAccounts(deploy=ACCOUNT, test=ACCOUNT, capture=ACCOUNT))
MANY = {f"generations/p-{number:08x}.conf": b"exten => s,1,NoOp()\n" * 250 for number in range(200)}


@pytest.fixture(scope="module")
def block():
    """Addresses of our own."""
    block = claim(LOCKS, "tests of ssh")
    yield block
    block.release()


@pytest.fixture(scope="module")
def sshd(tmp_path_factory, block):
    """A server whose /srv is a folder of this machine."""
    folder = tmp_path_factory.mktemp("sshd")
    (folder / "shared").mkdir()
    with Sshd(folder / "server", folder / "shared", block.node(1)) as server:
        yield server


_NUMBERS = count()


@pytest.fixture
def prepared(sshd):
    """A prepared folder of the server: as this machine sees it."""
    root = sshd.shared / f"n{next(_NUMBERS)}" / "cctoolkit"
    (root / "releases/empty").mkdir(parents=True)
    (root / "current").symlink_to("releases/empty")
    return root


def node(sshd, root, user="root", **more):
    """Return the node of a site whose files are there."""
    login = {"host": sshd.address, "port": PORT, "user": user, "key": f"file:{sshd.key}"}
    ssh = Ssh(**{**login, "known_hosts": str(sshd.known_hosts), "sudo": user != "root", **more})
    folder = f"/srv/{root.parent.name}"
    return Node(id="n1", transport="ssh", ssh=ssh, address="127.0.0.1", folder=folder, group=os.getgid(), ami=AMI)


@asynccontextmanager
async def reached(sshd, root, **more):
    """Yield the transport to a folder, opened as commands open it."""
    async with reach.transport(node(sshd, root, **more)) as there:
        yield there


class _Contract(TransportContract):
    user = ""

    @pytest.fixture
    async def far(self, sshd, prepared):
        """A node reached by ssh; another process's point of view is a connection of its own."""
        async with AsyncExitStack() as stack:
            there, other = [await stack.enter_async_context(reached(sshd, prepared, user=self.user)) for _ in range(2)]
            yield Far(there, prepared, lambda: other)


class TestSshAsRoot(_Contract):
    """Logged in as root, ssh passes the suite of all transports."""

    user = "root"


class TestSshBySudo(_Contract):
    """So it does by sudo, for an operator whose login shell greets everybody."""

    user = "deploy"


async def test_many_files_are_staged_at_once(sshd, prepared):
    """200 files of 5 KB: one request."""
    async with reached(sshd, prepared) as there:
        await there.stage("000001-aa", MANY)
        assert await there.read("000001-aa") == MANY


async def test_hostile_names_and_bytes_are_only_data(sshd, prepared):
    """What a shell would run or part stays what it is, on its way there and back."""
    files = {
        "$(touch evil) `id` 'x\" ;&|*?~": b"\x00\xff\x1f\n.\n!1\x1f\n",
        "-rf/--help": b"-n",
        " spaces /\\n": b"",
        "имя": "текст".encode(),
    }
    line = '{"who": "$(touch evil)`id`\'%s\\\\n", "x": "Ж"}'
    async with reached(sshd, prepared) as there:
        await there.stage("000001-aa", files)
        assert await there.read("000001-aa") == files
        await there.record(line)
        assert await there.history() == [line]
        for name in ("000001-aa\n.", "a\x1fb"):
            with pytest.raises(OperatorError, match="cannot be told"):
                await there.flip(name)
        with pytest.raises(OperatorError, match="No such file"):
            await there.flip("$(touch evil)")
    assert not list(sshd.shared.rglob("evil"))


async def test_an_unknown_group_and_a_full_disk_leave_nothing(sshd, prepared):
    """Each error is the operator's, says why, and the connection goes on as if nothing had been."""
    async with reached(sshd, prepared) as there:
        there._group = "no-such-group"
        with pytest.raises(OperatorError, match="there is no group 'no-such-group'"):
            await there.stage("000001-aa", FILES)
        there._group = "0"
        mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", f"/srv/{prepared.parent.name}/cctoolkit/releases"]
        sshd.inside(*mount)
        with pytest.raises(OperatorError, match="No space left on device"):
            await there.stage("000001-aa", MANY)
        assert await there.releases() == []
        await there.stage("000001-aa", FILES)
        assert await there.releases() == ["000001-aa"]
        sshd.inside("umount", mount[-1])


async def test_a_full_disk_cuts_no_line_and_no_journal(sshd, prepared):
    """A line that fits only by half is taken back whole, and an intent that does not fit leaves the old one."""
    root = f"/srv/{prepared.parent.name}/cctoolkit"
    sshd.inside("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", root)
    sshd.inside("mkdir", "-p", f"{root}/releases/empty")
    async with reached(sshd, prepared) as there:
        await there.record("one")
        await there.intend(INTENT)
        sshd.inside("sh", "-c", f"cat /dev/zero > {root}/filler 2>/dev/null; truncate -s -4096 {root}/filler")
        with pytest.raises(OperatorError, match="No space left on device"):
            await there.record("x" * 9000)
        assert await there.history() == ["one"]
        with pytest.raises(OperatorError, match="No space left on device"):
            await there.intend(replace(INTENT, who="x" * 9000))
        assert await there.intent() == INTENT
        sshd.inside("rm", f"{root}/filler")
        await there.record("two")
        assert await there.history() == ["one", "two"]
    sshd.inside("umount", root)


async def test_a_local_apply_and_one_by_ssh_exclude_one_another(sshd, prepared):
    """Both hold the same lock, whoever comes first."""
    local = LocalTransport("n1", prepared.parent, os.getgid())
    async with reached(sshd, prepared) as there:
        for first, second in ((local, there), (there, local)):
            async with first.lock():
                with pytest.raises(OperatorError, match="somebody else is at work"):
                    await second.lock().__aenter__()
        async with there.lock(), reached(sshd, prepared, user="deploy") as other:
            with pytest.raises(OperatorError, match="somebody else is at work"):
                await other.lock().__aenter__()


CLIENT = """
import asyncio, sys
import msgspec
from cctoolkit.model.site import Node
from cctoolkit.workflow import reach

async def main():
    async with reach.transport(msgspec.json.decode(sys.argv[1], type=Node)) as there:
        async with there.lock():
            number = 2
            while True:
                print(number, flush=True)
                await there.stage(f"{number:06d}-bb", {f"{i}.conf": b"x" * 4000 for i in range(100)})
                await there.flip(f"{number:06d}-bb")
                number += 1

asyncio.run(main())
"""


@asynccontextmanager
async def another_client(one):
    """Run one that stages and flips for ever, and yield it when it holds the lock."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CLIENT, msgspec.json.encode(one).decode(), stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    try:
        # A Python that imports all of it: on a busy machine that takes more than 10 s.
        await asyncio.wait_for(process.stdout.readline(), 60)
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def locked(there, seconds=10.0):
    """Take the lock as soon as it is free."""
    async with asyncio.timeout(seconds):
        while True:
            try:
                return await there.lock().__aenter__()
            except OperatorError:
                await asyncio.sleep(0.02)


@pytest.mark.parametrize("after", [0.0, 0.03, 0.06, 0.1, 0.15, 0.2, 0.3])
async def test_a_client_killed_9_leaves_the_node_free_and_whole(sshd, prepared, after):
    """Wherever it was: the lock is free, `current` points at a whole release, and the next one sweeps and goes on."""
    async with reached(sshd, prepared) as there:
        async with another_client(node(sshd, prepared)) as client:
            with pytest.raises(OperatorError, match="somebody else is at work"):
                await there.lock().__aenter__()
            await asyncio.sleep(after)
            client.kill()
        await locked(there)
        now = await there.current()
        assert now == "empty" or len(await there.read(now)) == 100
        await there.sweep()
        assert not list(prepared.glob("releases/.*"))
        assert not (prepared / ".current.new").is_symlink()
        for name in await there.releases():
            assert len(await there.read(name)) == 100
        await there.stage("999999-cc", FILES)
        await there.flip("999999-cc")


async def test_a_client_whose_machine_vanished_does_not_hold_the_node(sshd, prepared, monkeypatch):
    """Without a word for long enough the node takes it for dead; should it come back, it can do nothing any more."""
    monkeypatch.setattr(session, "PATIENCE_SECONDS", 1)
    async with reached(sshd, prepared) as silent, reached(sshd, prepared) as there:
        holding = silent.lock()
        await holding.__aenter__()
        await locked(there, 5)
        with pytest.raises(SwitchUnreachable, match="the connection to the node was lost"):
            await silent.flip("empty")
        await holding.__aexit__(None, None, None)


async def test_a_lost_connection_is_an_unreachable_node(block, tmp_path):
    """The server goes away in the middle: exit code 4 and what to do; nothing is half done, and the next one carries on."""
    shared = tmp_path / "shared"
    root = shared / "n/cctoolkit"
    (root / "releases/empty").mkdir(parents=True)
    (root / "current").symlink_to("releases/empty")
    server = Sshd(tmp_path / "server", shared, block.node(2))
    with server:
        async with reached(server, root) as there:
            await there.lock().__aenter__()
            staging = asyncio.create_task(there.stage("000001-aa", MANY))
            while not list(root.glob("releases/.000001-aa.new/*")):
                await asyncio.sleep(0.005)
            server.kill()
            with pytest.raises(SwitchUnreachable, match="the connection to the node was lost") as caught:
                await staging
            assert caught.value.exit_code == 4
            assert "run the command again" in caught.value.next_step
            with pytest.raises(SwitchUnreachable):
                await there.current()
    with pytest.raises(SwitchUnreachable) as caught:
        await reached(server, root).__aenter__()
    assert server.address in str(caught.value)
    with server:
        async with reached(server, root) as there, there.lock():
            assert (await there.current(), await there.releases()) == ("empty", [])
            await there.sweep()
            await there.stage("000001-aa", MANY)
            assert await there.read("000001-aa") == MANY


async def test_a_request_that_was_given_up_leaves_no_answer_for_the_next_one(sshd, prepared):
    """Ctrl-C while a release is staged: what comes after is answered for itself."""
    async with reached(sshd, prepared) as there:
        staging = asyncio.create_task(there.stage("000001-aa", MANY))
        await asyncio.sleep(0.05)
        staging.cancel()
        with pytest.raises(asyncio.CancelledError):
            await staging
        assert await there.current() == "empty"
        assert await there.releases() in ([], ["000001-aa"])
        await there.intend(INTENT)
        assert await there.intent() == INTENT


async def test_a_stranger_is_not_spoken_to(sshd, prepared, tmp_path, monkeypatch):
    """A changed host key, one that is not known and a missing file: refused before anybody logs in, each with the cure;
    what the user's own files know is no help.
    """
    text = sshd.known_hosts.read_text()
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh/known_hosts").write_text(text)
    (tmp_path / ".ssh/config").write_text("Host *\n  StrictHostKeyChecking no\n")
    log = (sshd.folder / "log").read_text()
    try:
        sshd.know(asyncssh.generate_private_key("ssh-ed25519"))
        with pytest.raises(Refused, match="the host's key has changed: it is not the one in") as caught:
            await reached(sshd, prepared).__aenter__()
        assert "ssh-keygen -lf" in caught.value.next_step
        sshd.know(asyncssh.generate_private_key("ecdsa-sha2-nistp256"))
        with pytest.raises(Refused, match="the host's key has changed: it is not the one in"):
            await reached(sshd, prepared).__aenter__()
        sshd.known_hosts.write_text("")
        with pytest.raises(OperatorError, match="the host's key is not known") as caught:
            await reached(sshd, prepared).__aenter__()
        assert f"ssh-keyscan -p {PORT} {sshd.address}" in caught.value.next_step
        sshd.known_hosts.write_text("garbage\n")
        with pytest.raises(OperatorError, match="Invalid known hosts entry"):
            await reached(sshd, prepared).__aenter__()
        sshd.known_hosts.unlink()
        with pytest.raises(OperatorError, match="No such file"):
            await reached(sshd, prepared).__aenter__()
    finally:
        sshd.known_hosts.write_text(text)
    assert "Accepted" not in (sshd.folder / "log").read_text().removeprefix(log)


async def test_who_is_not_let_in(sshd, prepared, tmp_path):
    """Another key: exit code 4 and where to put it; a file that is no key: said without a word of it."""
    other = tmp_path / "other"
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(other)
    with pytest.raises(SwitchUnreachable, match="root is not let in") as caught:
        await reached(sshd, prepared, key=f"file:{other}").__aenter__()
    assert "authorized_keys" in caught.value.next_step
    other.write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n-----END OPENSSH PRIVATE KEY-----\n")
    with pytest.raises(OperatorError, match="this is no private key") as caught:
        await reached(sshd, prepared, key=f"file:{other}").__aenter__()
    assert "c2VjcmV0" not in str(caught.value)


async def test_without_sudo_rights_nothing_is_begun(sshd, prepared):
    """sudo that wants a password, and a folder that the user may not even see."""
    with pytest.raises(OperatorError, match="no shell is to be had: sudo: a password is required"):
        await reached(sshd, prepared, user="guest").__aenter__()
    prepared.chmod(0o700)
    async with reached(sshd, prepared, user="guest", sudo=False) as there:
        with pytest.raises(OperatorError, match="the node is not prepared"):
            await there.lock().__aenter__()
    prepared.chmod(0o755)
    async with reached(sshd, prepared, user="guest", sudo=False) as there:
        with pytest.raises(OperatorError, match="Permission denied"):
            await there.stage("000001-aa", FILES)
        assert await there.current() == "empty"


async def test_a_login_without_a_shell(sshd, prepared):
    """What it says instead is told."""
    with pytest.raises(OperatorError, match="no shell is to be had: This account is currently not available"):
        await reached(sshd, prepared, user="backup", sudo=False).__aenter__()


async def test_an_agent_holds_the_key(sshd, prepared, tmp_path, monkeypatch):
    """Without `key` the agent of SSH_AUTH_SOCK is asked, and nobody else: not the user's own files."""
    sshd.inside("ssh-agent", "-a", "/mnt/agent")
    async with asyncssh.connect_agent(str(sshd.folder / "agent")) as agent:
        await agent.add_keys([asyncssh.read_private_key(sshd.key)])
    monkeypatch.setenv("SSH_AUTH_SOCK", str(sshd.folder / "agent"))
    async with reached(sshd, prepared, key=None) as there:
        assert await there.current() == "empty"
    async with asyncssh.connect_agent(str(sshd.folder / "agent")) as agent:
        await agent.remove_all()
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh/id_ed25519").write_bytes(sshd.key.read_bytes())
    with pytest.raises(OperatorError, match="no key to log in with: the agent has none"):
        await reached(sshd, prepared, key=None).__aenter__()
    monkeypatch.delenv("SSH_AUTH_SOCK")
    with pytest.raises(OperatorError, match="no key to log in with: no agent answers"):
        await reached(sshd, prepared, key=None).__aenter__()


async def test_a_jump_host(block, sshd, prepared, tmp_path):
    """A node is reached through another server, whose key must be known as well; through the wrong one it is not."""
    (tmp_path / "shared").mkdir()
    with Sshd(tmp_path / "server", tmp_path / "shared", block.node(3)) as gate:
        jump = Login(host=gate.address, port=PORT, user="guest", key=f"file:{gate.key}")
        with pytest.raises(OperatorError, match=f"the host's key is not known: .* has none of {gate.address}"):
            await reached(sshd, prepared, jump=jump).__aenter__()
        gate.know(gate.host_key, sshd)
        async with reached(sshd, prepared, jump=jump, known_hosts=str(gate.known_hosts)) as there:
            await there.stage("000001-aa", FILES)
            assert await there.read("000001-aa") == FILES
    last = [line for line in (sshd.folder / "log").read_text().splitlines() if "Accepted publickey" in line][-1]
    assert f"from {gate.address} " in last or "from 127.0.0.1 " in last
    assert "Accepted publickey for guest" in (gate.folder / "log").read_text()


async def test_the_queue_log_of_a_far_node(sshd, prepared):
    """With its newest rotated sibling before it, packed or not; none, or a folder, is "", and a node out of reach is an OSError."""
    log = prepared.parent / "queue_log"
    far = replace(node(sshd, prepared), queue_log=f"/srv/{prepared.parent.name}/queue_log")

    async def read(one=far):
        return await asyncio.to_thread(reach.queue_log, one)

    assert await read() == ""
    log.write_text("2|b\n" * 500_000)
    assert await read() == log.read_text()
    log.with_name("queue_log.2.gz").write_bytes(gzip.compress(b"0|z\n"))
    log.with_name("queue_log.1").write_text("1|a\n")
    assert await read() == "1|a\n" + log.read_text()
    log.with_name("queue_log.1").unlink()
    assert await read() == "0|z\n" + log.read_text()
    log.unlink()
    log.mkdir()
    assert await read() == "0|z\n"
    with pytest.raises(OSError, match=r"ssh root@.*Connect"):
        await read(replace(far, ssh=replace(far.ssh, port=PORT + 1)))
