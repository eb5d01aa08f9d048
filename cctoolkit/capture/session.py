"""A capture of one node: journal first, fold, store; reconnect with back-off; gaps filled from queue_log."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from random import Random

from cctoolkit import clock
from cctoolkit.ami.backoff import delays
from cctoolkit.ami.client import Account, Client
from cctoolkit.capture.feeder import BACKFILL, Feeder
from cctoolkit.capture.journal import Journal, read
from cctoolkit.capture.queue_log import select
from cctoolkit.capture.replay import drain
from cctoolkit.cdr.store import Store
from cctoolkit.errors import SwitchUnreachable

FLUSH_SECONDS = 0.25

QueueLog = Callable[[], str]
"""Returns the node's whole queue_log, "" when there is none."""


class Session:
    """Runs until cancelled. What was received is in the journal and the store when `run` returns."""

    def __init__(
        self,
        node: str,
        account: Account,
        journal: Journal,
        store: Store,
        queue_log: QueueLog,
        progress: Callable[[str], None],
    ) -> None:
        self.node = node
        self.account = account
        self.reading = asyncio.Event()
        """Set while events flow."""
        self._journal = journal
        self._store = store
        self._queue_log = queue_log
        self._progress = progress
        self._feeder = Feeder(node)
        self._last = 0
        self._failure: Exception | None = None

    async def run(self) -> None:
        """Capture; raise SwitchUnreachable when the switch cannot be reached the first time."""
        self._recall()
        flusher = asyncio.create_task(self._flush_for_ever())
        try:
            await self._listen_for_ever()
        finally:
            flusher.cancel()
            drain(self._feeder, self._store)

    def _recall(self) -> None:
        """Fold the journal again: calls that were up when the last capture ended go on from there."""
        for chunk in read(self._journal.path):
            self._feeder.take(chunk.data)
            self._last = chunk.received_us
        drain(self._feeder, self._store)

    async def _listen_for_ever(self) -> None:
        waits, connected = delays(Random()), False  # noqa: S311 - jitter, no secret
        while True:
            try:
                await self._listen()
            except SwitchUnreachable as error:
                if self._failure:
                    # Not the switch: the disk is full, or the fold has a bug. Going on would lose calls unseen.
                    raise self._failure from error
                if self.reading.is_set():
                    waits, connected = delays(Random()), True  # noqa: S311
                if not connected:
                    raise
                self._progress(f"{self.node}: {error.what}; trying again")
                self.reading.clear()
                await asyncio.sleep(next(waits))

    async def _listen(self) -> None:
        """Read one connection to its end."""
        since = self._last
        self._keep(b"")
        async with Client.connect(self.account, events=True, on_bytes=self._received) as client:
            # Read after events have begun: what is in both is told apart, what is in neither would be lost.
            self._fill(since)
            self._progress(f"{self.node}: capturing")
            self.reading.set()
            # Nothing is consumed here: bytes go to the journal and the fold before the client parses them.
            async with client.subscribe("Shutdown") as events:
                async for _ in events:
                    pass

    def _fill(self, since: int) -> None:
        """Take from queue_log what happened since the last byte; at the very first, the calls that are up."""
        lines = select(self._queue_log(), since, only_live=since == 0)
        self._keep(BACKFILL + lines.encode())

    def _received(self, data: bytes) -> None:
        try:
            self._keep(data)
        except Exception as error:
            self._failure = error
            raise
        self._last = _now()

    def _keep(self, data: bytes) -> None:
        self._journal.append(data, _now())
        self._feeder.take(data)

    async def _flush_for_ever(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            drain(self._feeder, self._store)


def _now() -> int:
    return int(clock.now().timestamp() * 1_000_000)


def journal_path(folder: Path, node: str) -> Path:
    """Return where a node's journal lies below the folder of a store."""
    return folder / "journal" / f"{node}.cctj"
