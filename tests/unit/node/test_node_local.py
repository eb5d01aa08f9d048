import asyncio
import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from cctoolkit.errors import OperatorError
from cctoolkit.node import durable
from cctoolkit.node.transports.local import LocalTransport
from tests.unit.node.transport_contract import FILES, INTENT, Far, TransportContract


@pytest.fixture
def far(tmp_path):
    """A node prepared on this machine."""
    root = tmp_path / "cctoolkit"
    (root / "releases/empty").mkdir(parents=True)
    (root / "current").symlink_to("releases/empty")

    def make():
        return LocalTransport("n1", tmp_path, os.getgid())

    return Far(make(), root, make)


class TestLocal(TransportContract):
    """Files on this machine pass the suite of all transports."""


async def test_an_unknown_group_is_the_operators_error(far):
    """The site's file names a group this machine does not have: said, with nothing left behind."""
    transport = LocalTransport("n1", far.root.parent, "no-such-group")
    with pytest.raises(OperatorError, match="there is no group 'no-such-group'"):
        await transport.stage("000001-aa", FILES)
    assert list((far.root / "releases").iterdir()) == [far.root / "releases/empty"]


@pytest.mark.parametrize("nth", [1, 2, 3])
async def test_a_full_disk_leaves_nothing(far, monkeypatch, nth):
    """No room for the n-th file: an error for the operator, no release and no draft."""
    real, seen = durable.write, []

    def full(path, content, mode, gid=-1):
        seen.append(path)
        if len(seen) == nth:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        real(path, content, mode, gid)

    before = far.contents()
    monkeypatch.setattr(durable, "write", full)
    with pytest.raises(OperatorError, match="No space left on device"):
        await far.transport.stage("000001-aa", FILES)
    assert far.contents() == before
    assert not list(far.root.glob("releases/.*"))


async def test_a_full_disk_cuts_no_line_of_the_history(far, monkeypatch):
    """A line that fits only by half is taken back whole."""
    await far.transport.record("one")
    real = os.write
    monkeypatch.setattr(os, "write", lambda handle, content: real(handle, content[:2]))
    with pytest.raises(OperatorError, match="no room"):
        await far.transport.record("two")
    assert await far.transport.history() == ["one"]


async def test_a_file_where_a_folder_should_be(far):
    """Somebody's file named as our draft's folder is an error with its path."""
    (far.root / "releases/.000001-aa.new").write_text("in the way")
    with pytest.raises(OperatorError, match=r"\.000001-aa\.new"):
        await far.transport.stage("000001-aa", FILES)


READ_ONLY = """
import asyncio, os, sys
from pathlib import Path
from cctoolkit.errors import OperatorError
from cctoolkit.node.transports import Intent
from cctoolkit.node.transports.local import LocalTransport
there = LocalTransport("n1", Path(sys.argv[1]), os.getgid())
calls = [lambda: there.stage("000002-bb", {"a": b""}), lambda: there.flip("000001-aa"), lambda: there.record("x"),
         lambda: there.discard("000001-aa"), lambda: there.intend(Intent("", "", "", "")), there.lock().__aenter__]
for call in calls:
    try:
        asyncio.run(call())
    except OperatorError as error:
        print(error.what)
"""


@pytest.mark.skipif(os.getuid() != 0, reason="a mount namespace of its own needs root")
async def test_a_read_only_disk_changes_nothing(far):
    """Every change is refused with the reason, even to root, and reading goes on."""
    await far.transport.stage("000001-aa", FILES)
    before = far.contents()
    folder = str(far.root.parent)
    mount = f'mount --bind "{folder}" "{folder}" && mount -o remount,bind,ro "{folder}" && exec "$@"'
    done = await asyncio.to_thread(
        subprocess.run, ["unshare", "-m", "sh", "-c", mount, "sh", sys.executable, "-c", READ_ONLY, folder],
        capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )  # fmt: skip
    assert done.stdout.splitlines() == ["Read-only file system"] * 6
    assert far.contents() == before


def test_a_file_is_never_readable_by_others_not_even_while_it_is_written(tmp_path, monkeypatch):
    """The file is made 0600 and opened to the group only with its group set, under any umask."""
    seen = []
    real = os.fchown
    monkeypatch.setattr(os, "fchown", lambda h, u, g: (seen.append(stat.S_IMODE(os.fstat(h).st_mode)), real(h, u, g)))
    old = os.umask(0)
    try:
        durable.write(tmp_path / "f", b"secret", 0o640, os.getgid())
    finally:
        os.umask(old)
    assert seen == [0o600]


async def test_an_intent_is_private(far):
    """The journal is the toolkit's own."""
    await far.transport.intend(INTENT)
    assert stat.S_IMODE((far.root / "intent").stat().st_mode) == 0o600
