"""The journal: every chunk as it was received, on disk before anything looks at it.

A record is a header (sequence, receive time in microseconds, length, CRC-32 of all of it) and the chunk. Appends go to
the operating system at once, so a killed capture loses nothing; `sync` makes them survive the machine. What follows the
last whole record (a tail torn by a crash, a damaged disk) is put aside when the journal is opened again, never lost.
"""

import errno
import fcntl
import os
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from cctoolkit.errors import OperatorError

_NAME = b"CCTJ"
_MAGIC = _NAME + b"\x02\n"
_HEADER = struct.Struct("<QqII")
_SUMMED = struct.Struct("<QqI")
_PIECE = 1 << 20


class Chunk(msgspec.Struct, frozen=True):
    """One chunk: its place in the journal, when it was received (microseconds since the epoch, UTC), and its bytes.
    An empty one marks a gap: what came before it and what comes after it are not one stream.
    """

    sequence: int
    received_us: int
    data: bytes


class Journal:
    """An open journal, to append to; one process at a time. `anomaly` says what opening it put aside, "" if nothing."""

    def __init__(self, path: Path) -> None:
        """Open or begin a journal; raise OperatorError when it cannot be written, is none, or is another capture's."""
        self.path = path
        self.anomaly = ""
        self._synced = True
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _unwritable(path, error) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._sequence, self._end = self._begin()
        except BlockingIOError as error:
            os.close(self._file)
            raise OperatorError(
                "another capture writes this journal",
                where=str(path),
                next_step="end that capture, or give this one a store of its own",
            ) from error
        except OSError as error:
            os.close(self._file)
            raise _unwritable(path, error) from error
        except BaseException:  # whatever it is, also Ctrl-C: the lock must not stay
            os.close(self._file)
            raise

    def _begin(self) -> tuple[int, int]:
        """Return the next sequence and where it will stand; what is behind the last whole record is put aside."""
        size = os.fstat(self._file).st_size
        if size <= len(_MAGIC) and _MAGIC.startswith(os.pread(self._file, len(_MAGIC), 0)):
            os.ftruncate(self._file, 0)
            _write(self._file, _MAGIC)
            self._sync_folder()
            return 0, len(_MAGIC)
        sequence, end = 0, len(_MAGIC)
        for chunk in read(self.path):
            sequence, end = chunk.sequence + 1, end + _HEADER.size + len(chunk.data)
        if size > end:
            aside = self._put_aside(sequence, end)
            self.anomaly = (
                f"{size - end} bytes behind record {sequence} are no whole record; they were put into {aside}"
            )
            os.ftruncate(self._file, end)
        return sequence, end

    def _put_aside(self, sequence: int, start: int) -> Path:
        aside = self.path.with_name(f"{self.path.name}.cut-{sequence}")
        number = 1
        while aside.exists():
            number += 1
            aside = self.path.with_name(f"{self.path.name}.cut-{sequence}-{number}")
        target = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            while piece := os.pread(self._file, _PIECE, start):
                _write(target, piece)
                start += len(piece)
            os.fsync(target)
        finally:
            os.close(target)
        self._sync_folder()
        return aside

    def append(self, data: bytes, received_us: int) -> None:
        """Write one chunk; raise OperatorError, with nothing half written, when the disk does not take it."""
        record = _HEADER.pack(self._sequence, received_us, len(data), _sum(self._sequence, received_us, data)) + data
        try:
            _write(self._file, record)
        except OSError as error:
            os.ftruncate(self._file, self._end)
            raise _unwritable(self.path, error) from error
        self._sequence += 1
        self._end += len(record)
        self._synced = False

    def sync(self) -> None:
        """Make what was appended survive a crash of the machine; raise OperatorError when the disk does not keep it."""
        if self._synced:
            return
        try:
            os.fsync(self._file)
        except OSError as error:
            raise _unwritable(self.path, error) from error
        self._synced = True

    def _sync_folder(self) -> None:
        """Make the journal's name survive a crash of the machine."""
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def close(self) -> None:
        """Sync and close."""
        try:
            self.sync()
        finally:
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
        return file.read(len(_NAME)) == _NAME


def read(path: Path, cut: Callable[[int], None] = lambda _bytes: None) -> Iterator[Chunk]:
    """Yield the whole chunks of a journal, in order; tell `cut` how many bytes behind them are no whole record."""
    with path.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise OperatorError("this is no journal", where=str(path), expected="a file that capture wrote")
        left = os.fstat(file.fileno()).st_size - len(_MAGIC)
        expected = 0
        while len(header := file.read(_HEADER.size)) == _HEADER.size:
            sequence, received_us, size, checksum = _HEADER.unpack(header)
            # A damaged length must not make us read gigabytes.
            data = file.read(size) if size <= left else b""
            whole = len(data) == size and sequence == expected
            if not whole or _sum(sequence, received_us, data) != checksum:
                break
            yield Chunk(sequence, received_us, data)
            left -= _HEADER.size + size
            expected += 1
        if left > 0:
            cut(left)


def _sum(sequence: int, received_us: int, data: bytes) -> int:
    return zlib.crc32(data, zlib.crc32(_SUMMED.pack(sequence, received_us, len(data))))


def _write(file: int, data: bytes) -> None:
    """Write all of it: the disk that takes only a part says why when asked for the rest."""
    rest = memoryview(data)
    while rest:
        written = os.write(file, rest)
        if not written:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        rest = rest[written:]


def _unwritable(path: Path, error: OSError) -> OperatorError:
    return OperatorError(
        f"the journal cannot be written: {error.strerror}",
        where=str(path),
        next_step="free the disk or mend the folder; what was received before is kept",
    )
