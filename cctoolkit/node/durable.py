"""Files that are there for good once the call returns, on a POSIX file system."""

import os
from pathlib import Path


def write(path: Path, content: bytes, mode: int, gid: int = -1) -> None:
    """Write a new file with its final mode and group (-1: as it comes) and force it to disk; replaces an
    old one.
    """
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        os.fchown(handle, -1, gid)
        os.fchmod(handle, mode)
        file.write(content)
        file.flush()
        os.fsync(handle)


def sync(folder: Path) -> None:
    """Force a folder's entries to disk: without it a rename may be forgotten by a crash."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
