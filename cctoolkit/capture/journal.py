"""The journal: every chunk as it was received, on disk before anything looks at it.

A node's journal is a folder of segments (`segment.py`). Appends go to the operating system at once, so a killed capture
loses nothing; `sync` makes them survive the machine. Only the last segment grows; when it is large enough, or a day
(UTC) is over, the next one is begun, and it is sealed: from then on it is only packed (`sealed.py`), and one day
dropped. What follows the last whole record of the last segment (a tail torn by a crash, a damaged disk) is put aside
when the journal is opened again, never lost.
"""

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from cctoolkit import clock
from cctoolkit.capture import mending, segment
from cctoolkit.capture.segment import RECORD, Segment, Unreadable, listed
from cctoolkit.errors import OperatorError
from cctoolkit.node import durable

LOCK = "lock"
"""The file that the process which writes has locked."""

_TRIES, _TRY_SECONDS = 5, 0.02
_DAY = 86_400_000_000
_AGAIN_BYTES = 1 << 20
"""How much more is appended before the next segment is tried again, when it could not be begun."""


class Terms(msgspec.Struct, frozen=True):
    """At what size a segment is sealed, and for how many days one stays after that (`keeper.py` drops it)."""

    segment_bytes: int = 64 << 20
    keep_days: int = 90


_TERMS = Terms()


class Journal:
    """An open journal, to append to; one process at a time. `anomaly` says what opening it put aside, `trouble` what
    keeps it from beginning its next segment; "" if nothing. `next` is the sequence of the next record.
    """

    def __init__(self, folder: Path, terms: Terms = _TERMS) -> None:
        """Open or begin the journal of the node that the folder is named after.

        Raise OperatorError when it cannot be written, is none, or is another capture's.
        """
        self.path = folder
        self.anomaly = self.trouble = ""
        self._synced = True
        self.terms = terms
        self._rotate_at = terms.segment_bytes
        self._file = -1
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _unwritable(folder, error) from error
        try:
            self._hold()
            self._begin()
        except BlockingIOError as error:
            self._release()
            raise OperatorError(
                "another capture writes this journal",
                where=str(folder),
                next_step="end that capture, or give this one a store of its own",
            ) from error
        except OSError as error:
            self._release()
            raise _unwritable(folder, error) from error
        except BaseException:  # whatever it is, also Ctrl-C: the lock must not stay
            self._release()
            raise

    def _hold(self) -> None:
        """Take the lock. Whoever asks how a capture does holds it for a moment."""
        for left in reversed(range(_TRIES)):
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not left:
                    raise
                time.sleep(_TRY_SECONDS)

    def _begin(self) -> None:
        """Open the last segment behind its last whole record, or begin the first one."""
        for left in self.path.glob("*.tmp"):
            left.unlink()
        self.anomaly = mending.take_over(self.path)
        found = listed(self.path)
        if not found:
            self._open_new(0, now_us())
        elif found[-1].plain.exists():
            self._open(found[-1])
        else:  # the plain one was taken away by hand
            sequence = found[-1].first
            for chunk in segment.chunks(found[-1].packed, lambda _bytes: None):
                sequence = chunk.sequence + 1
            self._open_new(sequence, now_us())

    def _open(self, last: Segment) -> None:
        try:
            head = segment.read_head(last.plain)
        except Unreadable:
            # It had its beginning before it had its name: the disk, not a crash, has damaged it.
            aside = mending.put_all_aside(last)
            self._odd(f"the beginning of {last.plain.name} is damaged; it was put into {aside}")
            self._open_new(last.first, now_us())
            return
        if head.node not in ("", self.path.name):
            raise OperatorError(
                f"this is the journal of node {head.node}", where=str(last.plain), expected=f"one of {self.path.name}"
            )
        sequence, end = last.first, head.size
        for chunk in segment.chunks(last.plain, lambda _bytes: None):
            sequence, end = chunk.sequence + 1, end + RECORD.size + len(chunk.data)
        self._file = os.open(last.plain, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
        size = os.fstat(self._file).st_size
        if size > end:
            aside = mending.put_aside(self._file, self.path, sequence, end)
            self._odd(f"{size - end} bytes behind record {sequence} are no whole record; they were put into {aside}")
            os.ftruncate(self._file, end)
        self._last, self.next, self._end, self._start, self._began = last, sequence, end, head.size, head.began_us

    def _odd(self, text: str) -> None:
        self.anomaly = f"{self.anomaly}; {text}" if self.anomaly else text

    def _open_new(self, sequence: int, began_us: int) -> None:
        """Begin a segment, which has its name only when its beginning is on the disk."""
        fresh, head = Segment(self.path, sequence), segment.head(self.path.name, sequence, began_us)
        being_made = fresh.plain.with_suffix(".tmp")
        try:
            durable.write(being_made, head, 0o600)
            being_made.rename(fresh.plain)
            durable.sync(self.path)
            opened = os.open(fresh.plain, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
        except OSError:
            being_made.unlink(missing_ok=True)
            fresh.plain.unlink(missing_ok=True)
            raise
        if self._file >= 0:
            os.close(self._file)
        self._file, self._last, self.next, self._began = opened, fresh, sequence, began_us
        self._start = self._end = len(head)
        self._rotate_at, self.trouble = self.terms.segment_bytes, ""

    @property
    def sealed(self) -> list[Segment]:
        """The segments that grow no more."""
        return [one for one in listed(self.path) if one.first < self._last.first]

    @property
    def size(self) -> tuple[int, int]:
        """How many bytes it takes on the disk, and in how many segments."""
        found = listed(self.path)
        sizes = [path.stat().st_size for one in found for path in (one.plain, one.packed) if path.exists()]
        return sum(sizes), len(found)

    def append(self, data: bytes, received_us: int) -> None:
        """Write one chunk; raise OperatorError, with nothing half written, when the disk does not take it."""
        if self._end >= self._rotate_at or received_us // _DAY != self._began // _DAY:
            self._rotate(received_us)
        record = segment.record(self.next, received_us, data)
        try:
            mending.write(self._file, record)
        except OSError as error:
            os.ftruncate(self._file, self._end)
            raise _unwritable(self.path, error) from error
        self.next += 1
        self._end += len(record)
        self._synced = False

    def _rotate(self, began_us: int) -> None:
        """Seal the segment and begin the next; where there is no room for that, go on in the old one."""
        if self._end == self._start or (self.trouble and self._end < self._rotate_at):
            return
        self.sync()
        try:
            self._open_new(self.next, began_us)
        except OSError as error:
            self.trouble = f"the journal's next segment cannot be begun: {error.strerror}; the last one grows on"
            self._rotate_at = self._end + _AGAIN_BYTES

    def sync(self) -> None:
        """Make what was appended survive a crash of the machine; raise OperatorError when the disk does not keep it."""
        if self._synced:
            return
        try:
            os.fsync(self._file)
        except OSError as error:
            raise _unwritable(self.path, error) from error
        self._synced = True

    def _release(self) -> None:
        if self._file >= 0:
            os.close(self._file)
        os.close(self._lock)

    def close(self) -> None:
        """Sync and close."""
        try:
            self.sync()
        finally:
            self._release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def now_us() -> int:
    """Return the present moment in microseconds since the epoch."""
    return int(clock.now().timestamp() * 1_000_000)


def _unwritable(path: Path, error: OSError) -> OperatorError:
    return OperatorError(
        f"the journal cannot be written: {error.strerror}",
        where=str(path),
        next_step="free the disk or mend the folder; what was received before is kept",
    )
