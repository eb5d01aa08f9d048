"""The demonstration works, and nothing of it stays behind however it ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.live

ROOT = Path(__file__).parents[2]
APART_MS = "500"
"""Of a machine that does other things too; the demonstration itself and the soak allow 50."""


def start(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        # Where the tests run in the background, Ctrl-C is ignored, and a child would inherit that.
        ["env", "--default-signal=INT", sys.executable, "-u", "-m", "cctoolkit", "demo", "--folder", str(folder), "--traffic", "15", "--apart", APART_MS],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT, start_new_session=True,
    )  # fmt: skip


def left(folder: Path) -> list[str]:
    """Return the command lines of processes, and the mounts, that name the folder."""
    found = [line for line in Path("/proc/mounts").read_text().splitlines() if str(folder) in line]
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(folder) in words and int(entry.parent.name) != os.getpid():
            found.append(words)
    return found


def gone(folder: Path) -> list[str]:
    """Wait up to 10 s until nothing is left; return what is."""
    deadline = time.monotonic() + 10
    while (found := left(folder)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def test_the_demo_works(tmp_path):
    """It ends well, the record agrees with the street's log, traffic agrees in three sources, both reports are there, and nothing is left running."""
    with start(tmp_path) as demo:
        out = demo.communicate(timeout=180)[0]
    assert demo.returncode == 0, out
    assert "edges agree to 500 ms" in out
    assert "capture killed -9" in out
    assert "0 different" in out
    assert "1 message, mailed to hotline@centre.example" in out
    assert "What to try next" in out
    assert "FAIL" not in out
    assert (tmp_path / "report-ru.html").is_file()
    assert gone(tmp_path) == []


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -9), (signal.SIGTERM, -15)])
def test_nothing_stays_when_it_is_cut_off(tmp_path, number, code):
    """Ctrl-C, kill and kill -9 while test calls run leave no process and no mount."""
    with start(tmp_path) as demo:
        assert demo.stdout is not None
        for line in demo.stdout:
            if "== verify" in line:
                break
        assert left(tmp_path)
        time.sleep(1)
        demo.send_signal(number)
        demo.stdout.read()
        assert demo.wait(timeout=30) == code
    assert gone(tmp_path) == []
