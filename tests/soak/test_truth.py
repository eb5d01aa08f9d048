"""A long night: traffic of every kind while capture is killed, cut off, stalled and left without disk, and the node restarted.
No call is lost, none told twice, and every source tells the same of each.

CCTOOLKIT_SEEDS ("1-20") says how long: a seed is a twentieth of the night.
"""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from cctoolkit.lab.reconcile import reconcile, told
from cctoolkit.lab.traffic import Codes, Performed, perform
from cctoolkit.lab.traffic_plan import plan
from tests.live.conftest import Line
from tests.soak import restarted
from tests.soak.capture_process import CaptureProcess
from tests.soak.ordeal import Ordeal
from tests.soak.test_traffic_seeds import evidence, mix, seeds, settle, what_happened
from tests.soak.verdict import Night

pytestmark = [pytest.mark.soak, pytest.mark.alone]

SECONDS = 48
RATE = 3.3
"""Calls a second; a twentieth of the night has more than 150."""
_DISK_MIB = 768
_LIMIT_SECONDS = 300


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of the store's own, which can be full."""
    folder = tmp_path / "store"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={_DISK_MIB}m", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


async def test_a_night_of_everything_loses_no_call(busy: Line, disk: Path, tmp_path: Path, nights: list[Night]) -> None:
    """Records, queue_log and what callers lived through agree on every call, whatever befell the capture meanwhile."""
    chosen = seeds(os.environ.get("CCTOOLKIT_SEEDS", "1-20"))
    twentieths, seconds = len(chosen), SECONDS * len(chosen)
    planned = plan(mix(chosen[0], rate=RATE, seconds=seconds))
    process = CaptureProcess(busy.site, busy.root, disk)
    ordeal = Ordeal(busy.lab.nodes["n1"], process, disk, Random(chosen[0]))
    performed: list[Performed] = []
    try:
        async with asyncio.timeout(seconds + _LIMIT_SECONDS):
            await process.start()
            async with asyncio.TaskGroup() as group:
                group.create_task(ordeal.run(seconds, twentieths))
                done = await perform(busy.lab.street, planned, Codes(), drain_seconds=30)
            performed.append(done)
            await settle(disk, len(planned.calls))
            await process.stop()
    finally:
        process.abandon()
        (tmp_path / "capture.log").write_text(process.said(), encoding="utf-8")
        shutil.copytree(disk / "journal", tmp_path / "journal", dirs_exist_ok=True)
    # Who talked when the switch was killed was told by nobody that it is over.
    # A switch that is there again is asked once its modules are: before, it refuses to list its queues.
    assert "cannot be told" not in process.said()
    happened = what_happened(busy, performed[0], disk)
    table = reconcile(happened.notes, happened.records, happened.log, happened.ready)
    table = restarted.judged(table, happened, ordeal.downs, ordeal.gaps)
    nights.append(Night(ordeal.told, len(planned.calls), len(happened.records), table))
    different = [verdict for verdict in table.verdicts if verdict.judgement == "different"]
    shown = "\n\n".join(["\n".join(told(table, every=False)), *(evidence(one, happened) for one in different)])
    (tmp_path / "differences.txt").write_text(f"{ordeal.downs}\n{shown}", encoding="utf-8")
    assert not different, f"{tmp_path}\n{shown[:20_000]}"
    assert set(performed[0].cut) <= {note.call for note in happened.notes if restarted.touched(note, ordeal.downs)}
    assert len(planned.calls) > 0.8 * RATE * seconds
