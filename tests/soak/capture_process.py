"""Capture in a process of its own, which can be killed and started again on the same store."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_READY = "capturing"


class CaptureProcess:
    """`cctoolkit capture` of a site into `folder`; what it says is in `capture.log` there."""

    def __init__(self, site: str, specs: Path, folder: Path) -> None:
        self._site = site
        self._specs = specs
        self._folder = folder
        self._log = folder / "capture.log"
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Start it and wait until events flow."""
        before = self.readings()
        self._process = self._spawn()
        await self.reading(before)

    def readings(self) -> int:
        """Return how often events have begun to flow."""
        return self.said().count(_READY)

    async def reading(self, before: int) -> None:
        """Wait until events flow once more than `before`."""
        assert self._process is not None
        async with asyncio.timeout(60):
            while self.readings() == before:
                assert self._process.poll() is None, self.said()
                await asyncio.sleep(0.02)

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Have it stand still, as a machine that swaps does."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    async def ended(self) -> int:
        """Wait until it has ended by itself; return its exit code."""
        assert self._process is not None
        while self._process.poll() is None:
            await asyncio.sleep(0.05)
        return self._process.returncode

    async def kill(self) -> None:
        """Kill it with signal 9."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """Ask it to end; it must do so without a fault."""
        assert await self._end(signal.SIGTERM) == 0, self.said()

    def abandon(self) -> None:
        """Kill it, if it runs."""
        if self._process and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def _spawn(self) -> subprocess.Popen[bytes]:
        command = [
            sys.executable,
            "-u",
            "-m",
            "cctoolkit",
            "capture",
            "--site",
            self._site,
            "--store",
            str(self._folder),
        ]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        with self._log.open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, cwd=self._specs, env=environment)

    async def _end(self, number: signal.Signals) -> int:
        assert self._process is not None
        assert self._process.poll() is None, self.said()
        self._process.send_signal(number)
        return await asyncio.to_thread(self._process.wait, 20)

    def said(self) -> str:
        """Return what it has said, all starts together."""
        return self._log.read_text(encoding="utf-8", errors="replace") if self._log.exists() else ""
