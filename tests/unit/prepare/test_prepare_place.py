import os
import sqlite3
from contextlib import closing

import pytest

from cctoolkit.errors import OperatorError, Refused
from cctoolkit.node.prepare import run
from cctoolkit.node.prepare.place import BACKUP, FOLDERS, LINK, LocalPlace
from cctoolkit.node.realtime.prepare import STORE
from tests.unit.prepare.test_prepare_needs import PLAIN, STORED, WANTED


@pytest.fixture
def folder(tmp_path):
    for name, said in PLAIN.items():
        (tmp_path / name).write_text(said, encoding="utf-8")
        (tmp_path / name).chmod(0o604)
    return tmp_path


def place(folder):
    return LocalPlace("msk-1", folder, os.getgid())


async def prepare(folder, wanted=WANTED):
    found = await run.survey(place(folder), wanted, str(folder))
    run.refuse("msk-1", found)
    return found, await run.carry_out(place(folder), found)


async def test_a_folder_is_prepared_once(folder):
    """Modes, the link, copies of what changed; then nothing is left, and a copy is never written over."""
    found, kept = await prepare(folder)
    assert len(found.steps) > len(FOLDERS)
    assert (folder / "queues.conf").stat().st_mode & 0o777 == 0o604
    assert (folder / "cctoolkit/accounts.conf").stat().st_mode & 0o777 == 0o640
    assert (folder / "cctoolkit").stat().st_mode & 0o7777 == 0o2770
    assert (folder / LINK).readlink().as_posix() == "releases/empty"
    assert (folder / f"queues.conf{BACKUP}").read_text() == PLAIN["queues.conf"]
    assert f"queues.conf{BACKUP}" in kept
    found, kept = await prepare(folder)
    assert (found.steps, kept) == ([], [])
    (folder / "queues.conf").write_text("[general]\n")
    found, kept = await prepare(folder)
    assert [step.file for step in found.steps] == ["queues.conf"]
    assert kept == []
    assert (folder / f"queues.conf{BACKUP}").read_text() == PLAIN["queues.conf"]


async def test_what_ends_it_half_way_is_told(folder):
    """With what was done before; the next run does what is left."""

    class Full(LocalPlace):
        async def write(self, name, text):
            if name == "queues.conf":
                raise OperatorError("No space left on device", where=name)
            return await super().write(name, text)

    found = await run.survey(place(folder), WANTED, str(folder))
    with pytest.raises(OperatorError, match="No space left") as caught:
        await run.carry_out(Full("msk-1", folder, os.getgid()), found)
    [told] = caught.value.__notes__
    assert told.startswith("done before that: cctoolkit, cctoolkit/releases, ")
    assert f", {LINK}, " in told
    assert "queues.conf" not in told.partition("releases/empty/queues.conf")[2]
    left, _ = await prepare(folder)
    assert "queues.conf" in [step.file for step in left.steps]
    assert (await prepare(folder))[0].steps == []


async def test_a_store_that_is_there_stays(folder):
    """It is its owner's alone, and of two runs the second one loses nothing."""
    found, _ = await prepare(folder, STORED)
    assert STORE in [step.file for step in found.steps]
    with closing(sqlite3.connect(folder / STORE)) as store, store:
        store.execute("UPDATE node SET key = 'k'")
    (folder / STORE).chmod(0o644)
    found, _ = await prepare(folder, STORED)
    assert [step.file for step in found.steps] == [STORE]
    assert (folder / STORE).stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(folder / STORE)) as store:
        assert store.execute("SELECT key FROM node").fetchall() == [("k",)]
    (folder / LINK).symlink_to("releases/empty")
    with pytest.raises(Refused, match="take it away"):
        await prepare(folder, STORED)


async def test_bytes_that_are_no_utf_8_stay(folder):
    """A comment in an old encoding is nobody's business."""
    odd = b"; \xea\xee\xec\xef\xe0\xed\xe8\xff\n[general]\n"
    (folder / "extensions.conf").write_bytes(odd)
    await prepare(folder)
    assert (folder / "extensions.conf").read_bytes().startswith(odd)


async def test_a_link_that_is_gone_is_not_guessed(folder):
    """With releases there, the empty one in force would take every queue away at the next reload."""
    await prepare(folder)
    (folder / "cctoolkit/releases/000001-0123456789").mkdir()
    (folder / LINK).unlink()
    with pytest.raises(Refused, match="ln -s releases/000001-0123456789 cctoolkit/current"):
        await prepare(folder)


async def test_a_node_whose_folder_is_not_here_is_an_error_of_the_operator(tmp_path):
    """Nothing is made in a place that is none."""
    with pytest.raises(OperatorError, match="No such file or directory"):
        await prepare(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()
