"""Fuzz the reader and the fold where atheris is installed, guided by which of their lines an input reaches.

    python -m tests.soak.coverage_guided -runs=1000000 -seed=1

The input is a stream: its first byte says how it is cut, a NUL in it is a gap. What crashes is written to crash-…
"""

import sys

import atheris

with atheris.instrument_imports(include=["cctoolkit.ami", "cctoolkit.capture", "cctoolkit.marks"]):
    from cctoolkit.capture import snapshot
    from cctoolkit.capture.feeder import BACKFILL, Feeder
    from cctoolkit.capture.replay import WORDS
    from cctoolkit.capture.tracker import Tracker

_LINES = b"1795000000|n1-1795000000.1|NONE|NONE|CCTENTRY|northwind|0a0b0c0d|r1|78001002030|79160000001\n"
_LIMIT = 8192


def one_input(data: bytes) -> None:
    """Feed one stream; it may be told at any time, and over a snapshot."""
    step, data = (data[0] + 1 if data else 1), data[1:_LIMIT]
    feeder = Feeder(Tracker("n1"))
    for number, part in enumerate(data.split(b"\0")):
        if number:
            feeder.take(b"")
            feeder.take(BACKFILL + (_LINES if number % 2 else part))
        for at in range(0, len(part), step):
            feeder.take(part[at : at + step])
        feeder = snapshot.decoded(snapshot.encoded(snapshot.State(0, 0, feeder))).feeder
    feeder.finish()
    feeder.tracker.take()
    assert set(feeder.odd) <= set(WORDS)


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
