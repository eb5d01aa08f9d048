"""One file of a journal: a header, then every chunk as it was received.

The header says the format, the number of the first record, when it was begun, and the node, with a checksum. A record
is a header (sequence, receive time in microseconds, length, CRC-32 of all of it) and the chunk. A segment grows as
`<first sequence>.cctj`; sealed, it is packed as it is by zstd into `<first sequence>.cctj.zst`. Before there were
segments a journal was one file without node and first sequence; it is read as one.
"""

import io
import os
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec

from cctoolkit.errors import OperatorError

PLAIN, PACKED = ".cctj", ".cctj.zst"

_NAME = b"CCTJ"
ONE_FILE = _NAME + b"\x02\n"
"""How a journal of before there were segments begins."""

_MAGIC = _NAME + b"\x03\n"
_ZSTD = b"\x28\xb5\x2f\xfd"
_HEAD = struct.Struct("<QqH")
_CHECK = struct.Struct("<I")
RECORD = struct.Struct("<QqII")
_SUMMED = struct.Struct("<QqI")
_ZSTD_HEAD_BYTES = 18


class Unreadable(OperatorError):
    """A file is no segment, or its beginning is damaged."""


class Chunk(msgspec.Struct, frozen=True):
    """One chunk: its place in the journal, when it was received (microseconds since the epoch, UTC), and its bytes.
    An empty one marks a gap: what came before it and what comes after it are not one stream.
    """

    sequence: int
    received_us: int
    data: bytes


class Head(msgspec.Struct, frozen=True):
    """What a segment says of itself: its node, the number of its first record, when it was begun (microseconds), and
    where its first record stands.
    """

    node: str
    first: int
    began_us: int
    size: int


class Segment(msgspec.Struct, frozen=True):
    """A segment in its folder, by the number of its first record."""

    folder: Path
    first: int

    @property
    def plain(self) -> Path:
        """Where it is while it grows, and until it is packed."""
        return self.folder / f"{self.first:020}{PLAIN}"

    @property
    def packed(self) -> Path:
        """Where it is once it is packed."""
        return self.folder / f"{self.first:020}{PACKED}"

    @property
    def path(self) -> Path:
        """Where it is now. Of both the plain one counts: packing was cut off before it was done with."""
        return self.plain if self.plain.exists() else self.packed


def listed(folder: Path) -> list[Segment]:
    """Return the segments of a folder, in order."""
    stems = {path.name.removesuffix(".zst").removesuffix(PLAIN) for path in folder.glob(f"*{PLAIN}*")}
    return [Segment(folder, int(stem)) for stem in sorted(stems) if len(stem) == 20 and stem.isdecimal()]


def head(node: str, first: int, began_us: int) -> bytes:
    """Return the header of a new segment."""
    name = node.encode()
    told = _MAGIC + _HEAD.pack(first, began_us, len(name)) + name
    return told + _CHECK.pack(zlib.crc32(told))


def record(sequence: int, received_us: int, data: bytes) -> bytes:
    """Return one record."""
    return RECORD.pack(sequence, received_us, len(data), _sum(sequence, received_us, data)) + data


def is_segment(path: Path) -> bool:
    """Say whether a file is a segment, packed or not (and no plain AMI transcript)."""
    with path.open("rb") as file:
        return file.read(len(_NAME)) in (_NAME, _ZSTD)


def read_head(path: Path) -> Head:
    """Return what a segment says of itself; raise Unreadable when it is none, or its header is damaged."""
    with _opened(path) as (file, _):
        return _head(file, path)


def chunks(path: Path, cut: Callable[[int], None]) -> Iterator[Chunk]:
    """Yield a segment's whole records, in order; tell `cut` how many bytes behind them are no whole record."""
    with _opened(path) as (file, size):
        told = _head(file, path)
        left, expected = size - told.size, told.first
        while left >= RECORD.size:
            sequence, received_us, length, checksum = RECORD.unpack(_read(file, RECORD.size) or bytes(RECORD.size))
            # A damaged length must not make us read gigabytes.
            data = _read(file, length) if length <= left - RECORD.size else None
            if data is None or sequence != expected or _sum(sequence, received_us, data) != checksum:
                break
            yield Chunk(sequence, received_us, data)
            left -= RECORD.size + length
            expected += 1
        if left > 0:
            cut(left)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[BinaryIO, int]]:
    """Open a segment, packed or not, to read; with how many bytes there are in it, unpacked."""
    with path.open("rb") as file:
        start = file.read(_ZSTD_HEAD_BYTES)
        file.seek(0)
        if not start.startswith(_ZSTD):
            yield file, os.fstat(file.fileno()).st_size
            return
        try:
            import zstandard
        except ImportError as error:
            raise OperatorError(
                "this part of the journal is packed", where=str(path), expected="the package zstandard to read it",
                next_step="install cctoolkit[capture]",
            ) from error  # fmt: skip
        try:
            size = zstandard.frame_content_size(start)
        except zstandard.ZstdError as error:
            raise _damaged_head(path) from error
        # A damaged frame ends where it can be read no more, as a damaged record does.
        with zstandard.ZstdDecompressor().stream_reader(file, closefd=False) as reader:
            yield io.BufferedReader(_Unpacked(reader, zstandard.ZstdError), 1 << 20), size


class _Unpacked(io.RawIOBase):
    """What a packed file holds, up to where it is damaged."""

    def __init__(self, reader: BinaryIO, damage: type[Exception]) -> None:
        self._reader = reader
        self._damage = damage

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview[int]", /) -> int:  # type: ignore[override]  # any writable buffer
        try:
            data = self._reader.read(len(buffer))
        except self._damage:
            return 0
        buffer[: len(data)] = data
        return len(data)


def _head(file: BinaryIO, path: Path) -> Head:
    magic = file.read(len(_MAGIC))
    if magic == ONE_FILE:
        return Head("", 0, 0, len(ONE_FILE))
    if magic != _MAGIC and magic.startswith(_NAME) and len(magic) == len(_MAGIC) and magic[4] > _MAGIC[4]:
        raise OperatorError(
            "this journal was written by a newer cctoolkit", where=str(path), next_step="install the newer cctoolkit"
        )
    if magic != _MAGIC:
        raise Unreadable("this is no journal", where=str(path), expected="a file that capture wrote")
    fixed = _read(file, _HEAD.size)
    length = _HEAD.unpack(fixed)[2] if fixed else 0
    name, check = _read(file, length), _read(file, _CHECK.size)
    if fixed is None or name is None or check is None or zlib.crc32(magic + fixed + name) != _CHECK.unpack(check)[0]:
        raise _damaged_head(path)
    first, began_us, _ = _HEAD.unpack(fixed)
    return Head(name.decode(), first, began_us, len(magic) + len(fixed) + length + len(check))


def _damaged_head(path: Path) -> Unreadable:
    return Unreadable("the beginning of this part of the journal is damaged", where=str(path))


def _read(file: BinaryIO, size: int) -> bytes | None:
    data = file.read(size)
    return data if len(data) == size else None


def _sum(sequence: int, received_us: int, data: bytes) -> int:
    return zlib.crc32(data, zlib.crc32(_SUMMED.pack(sequence, received_us, len(data))))
