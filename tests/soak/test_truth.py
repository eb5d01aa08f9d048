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

from cctoolkit.lab.reconcile import Limits, reconcile, told
from cctoolkit.lab.traffic import Codes, Performed, perform
from cctoolkit.workflow import specs
from tests.live import colleagues
from tests.live.conftest import Line
from tests.soak import everything, restarted, shifts
from tests.soak.capture_process import CaptureProcess
from tests.soak.conftest import WRAP_UP_SECONDS
from tests.soak.ordeal import Ordeal
from tests.soak.test_traffic_seeds import (
    everything_in,
    evidence,
    pauses,
    replayed,
    seeds,
    settle,
    strays,
    what_happened,
)
from tests.soak.verdict import Night

pytestmark = [pytest.mark.soak, pytest.mark.alone]

SECONDS = 48
RATE = 3.3
"""Calls a second; a twentieth of the night has more than 150."""
NIGHT = 20
"""So many twentieths see every kind of call."""
_DISK_MIB = 768
_LIMIT_SECONDS = 300
STOPPING = (
    "app_dial.c: Unable to forward frametype", "Session already DISCONNECTED", "Refusing due to active shutdown",
    "Failed to allocate new PJSIP channel", "Unable to allocate owner channel", "registered during operation",
    "Asterisk is shutting down",
)  # fmt: skip
"""What the node warns of where both sides hang up at once, and of calls that come while it is being stopped."""


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


@pytest.fixture
def all_open(busy: Line) -> Line:
    """The line on which everything can happen, its phones able to send callers on."""
    everything.prepare(busy)
    colleagues.reachable(busy.lab.nodes["n1"], everything.COLLEAGUES)
    busy.forgiven = STOPPING
    return busy


async def test_a_night_of_everything_loses_no_call(
    all_open: Line, disk: Path, tmp_path: Path, nights: list[Night]
) -> None:
    """Records, queue_log and what callers lived through agree on every call, whatever befell the capture meanwhile; and in
    a whole night all that can become of a call does.
    """
    chosen = seeds(os.environ.get("CCTOOLKIT_SEEDS", "1-20"))
    twentieths, seconds = len(chosen), SECONDS * len(chosen)
    planned = everything.planned(chosen[0], RATE, seconds, twentieths)
    process = CaptureProcess(all_open.site, all_open.root, disk)
    ordeal = Ordeal(all_open.lab.nodes["n1"], process, disk, Random(chosen[0]))
    performed: list[Performed] = []
    try:
        async with asyncio.timeout(seconds + _LIMIT_SECONDS):
            await process.start()
            async with asyncio.TaskGroup() as group:
                group.create_task(ordeal.run(seconds, twentieths))
                group.create_task(everything.Supervisor(all_open).run(seconds, twentieths))
                done = await perform(all_open.lab.street, planned, Codes(), drain_seconds=30)
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
    happened = what_happened(all_open, performed[0], disk)
    limits = Limits(wrap_up_seconds=WRAP_UP_SECONDS)
    table = reconcile(happened.notes, happened.records, happened.log, happened.ready, limits)
    table = restarted.judged(table, happened, ordeal.downs, ordeal.gaps)
    possible = everything.possible(specs.load_site(all_open.site).projects[0])
    missing = possible - everything.stand(happened.records)
    nights.append(
        Night(ordeal.told, len(planned.calls), len(happened.records), table, (len(possible - missing), len(possible)))
    )
    (tmp_path / "missing.txt").write_text("\n".join(map(str, sorted(missing))), encoding="utf-8")
    different = [verdict for verdict in table.verdicts if verdict.judgement == "different"]
    shown = "\n\n".join(["\n".join(told(table, every=False)), *(evidence(one, happened) for one in different)])
    (tmp_path / "differences.txt").write_text(f"{ordeal.downs}\n{shown}", encoding="utf-8")
    assert not different, f"{tmp_path}\n{shown[:20_000]}"
    assert shifts.differences(happened, pauses(all_open), ordeal.downs) == []
    assert replayed(tmp_path / "journal" / "n1", tmp_path / "again") == everything_in(disk)
    # Whom an agent asks is asked for a caller; but a phone does not know that the switch has lost its call.
    assert [one.call for one in strays(disk) if not restarted.is_away(one, ordeal.downs)] == []
    assert set(performed[0].cut) <= {note.call for note in happened.notes if restarted.touched(note, ordeal.downs)}
    assert len(planned.calls) > 0.8 * RATE * seconds
    assert not missing or twentieths < NIGHT, missing
