"""The disk is full, or read-only, in the middle of an apply: it is wholly the old or wholly the new release, nobody notices,
and the next apply carries on.

Seeds come from CCTOOLKIT_SEEDS ("1-20", "7", "1-3,9"): each tries a twentieth of an apply's places.
"""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest

from tests.live.conftest import Line
from tests.soak.change import held
from tests.soak.stage import SEEDS, Stage, clear, patient
from tests.soak.test_traffic_seeds import seeds
from tests.soak.verdict import Cut
from tests.soak.ways import Local

pytestmark = pytest.mark.soak

_DISK_MIB = 8
_PAGE = 4096


@pytest.fixture(scope="module")
def small_disk(line: Line) -> Iterator[Path]:
    """The node's cctoolkit/ on a small file system of its own."""
    node = line.lab.nodes["n1"]
    folder = node.config / "cctoolkit"
    node.stop()
    aside = folder.rename(folder.with_name("cctoolkit.aside"))
    folder.mkdir()
    _mount("-t", "tmpfs", "-o", f"size={_DISK_MIB}m,mode=0755", "tmpfs", str(folder))
    try:
        shutil.copytree(aside, folder, symlinks=True, dirs_exist_ok=True)
        for path in (folder, *folder.rglob("*")):
            shutil.chown(path, group=node.installation.gid)
        node.start()
        yield folder
        node.stop()
    finally:
        _unmount(folder)


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


def _unmount(folder: Path) -> None:
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture(scope="module")
def full(line: Line, small_disk: Path) -> Iterator[Stage]:
    """The line, full of calls, on a small disk; each test leaves it as it was."""
    crowd = patient(line)
    asyncio.run(crowd.gather())
    found = Stage.on(crowd, Local(line))
    asyncio.run(found.prepare())
    yield found
    asyncio.run(clear(crowd))


@contextmanager
def full_disk(folder: Path, random: Random) -> Iterator[None]:
    """Fill the disk but for some pages, often none."""
    room = os.statvfs(folder)
    free = room.f_bavail * room.f_frsize - _PAGE * random.choice((0, 0, 1, 2, 4, 8, 16))
    filler = folder / "filler"
    filler.write_bytes(bytes(max(free, 0)))
    try:
        yield
    finally:
        filler.unlink()


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Let whoever opens a file from now on find the disk read-only."""
    # A mount of its own: one in which a file is open for writing cannot be made read-only.
    _mount("--bind", str(folder), str(folder))
    try:
        _mount("-o", "remount,bind,ro", str(folder))
        yield
    finally:
        _unmount(folder)


@pytest.mark.parametrize("seed", seeds(os.environ.get("CCTOOLKIT_SEEDS", f"1-{SEEDS}")))
@pytest.mark.parametrize("fault", ["full", "read-only"])
async def test_the_disk_takes_no_more(full: Stage, small_disk: Path, cuts: list[Cut], fault: str, seed: int) -> None:
    """The disk fills up, or turns read-only, at a place of an apply: it ends with 0 or 1 and says why, disk and memory
    are one release; with room again the next apply does it.
    """
    for stop in range(seed, len(full.places) + 1, SEEDS):
        random = Random(f"{fault}/{seed}/{stop}")
        before, old = await held(full.crowd), await full.node.files()
        full.write(full.new)
        new = full.node.config()
        async with full.way.applying(stop) as process:
            place = await process.stopped()
            assert place, f"ended before place {stop}: {process.said}"
            with full_disk(small_disk, random) if fault == "full" else read_only(small_disk):
                code = await process.go_on()
            where = f"{fault} at place {stop}, {place}; exit code {code}: {process.said}"
        assert code in {0, 1}, where
        disk = await full.node.on_disk(old, new)
        assert disk == "new" or code == 1, where
        await full.check(before, where)
        if random.random() < 0.5:
            await full.done()
        await full.back()
        await full.check(before, where)
        cuts.append(Cut(f"disk {fault}", place, disk))


@pytest.fixture(scope="module")
def staffed(line: Line) -> Stage:
    """The line with its agents logged in, four of them paused, and no calls; each test leaves it as it was."""
