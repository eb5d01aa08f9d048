"""`cctoolkit` in a process of its own which stands still at a place, so that it can be killed there (see faulty.py)."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_FAULTY = Path(__file__).with_name("faulty.py")
_SECONDS = 240


class ApplyProcess:
    """One command that runs until its end, or to the place with the number `stop` (0: to none)."""

    def __init__(self, folder: Path, stop: int, faults: Mapping[str, str], *arguments: str) -> None:
        places, telling = os.pipe()
        hearing, self._answers = os.pipe()
        self.places: list[str] = []
        self._stop = stop
        log = folder / "apply.log"
        log.unlink(missing_ok=True)
        # Appended to, whatever is read meanwhile: the process shares our place in the file.
        self._said = log.open("a+b")
        self._process = subprocess.Popen(
            [sys.executable, str(_FAULTY), str(telling), str(hearing), str(stop), *arguments],
            stdout=self._said,
            stderr=self._said,
            pass_fds=(telling, hearing),
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), **faults},
        )
        os.close(telling)
        os.close(hearing)
        self._reading = os.fdopen(places, encoding="utf-8")

    async def stopped(self) -> str:
        """Wait until it stands still and return where, or "" when it has ended before."""
        async with asyncio.timeout(_SECONDS):
            return await asyncio.to_thread(self._read)

    def _read(self) -> str:
        while text := self._reading.readline():
            self.places.append(text.rstrip())
            if len(self.places) == self._stop:
                return self.places[-1]
        return ""

    async def kill(self) -> None:
        """Kill it with signal 9 where it stands."""
        self._process.send_signal(signal.SIGKILL)
        assert await self._ended() == -signal.SIGKILL

    async def go_on(self) -> int:
        """Let it go on to its end; return the exit code."""
        os.write(self._answers, b".")
        self._stop = 0
        await self.stopped()
        return await self._ended()

    async def ended(self) -> int:
        """Return the exit code of one that stood still nowhere."""
        assert await self.stopped() == ""
        return await self._ended()

    async def _ended(self) -> int:
        return await asyncio.to_thread(self._process.wait, _SECONDS)

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self._process.poll() is not None

    @property
    def said(self) -> str:
        """What it has printed."""
        self._said.seek(0)
        return self._said.read().decode(errors="replace")

    def close(self) -> None:
        """Leave nothing behind."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        os.close(self._answers)
        self._reading.close()
        self._said.close()
