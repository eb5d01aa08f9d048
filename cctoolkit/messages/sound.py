"""A recording's sound: 16-bit PCM in a WAV file as Asterisk writes it.

Source: RIFF/WAVE; format_wav.c of Asterisk 22 puts the lengths into the header when the file is closed, so a switch
that died leaves sound behind a header that says there is none.
"""

import io
import struct
import wave
from pathlib import Path

from msgspec import Struct

from cctoolkit.messages.spool import content

MOST_BYTES = 256 << 20
_MOST_HEAD = 4096
_CHUNK = struct.Struct("<4sI")
_FORMAT = struct.Struct("<HHIIHH")
_PCM, _MONO, _BITS = 1, 1, 16


class Sound(Struct, frozen=True):
    """Samples, two bytes each, so many a second."""

    rate: int
    samples: bytes

    def wav(self) -> bytes:
        """Return it as a WAV file whose header is right."""
        made = io.BytesIO()
        with wave.open(made, "wb") as file:
            file.setparams((_MONO, _BITS // 8, self.rate, 0, "NONE", ""))
            file.writeframes(self.samples)
        return made.getvalue()


class _Place(Struct, frozen=True):
    """Where the samples are: from `start`, so many bytes."""

    rate: int
    start: int
    size: int


def read(path: Path) -> Sound:
    """Return a recording's sound: none when there is no file, or it is no WAV of Asterisk's. Raise OSError else."""
    try:
        data = content(path, MOST_BYTES)
    except FileNotFoundError:
        return Sound(8000, b"")
    at = _samples(data[:_MOST_HEAD], len(data))
    return Sound(at.rate, data[at.start : at.start + at.size])


def seconds(path: Path) -> float:
    """Return how long a recording is, by its head; see `read`."""
    try:
        at = _samples(content(path, _MOST_HEAD), min(path.lstat().st_size, MOST_BYTES))
    except FileNotFoundError:
        return 0.0
    return at.size / 2 / at.rate


def _samples(head: bytes, size: int) -> _Place:
    """Find the samples of a file of `size` bytes; behind a length of 0, which was never put right, all that follows."""
    rate, place = 0, 12
    while head[:4] == b"RIFF" and place + _CHUNK.size <= len(head):
        name, length = _CHUNK.unpack_from(head, place)
        place += _CHUNK.size
        if name == b"fmt " and place + _FORMAT.size <= len(head):
            kind, channels, rate, _, _, bits = _FORMAT.unpack_from(head, place)
            if (kind, channels, bits) != (_PCM, _MONO, _BITS):
                break
        elif name == b"data" and rate:
            there = size - place
            return _Place(rate, place, (length if 0 < length <= there else there) // 2 * 2)
        place += length + length % 2
    return _Place(8000, 0, 0)
