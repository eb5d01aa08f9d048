"""Reading a queue_log that may have been rotated meanwhile."""

import gzip
import os
from pathlib import Path


def read_log(path: Path) -> str:
    """Return the text of a queue_log after that of its newest rotated sibling (queue_log.1, queue_log-20261122, .gz);
    "" when there is neither. Raise OSError when one cannot be read.
    """
    try:
        with path.open("rb") as file:
            mine, now = os.fstat(file.fileno()).st_ino, file.read()
    except FileNotFoundError:
        mine, now = 0, b""
    # Rotated since it was opened, the sibling is what has just been read.
    siblings = [p for p in path.parent.glob(f"{path.name}[.-]*") if p.stat().st_ino != mine]
    newest = max(siblings, key=lambda p: p.stat().st_mtime, default=None)
    return joined(newest.name, newest.read_bytes(), now) if newest else joined("", b"", now)


def joined(sibling: str, before: bytes, now: bytes) -> str:
    """Return the text of a rotated sibling, by its name, and of the log after it."""
    if sibling.endswith(".gz"):
        before = gzip.decompress(before)
    return (before + now).decode("utf-8", "replace")
