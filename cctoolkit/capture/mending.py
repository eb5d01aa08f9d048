"""What opening a journal finds and may not lose: bytes that are no record, and a journal of one file."""

import errno
import fcntl
import os
from pathlib import Path

from cctoolkit.capture import segment
from cctoolkit.capture.segment import ONE_FILE, PLAIN, Segment, listed
from cctoolkit.node import durable

_PIECE = 1 << 20


def take_over(folder: Path) -> str:
    """Make the first segment of a journal that is one file beside the folder, as it was of old; return what is odd.

    Raise BlockingIOError while a capture writes it, OperatorError when it is no journal.
    """
    old = folder.with_name(f"{folder.name}{PLAIN}")
    if not old.is_file():
        return ""
    if listed(folder):
        return f"{old} is an older journal beside this one; it was not read: fold it with --replay"
    with old.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if ONE_FILE.startswith(file.read(len(ONE_FILE))) and os.fstat(file.fileno()).st_size < len(ONE_FILE):
            old.unlink()  # begun, and nothing in it
            return ""
        segment.read_head(old)
        old.rename(Segment(folder, 0).plain)
        durable.sync(folder)
        durable.sync(folder.parent)
    return ""


def put_aside(file: int, folder: Path, sequence: int, start: int) -> Path:
    """Copy what an open file holds from `start` on, behind the record before `sequence`; return where it lies."""
    aside = _free(folder, sequence)
    target = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        while piece := os.pread(file, _PIECE, start):
            write(target, piece)
            start += len(piece)
        os.fsync(target)
    finally:
        os.close(target)
    durable.sync(folder)
    return aside


def put_all_aside(one: Segment) -> Path:
    """Take a whole segment out of the journal; return where it lies."""
    aside = _free(one.folder, one.first)
    one.plain.rename(aside)
    durable.sync(one.folder)
    return aside


def drop_aside(folder: Path, before_us: int) -> None:
    """Remove what was put aside before a moment: it holds callers' numbers as the journal does."""
    for aside in folder.glob("cut-*"):
        if aside.stat().st_mtime * 1_000_000 < before_us:
            aside.unlink()


def write(file: int, data: bytes) -> None:
    """Write all of it: the disk that takes only a part says why when asked for the rest."""
    rest = memoryview(data)
    while rest:
        written = os.write(file, rest)
        if not written:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        rest = rest[written:]


def _free(folder: Path, sequence: int) -> Path:
    aside, number = folder / f"cut-{sequence}", 1
    while aside.exists():
        number += 1
        aside = folder / f"cut-{sequence}-{number}"
    return aside
