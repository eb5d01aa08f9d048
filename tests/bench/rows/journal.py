"""The journal: how fast it is written, what it takes on disk, what a start costs, and the memory of 10,000 calls at once.

Everything in a process of its own where memory is measured, so that what the rows before have left counts for nothing.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from itertools import count
from pathlib import Path

from measure import ROOT, Row, best

from cctoolkit.capture import sealed
from cctoolkit.capture.journal import Journal, Terms, now_us
from cctoolkit.capture.keeper import Keeper
from cctoolkit.capture.segment import listed
from cctoolkit.cdr.store import FILE_NAME, Store
from rows.ami import APART_SECONDS, CHUNK, later, stream

EVENTS = 300_000
"""Of the journal that is started on; `python tests/bench/rows/journal.py started 10000000` measures any other number."""
AFTER = 60_000
"""Events behind the newest snapshot: what is written until the next one is due."""
TERMS = Terms(segment_bytes=8 << 20)
LIMIT_START = 0.01
WHOLE = 10_000_000
OPEN = 10_000
LIMIT_MIB = 300

_CALL = re.compile(rb"n1-([0-9]{10})\.([0-9]+)")


def written(chunks: list[bytes], folder: Path, number: "count[int]") -> list[Path]:
    """Append all chunks with a sync a megabyte, as a busy second has, over many segments."""
    path = folder / str(next(number)) / "n1"
    with Journal(path, TERMS) as journal:
        for place, chunk in enumerate(chunks):
            journal.append(chunk, now_us())
            if place % 256 == 255:
                journal.sync()
    return [one.plain for one in listed(path)]


def bare(chunks: list[bytes], folder: Path, number: "count[int]") -> None:
    """Write the same bytes to one file, with the same syncs."""
    with (folder / str(next(number))).open("wb", buffering=0) as file:
        for place, chunk in enumerate(chunks):
            file.write(chunk)
            if place % 256 == 255:
                os.fsync(file.fileno())


def seconds_of(work: object) -> float:
    """Return how long one call took."""
    began = time.perf_counter()
    work()  # type: ignore[operator]
    return time.perf_counter() - began


class Site:
    """A node's journal of so many events, and its store."""

    def __init__(self, folder: Path, events: int) -> None:
        self.folder = folder
        once = stream()
        self.events = 0
        per_stream = once.count(b"\r\n\r\n")
        with self.store() as store, Journal(folder / "n1", TERMS) as journal:
            keeper, repeat, snapped = Keeper(journal, store, print), 0, False
            while self.events < events:
                data = later(once, repeat * 40 * APART_SECONDS)
                for at in range(0, len(data), CHUNK):
                    keeper.keep(data[at : at + CHUNK])
                keeper.drain()
                keeper.pack()
                repeat, self.events = repeat + 1, self.events + per_stream
                if not snapped and self.events >= events - AFTER:
                    snapped = True
                    keeper.snapshot()()
            keeper.drain()
        self.calls = self.stored()

    def store(self) -> Store:
        """Open the store."""
        return Store.open(self.folder / FILE_NAME)

    def stored(self) -> int:
        """Count the calls kept."""
        with self.store() as store:
            return next(iter(store.select("SELECT count(*) AS n FROM calls", {"start": 0, "until": 0})))["n"]

    def start(self) -> None:
        """Start on it, as capture does."""
        with self.store() as store, Journal(self.folder / "n1", TERMS) as journal:
            Keeper(journal, store, print).recall()

    def start_whole(self) -> None:
        """Start on it without any snapshot, and put it back."""
        kept = {path: path.read_bytes() for path in (self.folder / "n1").glob("*.ccts")}
        for path in kept:
            path.unlink()
        self.start()
        for path, data in kept.items():
            path.write_bytes(data)

    def bytes_of(self) -> int:
        """Return what the journal takes on disk."""
        return sum(path.stat().st_size for path in (self.folder / "n1").glob("*.cctj*"))


def started(events: int) -> dict[str, float]:
    """Return the seconds of both starts on a journal of so many events, and its sizes."""
    with tempfile.TemporaryDirectory() as name:
        site = Site(Path(name), events)
        quick = min(seconds_of(site.start) for _ in range(3))
        whole = seconds_of(site.start_whole)
        if site.stored() != site.calls:
            raise AssertionError("a start made other calls")
        packed = [one.packed.stat().st_size for one in listed(Path(name) / "n1") if one.packed.exists()]
        snapshot = max(path.stat().st_size for path in (Path(name) / "n1").glob("*.ccts"))
        return {
            "events": site.events, "calls": site.calls, "quick": quick, "whole": whole, "bytes": site.bytes_of(),
            "packed": sum(packed), "unpacked": len(packed) * TERMS.segment_bytes, "snapshot": snapshot,
        }  # fmt: skip


def open_at_once(calls: int) -> dict[str, float]:
    """Return the most memory (MiB) this process has taken with so many calls that wait in a queue, snapshot and all."""
    story = next((ROOT / "tests/replay/queue").glob("answered*/stream.ami")).read_bytes()
    blocks = story.split(b"\r\n\r\n")
    talks = next(place for place, block in enumerate(blocks) if block.startswith(b"Event: AgentConnect"))
    begun = b"\r\n\r\n".join(blocks[: talks + 1]) + b"\r\n\r\n"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Store.open(folder / FILE_NAME) as store, Journal(folder / "n1") as journal:
            keeper = Keeper(journal, store, print)
            for place in range(calls):
                keeper.keep(_CALL.sub(partial(_another, place), begun))
                if place % 100 == 99:
                    keeper.drain()
            keeper.snapshot()()
            live = keeper.feeder.tracker.live
        snapshot = max(path.stat().st_size for path in (folder / "n1").glob("*.ccts"))
    most = int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024
    return {"live": live, "mib": most, "snapshot": snapshot}


def _another(place: int, found: "re.Match[bytes]") -> bytes:
    return b"n1-%s.%d" % (found[1], place * 1000 + int(found[2]))


def alone(work: str, number: int) -> dict[str, float]:
    """Return what one of the two above finds in a process of its own."""
    run = subprocess.run(
        [sys.executable, __file__, work, str(number)],
        check=True, capture_output=True, text=True, cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'tests/bench'}", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    found: dict[str, float] = json.loads(run.stdout)
    return found


def rows() -> Iterator[Row]:
    """Yield the writing, the packing, the start and the memory."""
    whole = b"".join(later(stream(), repeat * 40 * APART_SECONDS) for repeat in range(4))
    chunks = [whole[at : at + CHUNK] for at in range(0, len(whole), CHUNK)]
    with tempfile.TemporaryDirectory() as name:
        folder, number = Path(name), count()
        ours, plain = best(partial(written, chunks, folder, number), partial(bare, chunks, folder, number), times=3)
        files = written(chunks, folder, number)
        one = listed(files[0].parent)[0]
        size = one.plain.stat().st_size
        packing = seconds_of(partial(sealed.pack, one))
        ratio = size / one.packed.stat().st_size
    mib = len(whole) / (1 << 20)
    yield Row(
        f"journal: write {mib:.0f} MiB, {len(files)} segments", f"{mib / ours:.0f} MiB/s",
        f"{mib / plain:.0f} MiB/s, one file", ours / plain,
    )  # fmt: skip
    yield Row(
        "journal: pack a sealed segment", f"{size / packing / (1 << 20):.0f} MiB/s",
        "its size before", ratio, 5.0, least=True,
    )  # fmt: skip
    found = alone("started", EVENTS)
    scaled = found["whole"] * WHOLE / found["events"]
    yield Row(
        f"journal: start with a snapshot, {found['events']:,.0f} events", f"{found['quick']:.3f} s",
        f"reading {WHOLE:,} whole: {scaled:.0f} s, from {found['whole']:.1f} s", found["quick"] / scaled, LIMIT_START,
    )  # fmt: skip
    found = alone("open_at_once", OPEN)
    if found["live"] != OPEN:
        raise AssertionError(f"{found['live']} calls were open, not {OPEN}")
    yield Row(
        f"capture: {OPEN:,} calls open at once", f"{found['mib']:.0f} MiB", "the whole process", found["mib"], LIMIT_MIB,
        unit="MiB",
    )  # fmt: skip


if __name__ == "__main__":
    found = {"started": started, "open_at_once": open_at_once}[sys.argv[1]](int(sys.argv[2]))
    sys.stdout.write(f"{json.dumps(found)}\n")
