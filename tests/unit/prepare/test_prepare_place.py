import os

import pytest

from cctoolkit.errors import OperatorError, Refused
from cctoolkit.node.prepare import run
from cctoolkit.node.prepare.place import BACKUP, FOLDERS, LINK, LocalPlace
from tests.unit.prepare.test_prepare_needs import PLAIN, WANTED


@pytest.fixture
def folder(tmp_path):
    for name, said in PLAIN.items():
        (tmp_path / name).write_text(said, encoding="utf-8")
        (tmp_path / name).chmod(0o604)
    return tmp_path


def place(folder):
    return LocalPlace("msk-1", folder, os.getgid())


async def prepare(folder):
    found = await run.survey(place(folder), WANTED)
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
