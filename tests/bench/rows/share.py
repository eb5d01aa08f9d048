"""The processor time that capture takes while Asterisk is at its own limit: more and more callers a second, until the
machine's processors have nothing left to give.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree

from measure import ROOT, SEED, Row

from cctoolkit.lab.lab import Lab
from cctoolkit.lab.traffic import Codes, perform
from cctoolkit.lab.traffic_plan import Agents, Callers, Mix, Span, plan

RATES = (30, 60, 90, 135, 200)
"""Calls a second, one after the other until the limit is reached."""
SECONDS = 20
IDLE = 0.1
"""The share of the machine's processor time that is left at the limit, at most."""
LIMIT = 0.1

AGENTS = ("ivanova", "smirnova", "sokolov", "popova", "vasiliev", "mikhailova", "fedorov", "novikov")
_UNBOUND = (("capacity: 30", "capacity: 0"), ("capacity: 10", "capacity: 0"), ("wait: 4m", "wait: 6s"))
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Spent:
    """Seconds of processor time of the capture and of the node's Asterisk; the share of the machine's that nobody wanted."""

    capture: float
    asterisk: float
    idle: float


def of_process(pid: int) -> float:
    """Return the processor seconds a process has taken, all threads."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def idle() -> float:
    """Return the processor seconds that nobody has wanted since the machine began."""
    fields = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()
    return (int(fields[4]) + int(fields[5])) / _TICKS


def mix(rate: float) -> Mix:
    """Return callers who press and wait a little, and agents who are quick."""
    callers = Callers(
        numbers=(("+78001002030", 1),), keys=(("1", 1), ("2", 1)), presses=2, press_after=Span(0.4, 0.9),
        patience_seconds=3, patience=Span(1, 6), talk=Span(0.4, 2),
    )  # fmt: skip
    agents = Agents(
        AGENTS, answer_after=Span(0.1, 0.3), miss_ratio=0, busy_ratio=0, talk=Span(0.5, 1), ready_ratio=1,
        ready_after=Span(0.1, 0.2), away_ratio=0, pause_ratio=0, hold_ratio=0,
    )  # fmt: skip
    return Mix(SEED, rate, SECONDS, callers, agents)


@contextmanager
def capturing(site: Path, store: Path) -> Iterator[int]:
    """Capture the site in a process of its own; yield its id once events flow."""
    command = [sys.executable, "-u", "-m", "cctoolkit", "capture", "--site", str(site), "--store", str(store)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stderr=subprocess.PIPE, env=environment, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "capturing" in line:
                break
        try:
            yield process.pid
        finally:
            process.terminate()
            process.communicate(timeout=60)


async def spent(lab: Lab, capture: int, rate: float) -> Spent:
    """Let callers come at a rate; return what it took from the first to the last of them."""
    planned = plan(mix(rate))
    asterisk = lab.nodes["n1"].switch_pid()

    def now() -> tuple[float, float, float]:
        return of_process(capture), of_process(asterisk), idle()

    begun = asyncio.Event()
    traffic = asyncio.create_task(
        perform(lab.street, planned, Codes(), drain_seconds=60, progress=lambda now: now.placed and begun.set())
    )
    waiting = asyncio.create_task(begun.wait())
    await asyncio.wait({traffic, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if not waiting.done():
        waiting.cancel()
        await traffic  # it says why nobody called
    before, began = now(), time.monotonic()
    await asyncio.sleep(SECONDS - 3)
    after, took = now(), time.monotonic() - began
    await traffic
    taken = [end - start for start, end in zip(before, after, strict=True)]
    return Spent(taken[0], taken[1], taken[2] / took / (os.cpu_count() or 1))


def rows() -> Iterator[Row]:
    """Yield the capture's time against Asterisk's at the first rate that leaves nothing idle."""
    with tempfile.TemporaryDirectory() as name, chdir(name):
        root = Path(name)
        copytree(ROOT / "projects", root / "projects")
        project = root / "projects/northwind-hotline/project.yaml"
        text = project.read_text(encoding="utf-8")
        for old, new in _UNBOUND:
            text = text.replace(old, new)
        project.write_text(text, encoding="utf-8")
        with Lab(root / "lab", root / "projects/sites/lab.yaml", owned=True) as lab:
            site = str(lab.site_file)
            subprocess.run(
                [sys.executable, "-m", "cctoolkit", "apply", "--site", site], check=True, capture_output=True
            )
            asyncio.run(lab.street.wait_registered(AGENTS))
            with capturing(lab.site_file, root / "records") as capture:
                for rate in RATES:
                    found = asyncio.run(spent(lab, capture, rate))
                    sys.stderr.write(f"{rate} calls a second: {found}\n")
                    if found.idle < IDLE:
                        break
                else:
                    raise AssertionError(f"Asterisk is not at its limit: {found}")
    yield Row(
        f"capture: processor time at {rate} calls a second",
        f"{found.capture:.1f} s of capture, {found.idle:.0%} of the machine idle", f"{found.asterisk:.1f} s of Asterisk",
        found.capture / found.asterisk, LIMIT,
    )  # fmt: skip
