"""Capture killed in the middle: what AMI could not tell is filled from queue_log, and replays tell the same."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cctoolkit.cdr.store import FILE_NAME, Store
from cctoolkit.lab.compare import compare
from cctoolkit.workflow import records

pytestmark = pytest.mark.live

PROJECT = "northwind-hotline"
NUMBER = "+78001002030"
ROOT = Path(__file__).parents[2]


def capture(line, folder: Path) -> subprocess.Popen[str]:
    """Start a capture in a process of its own and wait until it reads."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "cctoolkit", "capture", "--site", line.site, "--store", str(folder)],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=line.root, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert process.stderr is not None
    for text in process.stderr:
        if "capturing" in text:
            return process
    raise AssertionError("capture ended: " + str(process.wait()))


def end(process: subprocess.Popen[str], number: int) -> None:
    process.send_signal(number)
    process.wait(timeout=20)
    assert process.stderr is not None
    process.stderr.close()


def calls(folder: Path):
    with Store.open(folder / FILE_NAME) as store:
        return {record.caller: record for record in store.calls(PROJECT, test=False)}


def wait_for(folder: Path, done) -> None:
    deadline = time.monotonic() + 20
    while not done(calls(folder)):
        assert time.monotonic() < deadline, calls(folder)
        time.sleep(0.1)


def whole(record) -> bool:
    return record.outcome != "unfinished"


def test_killed_for_seconds_with_calls_in_every_state(line, tmp_path):
    """Calls that began before, in and after a gap of capture, and one that lies in it, are whole, each once."""
    street = line.lab.street

    async def prepare():
        await street.agent_dials("petrov", "*12")
        await street.agent_dials("ivanova", "*11")
        await street.set_phone("ivanova", answer_after=0.3, talk=5)
        await asyncio.sleep(2.5)

    asyncio.run(prepare())
    process = capture(line, tmp_path)
    placed = {}

    async def call(caller, **more):
        placed[caller] = await street.place_call(NUMBER, caller=caller, keys=[(0.4, "1")], **more)

    asyncio.run(call("+79160000001"))  # answered before the gap, ends in it
    asyncio.run(call("+79160000002", hang_up_after=9))  # waits through the gap, gives up after it
    wait_for(tmp_path, lambda found: len(found) == 2 and all(r.visits for r in found.values()))
    time.sleep(1)
    end(process, signal.SIGKILL)
    asyncio.run(call("+79160000003", hang_up_after=2))  # lies in the gap
    time.sleep(4)
    process = capture(line, tmp_path)
    asyncio.run(call("+79160000004", hang_up_after=1.5))
    wait_for(tmp_path, lambda found: len(found) == 4 and all(map(whole, found.values())))
    end(process, signal.SIGTERM)
    found = calls(tmp_path)
    assert {caller[-1]: record.outcome for caller, record in found.items()} == {
        "1": "answered", "2": "abandoned", "3": "abandoned", "4": "abandoned",
    }  # fmt: skip
    assert found["+79160000003"].entered.source == "queue_log"
    assert found["+79160000001"].entered.source == "ami"
    assert found["+79160000004"].entered.source == "ami"
    events = street.witness()
    for caller, record in found.items():
        assert len(record.visits) == 1, record
        assert [s.step for s in record.steps][:3] == ["opening-hours", "subject", "orders"]
        edges = {"entered": record.entered, "answered": record.answered, "ended": record.ended}
        for row in compare(record, placed[caller], events):
            if row.edge in edges:
                limit = 0.05 if edges[row.edge].source == "ami" else 1.05
                assert row.apart_seconds is not None, (caller, row)
                assert row.apart_seconds <= limit, (caller, row)
    again = tmp_path / "again"
    records.replay(tmp_path / "journal" / "n1.cctj", "n1", again)
    assert calls(again) == found
