"""What becomes of sealed segments: they are packed by zstd, and dropped when they are old and nothing needs them.

A kill at any moment loses nothing and doubles nothing: the packed one has its name only when it is whole, on the disk
and has been read back, and only then does the plain one go; as long as both are there the plain one counts.
"""

import os
import zlib
from collections.abc import Callable
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

from cctoolkit.capture import segment
from cctoolkit.capture.segment import Segment, listed
from cctoolkit.errors import OperatorError
from cctoolkit.node import durable

_PIECE = 1 << 20
_LEVEL = 3


def can_pack() -> bool:
    """Say whether the package that packs is installed."""
    return find_spec("zstandard") is not None


def pack(one: Segment, stopped: Callable[[], bool] = lambda: False) -> bool:
    """Pack a sealed segment; return whether it is done, and not left for later since it was `stopped`.

    Runs in a thread. Raise OSError when the disk does not take it; the segment is then as it was.
    """
    being_made = one.packed.with_suffix(".tmp")
    try:
        if not _packed(one.plain, being_made, stopped):
            return False
        being_made.rename(one.packed)
        durable.sync(one.folder)
    finally:
        being_made.unlink(missing_ok=True)
    one.plain.unlink()
    durable.sync(one.folder)
    return True


def _packed(plain: Path, target: Path, stopped: Callable[[], bool]) -> bool:
    import zstandard

    total = 0
    # What stands there already is what a killed one has left.
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with plain.open("rb") as source, os.fdopen(handle, "wb") as file:
        size = os.fstat(source.fileno()).st_size
        packer = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True).compressobj(size=size)
        while piece := source.read(_PIECE):
            if stopped():
                return False
            total = zlib.crc32(piece, total)
            file.write(packer.compress(piece))
        file.write(packer.flush())
        file.flush()
        os.fsync(file.fileno())
    again = 0
    with target.open("rb") as packed, zstandard.ZstdDecompressor().stream_reader(packed) as reader:
        while piece := reader.read(_PIECE):
            again = zlib.crc32(piece, again)
    if again != total:
        raise OSError(None, "what was packed does not read back as it was")
    return True


def drop(folder: Path, before_us: int, needed: int) -> list[Segment]:
    """Drop segments that ended before a moment (microseconds) and hold no record from `needed` on; return them.

    The oldest go first, so that what stays is whole.
    """
    dropped, found = [], listed(folder)
    for one, after in pairwise(found):
        try:
            kept = after.first > needed or segment.read_head(after.path).began_us >= before_us
        except OperatorError:  # unreadable, or packed and nothing here unpacks it
            kept = True
        if kept:
            break
        one.packed.unlink(missing_ok=True)
        one.plain.unlink(missing_ok=True)
        dropped.append(one)
    if dropped:
        durable.sync(folder)
    return dropped
