"""How long a person waits for `cctoolkit --help`."""

import subprocess
import sys
from collections.abc import Iterator
from functools import partial

from measure import ROOT, Row, best

LIMIT_SECONDS = 0.5


def _run(*arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL, cwd=ROOT)


def rows() -> Iterator[Row]:
    """Yield the time itself, which has the limit, and how much of it is not Python's own start."""
    shown, bare = best(partial(_run, "-m", "cctoolkit", "--help"), partial(_run, "-c", "pass"))
    yield Row("cctoolkit --help", f"{shown:.3f} s", "the clock on the wall", shown, LIMIT_SECONDS, unit="s")
    yield Row("cctoolkit --help", f"{shown:.3f} s", f"{bare:.3f} s, python -c pass", shown / bare)
