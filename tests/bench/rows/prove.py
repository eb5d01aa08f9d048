"""The proof of a large flow with many calendars: time and memory, in a process of its own."""

import json
import os
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from made_specs import spec
from measure import ROOT, SEED, Row
from msgspec.structs import replace

from cctoolkit.flow.graph import compile_flow
from cctoolkit.flow.prove import Proof, prove
from cctoolkit.flow.prove_against import differences
from cctoolkit.flow.prove_facts import facts
from cctoolkit.flow.prove_stations import spec_of
from cctoolkit.model.calendar import Calendar
from cctoolkit.model.project import Project
from cctoolkit.workflow import specs

STEPS, CALENDARS, AGENTS = 60, 8, 20
TIMES = 3
SINCE = datetime(2026, 11, 22, 12, tzinfo=UTC)


def _child(path: Path) -> dict[str, float]:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{Path(__file__).parents[1]}"}
    command = [sys.executable, __file__, str(path)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=ROOT, env=environment)
    return json.loads(done.stdout)


def rows() -> Iterator[Row]:
    """Yield seconds against reading and checking the same file, and Python's peak memory against its text."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "made-large" / "project.yaml"
        path.parent.mkdir()
        path.write_text(spec(Random(SEED), "made-large", STEPS, CALENDARS, AGENTS), encoding="utf-8")
        found = [_child(path) for _ in range(TIMES)]
    seconds, checked = (min(one[name] for one in found) for name in ("prove", "check"))
    peak, held = (min(one[name] for one in found) / 2**20 for name in ("peak", "held"))
    what = f"prove {found[0]['steps']:.0f} steps, {CALENDARS} calendars"
    classes = f"{found[0]['classes']:.0f} classes of time"
    whole = min(one["whole"] for one in found)
    against = min(one["against"] for one in found)
    yield Row(f"{what}: seconds", f"{seconds:.2f} s, {classes}", "nothing", seconds, limit=2, unit="s")
    yield Row(f"{what}: the process", f"{whole:.0f} MiB resident at most", "nothing", whole, limit=300, unit="MiB")
    yield Row(f"{what}, against itself with other hours", f"{against:.2f} s", "nothing", against, limit=4, unit="s")
    yield Row(f"{what}: time", f"{seconds:.2f} s, {classes}", f"{checked:.3f} s, validate of it", seconds / checked)
    yield Row(f"{what}: memory", f"{peak:.1f} MiB at most", f"{held:.1f} MiB, the project read", peak / held)


def _measure(path: Path) -> dict[str, float]:
    """Prove the project in `path`: once for the time, once more, traced, for the memory."""
    specs.check_project(path)  # the first one reads the schemas
    began = time.perf_counter()
    specs.check_project(path)
    checked = time.perf_counter() - began
    tracemalloc.start()
    loaded, problems = specs.check_project(path)
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    if loaded is None:
        raise AssertionError(f"the made flow is not valid: {problems[:1]}")
    began = time.perf_counter()
    proof = _prove(loaded.project)
    proved = time.perf_counter() - began
    if proof.findings:
        raise AssertionError(f"the made flow has findings: {proof.findings[:1]}")
    shorter = replace(loaded.project, calendars={name: _shorter(one) for name, one in loaded.project.calendars.items()})
    began = time.perf_counter()
    if not differences(spec_of(loaded.project), spec_of(shorter), SINCE):
        raise AssertionError("other hours made no difference")
    compared = time.perf_counter() - began
    whole = int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024
    tracemalloc.start()
    _prove(loaded.project)
    peak = tracemalloc.get_traced_memory()[1]
    steps = len(loaded.project.flow)
    return {"prove": proved, "check": checked, "peak": peak, "held": held, "steps": steps, "classes": proof.classes,
            "whole": whole, "against": compared}  # fmt: skip


def _shorter(calendar: Calendar) -> Calendar:
    return replace(calendar, hours={days: ranges for days, ranges in calendar.hours.items() if days != "sat"})


def _prove(project: Project) -> Proof:
    return prove(compile_flow(project), facts(project), SINCE, timedelta(days=1))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_measure(Path(sys.argv[1]))))
