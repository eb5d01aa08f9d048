"""The demonstration's minute of traffic: capture killed in the middle, and three sources held together call by call."""

import asyncio
import os
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from cctoolkit import clock
from cctoolkit.cdr.store import FILE_NAME, Store
from cctoolkit.errors import CctoolkitError
from cctoolkit.lab.lab import Lab
from cctoolkit.lab.reconcile import told
from cctoolkit.workflow import lab as workflow_lab
from cctoolkit.workflow import overrides, specs

SEED = 1
RATE = 1.0
KILLED_SECONDS = 5.0
_SETTLE_SECONDS = 40.0


class SourcesDiffer(CctoolkitError):
    """Records, queue_log and the street's notes do not tell the same."""


async def traffic(
    lab: Lab, loaded: specs.LoadedSite, folder: Path, seconds: float, say: Callable[[str], None], apart_ms: float
) -> None:
    """Let callers and agents be for `seconds`, kill the capture in the middle, and compare; raise SourcesDiffer."""
    project = loaded.projects[0]
    await overrides.set_override(loaded, project, "open", clock.now() + timedelta(seconds=seconds + 120))
    capture = await _start(lab, folder)
    wanted = workflow_lab.mix(loaded, project, seed=SEED, rate=RATE, seconds=seconds, calls=10_000)
    say(f"{len(wanted.agents.names)} agents, a caller a second for {seconds:.0f} s, seed {SEED}")
    happening = asyncio.create_task(workflow_lab.traffic(lab, loaded, wanted, project, lambda _now: None))
    try:
        await asyncio.wait([happening], timeout=seconds / 2)
        capture.kill()
        await capture.wait()
        say(f"capture killed -9 with calls in every state; back after {KILLED_SECONDS:.0f} s")
        await asyncio.wait([happening], timeout=KILLED_SECONDS)
        capture = await _start(lab, folder)
        done = await happening
        await _settled(folder, project.id, done)
    finally:
        happening.cancel()
        if capture.returncode is None:
            capture.terminate()
        await capture.wait()
    table = workflow_lab.held(done, loaded, project, folder, apart_ms)
    for line in told(table, every=False):
        say(line)
    if not table.good:
        raise SourcesDiffer("records, queue_log and the street's notes differ", next_step=f"see {done.path}")


async def _start(lab: Lab, folder: Path) -> asyncio.subprocess.Process:
    """Start `cctoolkit capture` as an operator would, and wait until events flow."""
    command = [sys.executable, "-u", "-m", "cctoolkit", "capture", "--site", str(lab.site_file), "--store", str(folder)]
    process = await asyncio.create_subprocess_exec(
        *command, stderr=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    )
    assert process.stderr  # noqa: S101 - a pipe, as asked for
    async for line in process.stderr:
        if b"capturing" in line:
            return process
    raise SourcesDiffer(f"capture did not start: it ended with {await process.wait()}")


async def _settled(folder: Path, project: str, done: workflow_lab.Traffic) -> None:
    """Wait until the store has every call ended, or so long that it will not: what is missing, the comparison says."""
    deadline = clock.now() + timedelta(seconds=_SETTLE_SECONDS)
    while clock.now() < deadline:
        with Store.read(folder / FILE_NAME) as store:
            records = store.calls(project, since=done.since, test=False)
            if sum(record.ended is not None for record in records) >= len(done.notes):
                return
        await asyncio.sleep(0.2)
