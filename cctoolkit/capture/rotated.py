"""A queue_log and its rotated siblings, wherever they lie, read on from where they were read last.

Rotation renames the log, or copies it and cuts it to nothing; the sibling may be packed afterwards. So a place in a
log is known by what stands before it, in whichever file, and only that which is newer is read.
"""

import bz2
import lzma
import os
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from cctoolkit.capture.lines import SECOND, Line, line_of
from cctoolkit.capture.rows import LONGEST

_NS = 1_000_000_000
_PIECE = 1 << 18
_PACKED_PIECE = 1 << 14
"""A packed piece may become a thousand times as much."""

_TAIL = 160
"""What is remembered of what stands before a place: more than a line."""

_PACKED: dict[str, Callable[[], "_Unpacks"]] = {
    ".gz": lambda: zlib.decompressobj(31),
    ".bz2": bz2.BZ2Decompressor,
    ".xz": lzma.LZMADecompressor,
}


class _Unpacks(Protocol):
    def decompress(self, data: bytes, /) -> bytes: ...


class LogFile(Struct, frozen=True):
    """One file: its name, number on its disk, size, and when it was written last (nanoseconds)."""

    name: str
    inode: int
    size: int
    changed: int

    @property
    def packed(self) -> bool:
        """Say whether it must be unpacked."""
        return Path(self.name).suffix in _PACKED


class Files(Protocol):
    """Where a log lies. Errors are OSError; FileNotFoundError when a file is no longer there."""

    def listed(self) -> list[LogFile]:
        """Return the log and its siblings, the log itself first if there is one."""
        ...

    def read(self, file: LogFile, offset: int, length: int) -> bytes:
        """Return at most so many bytes, none at the end."""
        ...


class Here:
    """A log of this machine."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def listed(self) -> list[LogFile]:
        """See `Files`."""
        paths = [self._path, *self._path.parent.glob(f"{self._path.name}[.-]*")]
        found = ((path, path.stat()) for path in paths if path.is_file())
        return [LogFile(str(path), info.st_ino, info.st_size, info.st_mtime_ns) for path, info in found]

    def read(self, file: LogFile, offset: int, length: int) -> bytes:
        """See `Files`; a file that has been renamed is found."""
        names = [file.name, *(one.name for one in self.listed() if one.inode == file.inode)]
        for name in names:
            with Path(name).open("rb") as opened:
                if os.fstat(opened.fileno()).st_ino == file.inode:
                    opened.seek(offset)
                    return opened.read(length)
        raise FileNotFoundError(file.name)


class Position(Struct, frozen=True):
    """A place in a log: how many bytes stand before it in its file, and the last of them."""

    inode: int
    offset: int
    tail: bytes
    changed: int
    """When the file had been written last."""


Reads = Callable[[str], Line | None]
"""Returns the line that a row of a file is, None when it is none."""


def read_on(
    files: Files, position: Position | None, since: int, reads: Reads = line_of
) -> Iterator[tuple[bytes, Position]]:
    """Yield whole rows from a place on, piece by piece, each with the place after it. Where that place is gone, or
    unknown, what was written from `since` on (seconds) is read, and some of before; 0: the log and its newest sibling.
    """
    found = _oldest_first(files)
    start, offset = _begin(files, found, position, since, reads)
    for file in found[start:]:
        yield from _rows(files, file, offset, position.tail if position and offset else b"")
        offset = 0


def _oldest_first(files: Files) -> list[LogFile]:
    listed = {file.inode: file for file in reversed(files.listed())}
    # The log itself is listed first and is the newest, whatever a copy or a packer did to its siblings' times.
    log = next(reversed(listed.values()), None)
    is_log = log is not None and all(file.name.startswith(log.name) for file in listed.values())
    return sorted(listed.values(), key=lambda file: (is_log and file is log, file.changed))


def _begin(files: Files, found: list[LogFile], position: Position | None, since: int, reads: Reads) -> tuple[int, int]:
    """Return which file to begin with, and where in it."""
    if position:
        likely = sorted(range(len(found)), key=lambda i: (found[i].inode != position.inode, -i))
        for i in likely:
            # Packing may cut the nanoseconds off.
            if found[i].changed // _NS >= position.changed // _NS and _stands(files, found[i], position):
                return i, position.offset
    if not since:
        return max(0, len(found) - 2), 0
    start = next((i for i, file in enumerate(found) if file.changed >= since * _NS), len(found))
    return start, _first(files, found[start], since, reads) if start < len(found) and not found[start].packed else 0


def _stands(files: Files, file: LogFile, position: Position) -> bool:
    """Say whether the place is in this file: what stood before it still does."""
    before = position.offset - len(position.tail)
    if not file.packed:
        there = file.size >= position.offset
        return there and files.read(file, before, len(position.tail)) == position.tail
    skipped = b""
    at = 0
    for piece in _unpacked(files, file):
        skipped, at = skipped[-_TAIL:] + piece, at + len(piece)
        if at >= position.offset:
            end = len(skipped) - (at - position.offset)
            return skipped[:end].endswith(position.tail)
    return False


def _first(files: Files, file: LogFile, since: int, reads: Reads) -> int:
    """Return the beginning of a row that is older than a second, the last such one or one shortly before it, by halves;
    rows stand in the order of their seconds.
    """
    low, high = 0, file.size
    while high - low > _PIECE:
        middle = (low + high) // 2
        rows = files.read(file, middle, LONGEST).decode("utf-8", "replace").split("\n")[1:-1]
        line = next((line for row in rows if (line := reads(row))), None)
        low, high = (middle, high) if line and line.at < since * SECOND else (low, middle)
    return low and low + files.read(file, low, LONGEST).find(b"\n") + 1


def _unpacked(files: Files, file: LogFile, offset: int = 0) -> Iterator[bytes]:
    """Yield a file's bytes from an offset on; packed ones as far as they are undamaged."""
    made, skip = _PACKED.get(Path(file.name).suffix), 0
    unpacks = made() if made else None
    at = 0 if made else offset
    while piece := files.read(file, at, _PACKED_PIECE if made else _PIECE):
        at += len(piece)
        if unpacks is None:
            yield piece
            continue
        try:
            plain = unpacks.decompress(piece)
        except (zlib.error, OSError, EOFError, lzma.LZMAError):
            return
        cut = max(0, offset - skip)
        skip += len(plain)
        if len(plain) > cut:
            yield plain[cut:]


def _rows(files: Files, file: LogFile, offset: int, tail: bytes) -> Iterator[tuple[bytes, Position]]:
    rest = b""
    for piece in _unpacked(files, file, offset):
        data = rest + piece
        cut = data.rfind(b"\n") + 1
        if not cut and len(data) > LONGEST:
            cut = len(data)  # no line is so long: what follows of it will be none either
        whole, rest = data[:cut], data[cut:]
        if whole:
            offset += cut
            tail = (tail + whole)[-_TAIL:]
            yield whole, Position(file.inode, offset, tail, file.changed)
