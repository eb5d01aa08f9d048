"""Validation of many specs with all rules, against check-jsonschema doing the schema alone on the same files; and what
reading hostile files costs.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import chdir
from functools import partial
from pathlib import Path
from random import Random

from made_specs import LINES_200, hostile, spec
from measure import ROOT, SEED, Row, best

FILES = 1000
TIMES = 1
"""Each run takes long enough for what else the machine does to even out."""

RATIO = 0.5
SECONDS = 1.0
MEGABYTES = 200
_SCHEMA = ROOT / "schemas" / "project.schema.json"
# Run in a process of its own, so that the peak is this file's; what loading the toolkit takes is part of it.
_MEASURE = """
import sys, time
from pathlib import Path
from cctoolkit.workflow.validating import validate
began = time.process_time()
found = validate([sys.argv[1]])
print(time.process_time() - began, int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024, len(found.problems))
"""


def _write(folder: Path) -> list[Path]:
    random, files = Random(SEED), []
    for number in range(FILES):
        path = folder / "projects" / f"made-{number}" / "project.yaml"
        path.parent.mkdir(parents=True)
        path.write_text(spec(random, path.parent.name, *LINES_200), encoding="utf-8")
        files.append(path)
    return files


def _run(*command: str) -> None:
    done = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(f"{command[0]} does not accept the made specs: {done.stdout[:300]}{done.stderr[:300]}")


def rows() -> Iterator[Row]:
    """Yield both programs over the same files, each in one call; then the hostile files."""
    with tempfile.TemporaryDirectory() as name, chdir(name):
        files = _write(Path(name))
        lines = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files) // FILES
        schema_alone = partial(_run, "check_jsonschema", "-q", "--schemafile", str(_SCHEMA), *map(str, files))
        ours, theirs = best(partial(_run, "cctoolkit", "validate"), schema_alone, times=TIMES)
        yield Row(
            f"validate {FILES} specs of {lines} lines, all rules", f"{ours:.1f} s, {ours / FILES * 1000:.1f} ms a spec",
            f"{theirs:.1f} s, check-jsonschema, schema alone", ours / theirs, RATIO,
        )  # fmt: skip
        yield from _hostile(Path(name))


def _hostile(folder: Path) -> Iterator[Row]:
    for what, content in hostile().items():
        path = folder / f"{what.replace(' ', '-')}.yaml"
        path.write_bytes(content)
        done = subprocess.run(
            [sys.executable, "-c", _MEASURE, str(path)], capture_output=True, text=True, check=True, cwd=folder
        )
        seconds, megabytes, problems = map(float, done.stdout.split())
        if not problems:
            raise AssertionError(f"{what}: nothing is reported")
        peak = f"{megabytes:.0f} MB of {MEGABYTES}"
        yield Row(f"validate {what}", peak, "the limit", max(seconds, SECONDS * (megabytes > MEGABYTES) * 2), SECONDS,
                  unit="s")  # fmt: skip
