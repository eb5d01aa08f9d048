"""What befalls a capture, and the node it listens to, in a long night; one thing after the other, by a seed."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from cctoolkit.lab.node import Node
from tests.soak.capture_process import CaptureProcess

KILLS, CUTS, RESTARTS = 5, 5, 0.25
"""In a twentieth of the night."""
STALL_SECONDS = 30
_AWAY = (0.0, 2.0)
_FULL_SECONDS = 20
_PIECES = (8 << 20, 64 << 10, 4 << 10)


@dataclass(frozen=True)
class Down:
    """The node was not there, from `start` to `end` (seconds since the epoch); `killed`: without a word to anyone."""

    start: float
    end: float
    killed: bool


@dataclass
class Ordeal:
    """Everything that befalls them. `downs`, `told` and `gaps` (when nobody heard events) are what came of it."""

    node: Node
    capture: CaptureProcess
    disk: Path
    random: Random
    downs: list[Down] = field(default_factory=list)
    told: dict[str, int] = field(default_factory=dict)
    gaps: list[tuple[float, float]] = field(default_factory=list)

    def schedule(self, twentieths: int) -> list[str]:
        """Return what will befall them, in order: restarts, the stall and the full disk stand far from each other."""
        rare = ["restart"] * max(1, round(RESTARTS * twentieths)) + ["stall", "disk"]
        common = ["kill"] * (KILLS * twentieths) + ["cut"] * (CUTS * twentieths)
        self.random.shuffle(common)
        self.random.shuffle(rare)
        step = len(common) / len(rare)
        for i, what in reversed(list(enumerate(rare))):
            common.insert(round((i + 0.5) * step), what)
        return common

    async def run(self, seconds: float, twentieths: int) -> None:
        """Let it all happen, evenly over the time, with chance in between."""
        acts = self.schedule(twentieths)
        start = time.monotonic()
        for i, what in enumerate(acts):
            due = start + seconds * (i + self.random.uniform(0.1, 0.9)) / len(acts)
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            began = time.time()
            await getattr(self, f"_{what}")(twentieths)
            self.gaps.append((began, time.time()))
            self.told[what] = self.told.get(what, 0) + 1

    async def _kill(self, _twentieths: int) -> None:
        await self.capture.kill()
        await asyncio.sleep(self.random.uniform(*_AWAY))
        await self.capture.start()

    async def _cut(self, _twentieths: int) -> None:
        """End its connection from the switch's side; it must come back by itself."""
        before = self.capture.readings()
        shown = await self._cli("manager show connected")
        files = [file for name, file in sessions(shown) if name == "cct-capture"]
        assert files, shown
        for file in files:
            await self._cli(f"manager kick session {file}")
        await self.capture.reading(before)

    async def _stall(self, twentieths: int) -> None:
        with self.capture.stopped():
            await asyncio.sleep(STALL_SECONDS if twentieths >= 10 else STALL_SECONDS / 6)

    async def _restart(self, _twentieths: int) -> None:
        """By turns without a word, as a crash, and in good order."""
        killed = len(self.downs) % 2 == 0
        before, start = self.capture.readings(), time.time()
        await asyncio.to_thread(self.node.kill9 if killed else self.node.stop)
        await asyncio.to_thread(self.node.start)
        self.downs.append(Down(start, time.time(), killed))
        await self.capture.reading(before)

    async def _disk(self, _twentieths: int) -> None:
        """Fill its disk: it must say so and end, rather than lose calls unseen; with room again it is started anew."""
        with full(self.disk):
            async with asyncio.timeout(_FULL_SECONDS):
                code = await self.capture.ended()
        assert code == 1, code
        assert "No space left" in self.capture.said()
        await self.capture.start()

    async def _cli(self, command: str) -> str:
        return await asyncio.to_thread(self.node.cli, command)


def sessions(text: str) -> Iterator[tuple[str, int]]:
    """Yield (account, file descriptor) of `manager show connected`."""
    head, *rows = text.splitlines()
    # The address and the moment hold no blank.
    place = head.replace("IP Address", "Address").split().index("FileDes")
    for row in rows:
        cells = row.split()
        if len(cells) > place and cells[place].isdecimal():
            yield cells[0], int(cells[place])


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """Fill the folder's file system, down to the last page that others leave."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in _PIECES:
            with suppress(OSError):
                while True:
                    file.write(bytes(size))
    try:
        yield
    finally:
        filler.unlink()
