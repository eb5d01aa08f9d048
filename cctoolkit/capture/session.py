"""A capture of one node: connect, journal, parse, fold, store; reconnect with back-off and mark the gap."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from random import Random

from cctoolkit import clock
from cctoolkit.ami.backoff import delays
from cctoolkit.ami.client import Account, Client
from cctoolkit.ami.protocol import Parser
from cctoolkit.capture.journal import Journal
from cctoolkit.capture.tracker import Tracker
from cctoolkit.cdr.store import Store
from cctoolkit.errors import SwitchUnreachable

FLUSH_SECONDS = 0.25


class Session:
    """Runs until cancelled. What was received is in the journal and the store when `run` returns."""

    def __init__(
        self, node: str, account: Account, journal: Journal, store: Store, progress: Callable[[str], None]
    ) -> None:
        self.node = node
        self.account = account
        self.reading = asyncio.Event()
        """Set while events flow."""
        self._journal = journal
        self._store = store
        self._progress = progress
        self._tracker = Tracker(node)
        self._parser = Parser()
        self._failure: Exception | None = None

    async def run(self) -> None:
        """Capture; raise SwitchUnreachable when the switch cannot be reached the first time."""
        waits = delays(Random())  # noqa: S311 - jitter, no secret
        connected = False
        flusher = asyncio.create_task(self._flush_for_ever())
        try:
            while True:
                try:
                    await self._listen()
                except SwitchUnreachable as error:
                    if self._failure:
                        # Not the switch: the disk is full, or the fold has a bug. Going on would lose calls unseen.
                        raise self._failure from error
                    if not (connected or self.reading.is_set()):
                        raise
                    if self.reading.is_set():
                        waits = delays(Random())  # noqa: S311
                    connected = True
                    self._break(error)
                    await asyncio.sleep(next(waits))
        finally:
            flusher.cancel()
            self.flush()

    async def _listen(self) -> None:
        """Read one connection to its end."""
        async with Client.connect(self.account, events=True, on_bytes=self._received) as client:
            self._progress(f"{self.node}: capturing")
            self.reading.set()
            # Nothing is consumed here: bytes go to the journal and the fold before the client parses them.
            async with client.subscribe("Shutdown") as events:
                async for _ in events:
                    pass

    def _received(self, data: bytes) -> None:
        try:
            self._journal.append(data, int(clock.now().timestamp() * 1_000_000))
            for message in self._parser.feed(data):
                self._tracker.feed(message)
        except Exception as error:
            self._failure = error
            raise

    def _break(self, error: SwitchUnreachable) -> None:
        self._progress(f"{self.node}: {error.what}; trying again")
        self.reading.clear()
        self._journal.gap(int(clock.now().timestamp() * 1_000_000))
        self._parser = Parser()

    async def _flush_for_ever(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            self.flush()

    def flush(self) -> None:
        """Put what changed into the store, in one commit."""
        records, states = self._tracker.take()
        if records or states:
            with self._store.batch():
                self._store.put(records)
                self._store.put_states(states)


def journal_path(folder: Path, node: str) -> Path:
    """Return where a node's journal lies below the folder of a store."""
    return folder / "journal" / f"{node}.cctj"
