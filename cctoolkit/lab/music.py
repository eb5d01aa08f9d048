"""A quiet, pleasant loop for music on hold, made here: no package brings one."""

import functools
import io
import math
import struct
import wave

RATE = 8000
_CHORDS = ((220.0, 277.18, 329.63), (196.0, 246.94, 293.66), (174.61, 220.0, 261.63), (196.0, 246.94, 329.63))
_CHORD_SECONDS = 2.0
_LEVEL = 1100  # of 32767, about -30 dB


@functools.cache
def loop() -> bytes:
    """Return a WAV file (8 kHz, mono, 16 bit) of 8 seconds whose end meets its beginning in silence."""
    samples = [s for chord in _CHORDS for s in _chord(chord)]
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return out.getvalue()


def _chord(pitches: tuple[float, ...]) -> list[int]:
    count = int(RATE * _CHORD_SECONDS)
    steps = [2 * math.pi * pitch / RATE for pitch in pitches]
    swell = [_LEVEL * math.sin(math.pi * i / count) for i in range(count)]
    return [int(level * sum(math.sin(i * step) for step in steps)) for i, level in enumerate(swell)]
