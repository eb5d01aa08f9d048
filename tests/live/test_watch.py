"""The supervisor's picture against the real switch: waiting, talking, on hold, and a pause beyond its limit in red."""

import asyncio
import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from cctoolkit import clock
from tests.live.capturing import capturing, log_in, log_out, the_record

pytestmark = pytest.mark.live

NUMBER = "+78001002030"
ROOT = Path(__file__).parents[2]


@pytest.fixture
async def shift(line, tmp_path):
    """ivanova holds a caller, petrov is at lunch for longer than the second he may, a second caller waits; captured."""
    line.edit('lunch: {code: "1", limit: 45m}', 'lunch: {code: "1", limit: 1s}')
    street, folder = line.lab.street, tmp_path / "records"
    await log_in(line, "ivanova", "petrov")
    await street.agent_dials("petrov", "*141")
    await street.set_phone("ivanova", answer_after=0.2, hold_after=0.5, hold=60)
    async with capturing(line, folder):
        since = clock.now()
        calls = [await street.place_call(NUMBER, caller="+79160000001", keys=[(0.4, "1")])]
        await street.wait_for(lambda e: e.name == "held", since=since)
        calls.append(await street.place_call(NUMBER, caller="+79160000002", keys=[(0.4, "1")]))
        await the_record(folder, lambda r: r.caller == "+79160000002" and r.visits)
        await asyncio.sleep(1.5)
        yield folder
        for call in reversed(calls):
            await street.hang_up(call)
        await the_record(folder, lambda r: r.caller == "+79160000001" and r.ended)
    await log_out(line, "ivanova", "petrov")
    line.edit('lunch: {code: "1", limit: 1s}', 'lunch: {code: "1", limit: 45m}')


async def test_once(line, shift, capsys):
    """One picture says who waits and what agents do; JSON says the same; the day's figures are the store's."""
    where = ("--site", line.site, "--store", str(shift), "--once")
    assert await line.run_aside("watch", *where) == 0
    text = capsys.readouterr().out
    assert "waiting 1   agents 2/" in text
    rows = {row.split()[0]: row.split() for row in text.splitlines() if row.strip()}
    # A first look cannot know of a hold that began before it.
    assert rows["orders"][1] == "1"
    assert any(row.split()[-4:-2] == ["paused", "lunch"] for row in text.splitlines() if "lunch" in row)
    assert await line.run_aside("watch", *where, "--format", "json") == 0
    found = json.loads(capsys.readouterr().out)
    (orders,) = (row for row in found["queues"] if row["queue"].endswith(".orders"))
    assert (orders["waiting"], orders["agents"]["talking"], orders["agents"]["paused"]) == (1, 1, 1)
    assert orders["longest_seconds"] >= 1
    assert found["today"][orders["queue"]]["offered"] >= 2


def test_a_project_nobody_has(line):
    """A project nobody has is the mistake it is, not an empty picture."""
    assert line.run("watch", "--site", line.site, "--project", "nobody", "--once") == 3


class Screen:
    """The command on a terminal of its own; `text` is everything it has written."""

    def __init__(self, line, *more: str) -> None:
        self.main, side = pty.openpty()
        fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 140, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "cctoolkit", "watch", "--site", line.site, *more],
            stdin=side, stdout=side, stderr=side, cwd=line.root,
            env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color"},
        )  # fmt: skip
        os.close(side)
        os.set_blocking(self.main, False)
        self.text = ""

    def shows(self, *parts: str, seconds: float = 20) -> None:
        """Wait until what was written holds all parts."""
        deadline = time.monotonic() + seconds
        while not all(part in self.text for part in parts):
            assert time.monotonic() < deadline, (parts, self.text[-3000:])
            try:
                self.text += os.read(self.main, 65536).decode(errors="replace")
            except BlockingIOError:
                time.sleep(0.05)

    def leave(self) -> int:
        """Press q; return the exit code."""
        os.write(self.main, b"q")
        return self.process.wait(timeout=60)

    def close(self) -> None:
        """End the command, however far it came."""
        self.process.kill()
        self.process.wait()
        os.close(self.main)


async def test_the_live_screen(line, shift):
    """On a terminal the pause beyond its limit is bold red, the waiting caller yellow; what happens next is shown; q
    leaves.
    """
    screen = await asyncio.to_thread(Screen, line, "--store", str(shift))
    try:
        await asyncio.to_thread(screen.shows, "waiting 1", "\x1b[1;31mpaused", "\x1b[1;33m ", "\x1b[1;36mtalking")
        assert "\x1b[33mpaused" not in screen.text
        await line.lab.street.agent_dials("petrov", "*13")
        await asyncio.to_thread(screen.shows, "waiting 0")
        assert await asyncio.to_thread(screen.leave) == 0
    finally:
        await asyncio.to_thread(screen.close)
