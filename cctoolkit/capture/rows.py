"""Rows of a file that may be of any size, packed or not, and hold anything: in bounded memory, what is odd counted."""

import bz2
import gzip
import lzma
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from io import BufferedIOBase
from pathlib import Path

from cctoolkit.errors import OperatorError

LONGEST = 1 << 16
"""Bytes of a row; app_queue writes a few hundred."""

_PACKED: dict[bytes, Callable[..., BufferedIOBase]] = {
    b"\x1f\x8b": gzip.GzipFile,
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ": lzma.LZMAFile,
}


def rows(path: Path, odd: Counter[str]) -> Iterator[str]:
    """Yield the rows of a file, unpacked; `odd` counts what is passed over, by kind. Raise OperatorError when there is
    none, or it may not be read.
    """
    try:
        with _opened(path) as file:
            try:
                yield from _whole(file, odd)
            except (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile):
                # What stands before the damage was read, and is told.
                odd[f"a packed file that is damaged ({path.name})"] += 1
    except OSError as error:
        raise unread(path, error) from error


def unread(path: Path, error: OSError) -> OperatorError:
    """Return what to say of a file that cannot be read."""
    return OperatorError(
        f"cannot be read: {error.strerror or error}", where=str(path), expected="a queue_log, or a dump of its table"
    )


def _opened(path: Path) -> BufferedIOBase:
    with path.open("rb") as file:
        head = file.read(8)
    for magic, unpacked in _PACKED.items():
        if head.startswith(magic):
            return unpacked(path, "rb")
    return path.open("rb")


def _whole(file: BufferedIOBase, odd: Counter[str]) -> Iterator[str]:
    while row := file.readline(LONGEST):
        if row.endswith(b"\n"):
            yield row[:-1].decode("utf-8", "replace")
        elif len(row) < LONGEST:
            # Being written, or cut off: half a number is no number.
            odd["a last row without its end"] += 1
        else:
            odd["a row that is too long"] += 1
            while (rest := file.readline(LONGEST)) and not rest.endswith(b"\n"):
                pass
