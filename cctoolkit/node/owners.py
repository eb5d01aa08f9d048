"""Who last wrote a file on this machine, and when."""

import pwd
from datetime import UTC, datetime
from pathlib import Path

from cctoolkit.node.transports import Touched


def touched(folder: Path) -> dict[str, Touched]:
    """Return it of every file below a folder, by path, and of the folder itself, ""."""
    files = {str(p.relative_to(folder)): _touched(p) for p in folder.rglob("*") if p.is_file()}
    return {"": _touched(folder), **files}


def _touched(path: Path) -> Touched:
    found = path.stat()
    try:
        owner = pwd.getpwuid(found.st_uid).pw_name
    except KeyError:
        owner = str(found.st_uid)
    return Touched(owner, datetime.fromtimestamp(found.st_mtime, UTC).isoformat())
