"""Snapshots: all that the fold of one journal knew after some record, so that a start folds only what came after it.

A file beside the segments: a header (format, fingerprint, length, CRC-32), then the state in MessagePack. The
fingerprint is of this version and of the shape of the state, so another version's snapshot is not misread; without one
that is valid the journal is read whole, which tells the same.
"""

import hashlib
import struct
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import msgspec
from msgspec import inspect

from cctoolkit import __version__
from cctoolkit.capture.feeder import Feeder
from cctoolkit.node import durable

_SUFFIX = ".ccts"
_MAGIC = b"CCTS\x01\n"
_HEAD = struct.Struct("<16sQI")
_KEPT = 2


class State(msgspec.Struct):
    """What there is to go on from: the number of the record to fold next, when the last one was received
    (microseconds), and the fold.
    """

    next: int
    received_us: int
    feeder: Feeder


def encoded(state: State) -> bytes:
    """Return the file's bytes."""
    payload = msgspec.msgpack.encode(state)
    return _MAGIC + _HEAD.pack(fingerprint(), len(payload), zlib.crc32(payload)) + payload


def decoded(data: bytes) -> State:
    """Return the state of a file's bytes; raise ValueError, in words, when it is damaged or another version's."""
    start = len(_MAGIC) + _HEAD.size
    if not data.startswith(_MAGIC) or len(data) < start:
        raise ValueError("it is no snapshot")
    told, length, checksum = _HEAD.unpack_from(data, len(_MAGIC))
    if told != fingerprint():
        raise ValueError("another version of cctoolkit wrote it")
    payload = memoryview(data)[start:]
    if len(payload) != length or zlib.crc32(payload) != checksum:
        raise ValueError("it is damaged")
    return msgspec.msgpack.decode(payload, type=State)


def write(folder: Path, number: int, data: bytes) -> None:
    """Write the snapshot after record `number - 1` and drop all but the newest; raise OSError when that cannot be."""
    path = folder / f"{number:020}{_SUFFIX}"
    being_made = path.with_suffix(".ccts.tmp")
    try:
        durable.write(being_made, data, 0o600)
        being_made.rename(path)
        durable.sync(folder)
    finally:
        being_made.unlink(missing_ok=True)
    for old in _all(folder)[_KEPT:]:
        old.unlink()


def oldest(folder: Path) -> int:
    """Return the number of the record that the oldest snapshot kept would go on with, 0 when there is none."""
    return min((int(path.stem) for path in _all(folder)), default=0)


def newest(folder: Path, most: int, say: Callable[[str], None]) -> State | None:
    """Return the newest snapshot that can be gone on from; say why another one cannot.

    `most` is the number of the record that the journal holds next, or the store has been told up to: what is beyond was
    lost since (a restored store, a disk that forgot), and the journal will have other records of these numbers; such a
    snapshot is removed.
    """
    for path in _all(folder):
        try:
            state = decoded(path.read_bytes())
        except OSError as error:
            why = f"it cannot be read: {error.strerror}"
        except (ValueError, msgspec.DecodeError) as error:
            why = str(error)
        else:
            if state.next <= most:
                return state
            path.unlink()
            why = "journal or store do not have all that it has seen; it was removed"
        say(f"snapshot {path} is not used: {why}; more of the journal is read instead")
    return None


def _all(folder: Path) -> list[Path]:
    return sorted((path for path in folder.glob(f"*{_SUFFIX}") if path.stem.isdecimal()), reverse=True)


@cache
def fingerprint() -> bytes:
    """Return a hash of this version and of the shape of all that a snapshot holds."""
    shape = f"{__version__} {_shape(inspect.type_info(State), set())}"
    return hashlib.blake2b(shape.encode(), digest_size=16).digest()


def _shape(type_: inspect.Type, told: set[type]) -> str:
    """Return a type in words, each struct with its fields once; without defaults, whose words differ by process."""
    name = type(type_).__name__
    if isinstance(type_, inspect.StructType):
        if type_.cls in told:
            return type_.cls.__qualname__
        told.add(type_.cls)
        fields = (f"{field.encode_name}: {_shape(field.type, told)}" for field in type_.fields)
        return f"{type_.cls.__qualname__}({', '.join(fields)})"
    if isinstance(type_, inspect.LiteralType):
        return f"{name}{type_.values}"
    parts = [*getattr(type_, "types", ()), *getattr(type_, "item_types", ())]
    parts += [getattr(type_, key) for key in ("item_type", "key_type", "value_type") if hasattr(type_, key)]
    return f"{name}[{', '.join(_shape(part, told) for part in parts)}]"
