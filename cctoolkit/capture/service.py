"""A capture as a service: watches its sessions, shows how they do to Prometheus, systemd and `capture status`."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec.structs import replace

from cctoolkit.capture import status
from cctoolkit.capture.metrics import Exporter
from cctoolkit.capture.notify import Notifier
from cctoolkit.capture.pulse import Pulse
from cctoolkit.capture.session import Session
from cctoolkit.capture.told import Told

PULSE_SECONDS = 2.0


class Service:
    """Watches `sessions`, whose journals are in `folders`, until cancelled."""

    def __init__(
        self,
        sessions: Sequence[Session],
        folders: Sequence[Path],
        progress: Callable[[Told], None],
        *,
        exporter: Exporter,
        notifier: Notifier,
    ) -> None:
        self._sessions = sessions
        self._folders = folders
        self._progress = progress
        self._exporter = exporter
        self._notifier = notifier
        self._unwritten = self._unwell = ""
        self._ready: dict[str, str] = {}
        self._writing, self._ended = threading.Lock(), False
        for session, folder in zip(sessions, folders, strict=True):
            if before := status.read(folder):
                session.carry(before)

    async def run(self) -> None:
        """Show how they do, every few seconds."""
        interval = min([PULSE_SECONDS, *filter(None, [self._notifier.watchdog_seconds / 3])])
        while True:
            await self._show()
            await asyncio.sleep(interval)

    async def ready(self) -> None:
        """Tell systemd once events of all nodes flow."""
        for session in self._sessions:
            await session.reading.wait()
        # Said again with all that follows: a datagram may be lost.
        self._ready = {"READY": "1"}
        self._notifier.tell(**self._ready, STATUS=_summary([session.pulse() for session in self._sessions]))

    def stopping(self) -> None:
        """Tell systemd that it ends."""
        self._notifier.tell(STOPPING="1", STATUS="writing what was received")

    def last(self) -> None:
        """Leave word that nobody reads any more."""
        with self._writing:  # what a thread still writes is older
            self._ended = True
            self._put([replace(session.pulse(), running=False) for session in self._sessions])

    async def _show(self) -> None:
        pulses = [session.pulse() for session in self._sessions]
        self._exporter.pulses = pulses
        await asyncio.to_thread(self._write, pulses)
        stuck = "; ".join(f"{one.node}: {why}" for one in self._sessions if (why := one.stuck()))
        if stuck:
            # No word to the watchdog: what has stuck here is begun anew by systemd.
            self._notifier.tell(STATUS=stuck)
        else:
            self._notifier.tell(**self._ready, WATCHDOG="1", STATUS=_summary(pulses))
        if stuck and not self._unwell:
            self._progress(Told.of("", "stuck", stuck, "error"))
        self._unwell = stuck

    def _write(self, pulses: Sequence[Pulse]) -> None:
        with self._writing:
            if not self._ended:
                self._put(pulses)

    def _put(self, pulses: Sequence[Pulse]) -> None:
        try:
            for folder, pulse in zip(self._folders, pulses, strict=True):
                status.write(folder, pulse)
        except OSError as error:
            text = f"`capture status` is not told how it goes: {error.strerror}"
            if text != self._unwritten:
                self._progress(Told.of("", "warning", text, "warning"))
            self._unwritten = text
        else:
            self._unwritten = ""


def _summary(pulses: Sequence[Pulse]) -> str:
    away = [one.node for one in pulses if not one.reading]
    rate, calls = sum(one.rate for one in pulses), sum(one.calls for one in pulses)
    head = f"away: {', '.join(away)}" if away else f"capturing {', '.join(one.node for one in pulses)}"
    return f"{head}; {rate:.0f} events/s, {calls} calls up"
