"""Reading a journal: all its segments in order, packed or not, from a record on; damage costs one segment's rest."""

from collections.abc import Callable, Iterator
from pathlib import Path

from cctoolkit.capture import segment
from cctoolkit.capture.segment import Chunk, Segment, Unreadable, listed
from cctoolkit.errors import OperatorError


def is_journal(path: Path) -> bool:
    """Say whether a path is a journal's folder, or a segment of one (and no plain AMI transcript)."""
    return path.is_dir() or segment.is_segment(path)


def node_of(path: Path) -> str:
    """Return the node whose journal this is, "" when nothing says so; raise OperatorError when it is no journal."""
    if path.is_dir():
        return path.resolve().name
    try:
        return segment.read_head(path).node if segment.is_segment(path) else ""
    except OSError as error:
        raise _unread(path, error) from error


def read(path: Path, start: int = 0, damaged: Callable[[str], None] = lambda _text: None) -> Iterator[Chunk]:
    """Yield the whole chunks of a journal's folder, or of one segment, in order, from number `start` on.

    `damaged` is told, in between the chunks where it belongs, what cannot be read or is not there. Raise OperatorError
    when there is no journal, or what is packed cannot be unpacked here.
    """
    try:
        for chunk in _of_all(path, start, damaged) if path.is_dir() else segment.chunks(path, _teller(path, damaged)):
            if chunk.sequence >= start:
                yield chunk
    except OSError as error:
        raise _unread(path, error) from error


def _of_all(folder: Path, start: int, damaged: Callable[[str], None]) -> Iterator[Chunk]:
    found = listed(folder)
    if not found:
        raise OperatorError("there is no journal here", where=str(folder), expected="a folder that capture wrote")
    # A segment whose successor begins no later than what is wanted has nothing of it.
    first = max((number for number, one in enumerate(found) if one.first <= start), default=0)
    expected = found[first].first
    for one in found[first:]:
        if one.first > expected:
            damaged(f"{folder}: records {expected} to {one.first - 1} are not there")
        for chunk in _of_one(one, damaged):
            if chunk.sequence >= expected:
                expected = chunk.sequence + 1
                yield chunk


def _of_one(one: Segment, damaged: Callable[[str], None]) -> Iterator[Chunk]:
    try:
        try:
            yield from segment.chunks(one.plain, _teller(one.plain, damaged))
        except FileNotFoundError:
            # It may have been packed while those before it were read.
            yield from segment.chunks(one.packed, _teller(one.packed, damaged))
    except Unreadable as error:
        damaged(f"{one.path}: {error.what}; nothing of it was read")


def _unread(path: Path, error: OSError) -> OperatorError:
    return OperatorError(f"cannot be read: {error.strerror}", where=str(path))


def _teller(path: Path, damaged: Callable[[str], None]) -> Callable[[int], None]:
    return lambda size: damaged(f"{path}: the last {size} bytes are no whole record and were not read")
