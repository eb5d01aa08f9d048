"""The README's commands, in its order, from a lab that comes up to one that is down."""

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.live

ROOT = Path(__file__).parents[2]
CODES = {"plan": (0, 2)}
"""Exit codes that are right; 0 for every other command."""


def commands() -> list[list[str]]:
    """Return the words of every cctoolkit command of the README, in order."""
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    shown = [line.strip() for line in lines if line.startswith("    .venv/bin/cctoolkit ")]
    found = [shlex.split(line, comments=True)[1:] for line in shown]
    # Without a history there is no revision to compare with.
    return [words for words in found if "--against" not in words or (ROOT / ".git").exists()]


def test_the_readme_from_top_to_bottom(tmp_path):
    """Each command does what the text says it does: none fails, and the report is there at the end."""
    environment = {**os.environ, "CCTOOLKIT_LAB": str(tmp_path / "lab"), "PYTHONPATH": str(ROOT)}
    running: list[subprocess.Popen[str]] = []

    def start(words: list[str]) -> subprocess.Popen[str]:
        # What a command writes goes beside the lab, not into the checkout.
        words = [{"records/": f"{tmp_path}/records", "report.html": f"{tmp_path}/report.html"}.get(w, w) for w in words]
        return subprocess.Popen(
            [sys.executable, "-u", "-m", "cctoolkit", *words],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT, env=environment,
        )  # fmt: skip

    try:
        for words in commands():
            process = start(words)
            if words[0] == "capture":
                running.append(process)
                assert process.stdout is not None
                assert any("capturing" in line for line in process.stdout)
                continue
            if words[0] == "cdr" and running:
                end(running.pop())
            out = process.communicate(timeout=240)[0]
            assert process.returncode in CODES.get(words[0], (0,)), (words, out)
            assert "Traceback" not in out
    finally:
        for process in running:
            end(process)
        subprocess.run([sys.executable, "-m", "cctoolkit", "lab", "down"], cwd=ROOT, env=environment, check=True)
    assert "<svg" in (tmp_path / "report.html").read_text(encoding="utf-8")


def end(process: subprocess.Popen[str]) -> None:
    """Stop a capture as Ctrl-C does."""
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 0
