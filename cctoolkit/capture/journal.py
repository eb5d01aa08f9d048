"""The journal: every chunk as it was received, on disk before anything looks at it.

A record is a header (sequence, receive time in microseconds, length, CRC-32) and the chunk. Appends go to the operating
system at once, so a killed capture loses nothing; `sync` makes them survive the machine. A tail torn by a crash is cut
at the last whole record when the journal is opened again.
"""

import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from cctoolkit.errors import OperatorError

_MAGIC = b"CCTJ\x01\n"
_HEADER = struct.Struct("<QqII")


class Chunk(msgspec.Struct, frozen=True):
    """One chunk: its place in the journal, when it was received (microseconds since the epoch, UTC), and its bytes.
    An empty one marks a gap: what came before it and what comes after it are not one stream.
    """

    sequence: int
    received_us: int
    data: bytes


class Journal:
    """An open journal, to append to. One process at a time."""

    def __init__(self, path: Path) -> None:
        """Open or begin a journal; raise OperatorError when it cannot be written or is none."""
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            self._sequence = self._begin()
        except OSError as error:
            raise OperatorError(
                f"the journal cannot be written: {error.strerror}",
                where=str(path),
                next_step="free the disk or mend the folder",
            ) from error

    def _begin(self) -> int:
        if os.fstat(self._file).st_size == 0:
            os.write(self._file, _MAGIC)
            return 0
        last, end = -1, len(_MAGIC)
        for chunk in read(self.path):
            last, end = chunk.sequence, end + _HEADER.size + len(chunk.data)
        os.ftruncate(self._file, end)
        return last + 1

    def append(self, data: bytes, received_us: int) -> None:
        """Write one chunk; raise OperatorError, with nothing half written, when the disk does not take it."""
        record = _HEADER.pack(self._sequence, received_us, len(data), zlib.crc32(data)) + data
        start = os.fstat(self._file).st_size
        try:
            if os.write(self._file, record) != len(record):
                raise OSError(28, "no space left on the device")  # noqa: TRY301
        except OSError as error:
            os.ftruncate(self._file, start)
            raise OperatorError(f"the journal cannot be written: {error.strerror}", where=str(self.path)) from error
        self._sequence += 1

    def sync(self) -> None:
        """Make what was appended survive a crash of the machine."""
        os.fsync(self._file)

    def close(self) -> None:
        """Sync and close."""
        self.sync()
        os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def is_journal(path: Path) -> bool:
    """Say whether a file is a journal (and no plain AMI transcript)."""
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def read(path: Path) -> Iterator[Chunk]:
    """Yield the whole chunks of a journal, in order; a torn tail ends it."""
    with path.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise OperatorError("this is no journal", where=str(path), expected="a file that capture wrote")
        while len(header := file.read(_HEADER.size)) == _HEADER.size:
            sequence, received_us, size, checksum = _HEADER.unpack(header)
            data = file.read(size)
            if len(data) != size or zlib.crc32(data) != checksum:
                return
            yield Chunk(sequence, received_us, data)
