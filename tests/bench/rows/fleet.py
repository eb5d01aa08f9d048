"""apply to ten nodes against apply to one of them, each the whole command, on a real lab."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path

from measure import ROOT, Row, best

from cctoolkit.lab.lab import Lab

NODES = 10
TIMES = 3
LIMIT = 3.0
_OLD = "    strategy: rrmemory\n"


class _Site:
    """A copy of the projects, in which every apply finds one queue changed."""

    def __init__(self, root: Path, site: Path) -> None:
        self._project = root / "projects/northwind-hotline/project.yaml"
        self._site = site
        self._text = self._project.read_text(encoding="utf-8")
        self._count = 0
        if _OLD not in self._text:
            raise AssertionError(f"the project no longer says {_OLD!r}")

    def apply(self, *arguments: str) -> None:
        """Change the queue and apply."""
        self._count += 1
        self._project.write_text(self._text.replace(_OLD, f"{_OLD}    weight: {self._count}\n", 1), encoding="utf-8")
        command = [sys.executable, "-m", "cctoolkit", "apply", "--site", str(self._site), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode or "applied" not in done.stdout:
            raise AssertionError(f"apply ended with {done.returncode}: {done.stderr[-300:]}")


def rows() -> Iterator[Row]:
    """Yield the two commands against each other."""
    if os.geteuid():
        raise AssertionError("the lab needs root")
    with tempfile.TemporaryDirectory() as name, chdir(name):
        root = Path(name)
        shutil.copytree(ROOT / "projects", root / "projects")
        lab = Lab(root / "lab", root / "projects/sites/lab.yaml", owned=True)
        try:
            lab.up(NODES)
            site = _Site(root, lab.site_file)
            site.apply()
            one, all_of_them = best(lambda: site.apply("--node", "n1"), site.apply, times=TIMES)
        finally:
            lab.down()
        yield Row(
            f"apply one queue's change to {NODES} lab nodes", f"{all_of_them:.2f} s", f"{one:.2f} s, to one node",
            all_of_them / one, LIMIT,
        )  # fmt: skip
