"""The lab of this checkout."""

from collections.abc import Callable

from cctoolkit import resources
from cctoolkit.lab.lab import Lab
from cctoolkit.workflow.specs import lab_folder


def lab(*, owned: bool = False, progress: Callable[[str], None] = lambda _line: None) -> Lab:
    """Return the lab; `owned` makes its processes die with this one."""
    return Lab(lab_folder(), resources.projects() / "sites" / "lab.yaml", owned=owned, progress=progress)
