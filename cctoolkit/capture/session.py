"""A capture of one node: what comes is kept; reconnect with back-off; gaps filled from queue_log."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from random import Random

from cctoolkit.ami.backoff import delays
from cctoolkit.ami.client import Account, Client
from cctoolkit.ami.faults import LoginRefused
from cctoolkit.capture.filling import Filling, QueueLog
from cctoolkit.capture.journal import Journal, now_us
from cctoolkit.capture.keeper import Keeper
from cctoolkit.capture.pulse import Pulse
from cctoolkit.capture.replay import Remembers, complaints
from cctoolkit.capture.told import Level, Told
from cctoolkit.errors import SwitchError, SwitchUnreachable

FLUSH_SECONDS = 0.25
SYNC_FLUSHES = 4
"""Flushes of the store to one of the journal: what a crash of the machine itself may cost is a second."""
COMPLAIN_SECONDS = 60.0
TEND_SECONDS = 1.0
"""How often is looked whether a snapshot is due, or something sealed."""
STUCK_SECONDS = 15.0
"""After how long without a flush something is not slow any more."""
_BOOT_SECONDS = 60.0
_SILENT_SECONDS = 45.0
"""By then the client, which pings every ten seconds, has ended a silent connection."""

Reached = Callable[[], AbstractAsyncContextManager[Account]]
"""Makes the node's AMI account, at an address that leads to it as long as it is held; anew for every connection."""


class Session:
    """Runs until cancelled. What was received is in the journal and the store when `run` returns."""

    def __init__(
        self,
        node: str,
        reached: Reached,
        journal: Journal,
        store: Remembers,
        queue_log: QueueLog,
        progress: Callable[[Told], None],
    ) -> None:
        self.node = node
        self.patient = False
        """Whether a switch that does not answer at the start is waited for."""
        self._reached = reached
        self.reading = asyncio.Event()
        """Set while events flow."""
        self._keeper = Keeper(journal, store, self._warn)
        self._client: Client | None = None
        self._flushed = 0.0
        self._read = False
        """Whether events have ever flowed."""
        self.filling = Filling(queue_log, self._keeper, self._warn)
        self._progress = progress
        self._last = 0
        self._gap = True
        self._broken = asyncio.Event()
        self._failure: Exception | None = None
        self._complained: list[str] = []

    async def run(self) -> None:
        """Capture. Raise SwitchUnreachable when the switch cannot be reached (unless patient) or refuses us the first
        time, OperatorError when journal or store cannot be written.
        """
        self._flushed = asyncio.get_running_loop().time()
        self._keeper.recall()
        self._last = self._keeper.received_us
        works = (self._listen_for_ever(), self._flush_for_ever(), self._tend_for_ever(), self._break())
        tasks = [asyncio.create_task(work) for work in (*works, self.filling.make_good(), self.filling.own.pay())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._keeper.stop()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self.reading.clear()
            if self._failure is None:
                self._keeper.snapshot()()
            self._complain()
            self.filling.end()
        for task in done:
            task.result()

    def carry(self, before: Pulse) -> None:
        """Go on with the day's gaps of an earlier capture."""
        self._keeper.tally.carry(before)

    def pulse(self) -> Pulse:
        """Return how it does now."""
        return self._keeper.pulse(reading=self.reading.is_set(), clock=self._client.clock if self._client else None)

    def stuck(self) -> str:
        """Return why this capture had better be started anew, "" when all is well: journal and store are not written,
        or a connection that should have been found dead is read no more. A switch that is away is no reason.
        """
        late = asyncio.get_running_loop().time() - self._flushed
        if late > STUCK_SECONDS:
            return f"journal and store were not written for {late:.0f} s"
        silent = (now_us() - self._keeper.received_us) / 1_000_000
        if self.reading.is_set() and silent > _SILENT_SECONDS:
            return f"nothing was read for {silent:.0f} s, not even the answer to a ping"
        return ""

    async def _break(self) -> None:
        """Raise what kept bytes from being kept. Not the switch: the disk is full, or the fold has a bug; going on
        would lose calls unseen.
        """
        await self._broken.wait()
        if self._failure:
            raise self._failure

    async def _listen_for_ever(self) -> None:
        waits = delays(Random())  # noqa: S311 - jitter, no secret
        while True:
            try:
                await self._listen()
            except SwitchUnreachable as error:
                if self.reading.is_set():
                    waits = delays(Random())  # noqa: S311
                if not self._read and (not self.patient or isinstance(error, LoginRefused)):
                    raise
                self._tell("unreachable", f"{error.what}; trying again", "warning", why=error.what)
                self._client = None
                self.reading.clear()
                await asyncio.sleep(next(waits))

    async def _listen(self) -> None:
        """Read one connection to its end."""
        self._gap = True
        async with (
            self._reached() as account,
            Client.connect(account, events=True, on_bytes=self._received) as client,
        ):
            await self._booted(client)
            # Read after events have begun: what is in both is told apart, what is in neither would be lost.
            await self._fill()
            await self._ask(client)
            self._client = client
            self._tell("capturing", "capturing", gaps=self._keeper.tally.gaps.count)
            self._keeper.tally.reconnects += self._read
            self._read = True
            self.reading.set()
            # Nothing is consumed here: bytes go to the journal and the fold before the client parses them.
            async with client.subscribe("Shutdown") as events:
                async for _ in events:
                    pass

    async def _booted(self, client: Client) -> None:
        """Wait for a switch that has just started: before its modules are there it refuses to list their things."""
        try:
            await client.fully_booted(_BOOT_SECONDS)
        except SwitchUnreachable as error:
            self._warn(f"{error.what}; asking it all the same")

    async def _fill(self) -> None:
        """Take from queue_log what happened since the last event; at the very first, the calls that are up."""
        await self.filling.fill(self._keeper.feeder.since or self._last)

    async def _ask(self, client: Client) -> None:
        """Have it told, into the stream, what is so now: channels, since calls without one have ended unheard; queues'
        members, since agents may have come before anyone listened. The answer to Ping has the switch's clock.
        """
        try:
            await client.ping()
            await client.listing("CoreShowChannels")
            await client.listing("QueueStatus")
        except SwitchUnreachable:
            raise
        except SwitchError as error:
            self._warn(f"calls that ended unheard, and agents who came before, cannot be told: {error.what}")

    def _received(self, data: bytes) -> None:
        if self._failure:
            return
        try:
            if self._gap:
                self._keeper.keep(b"")
                self._gap = False
            self._keeper.keep(data)
        except Exception as error:  # noqa: BLE001 - handed to `run`; asyncio would print it and go on
            self._failure = error
            self._broken.set()

    async def _flush_for_ever(self) -> None:
        loop = asyncio.get_running_loop()
        flushes, complain_at = 0, loop.time() + FLUSH_SECONDS
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            flushes += 1
            if flushes % SYNC_FLUSHES == 0:
                self._keeper.journal.sync()
            self._keeper.drain()
            self._flushed = loop.time()
            if loop.time() >= complain_at:
                self._complain()
                complain_at = loop.time() + COMPLAIN_SECONDS

    async def _tend_for_ever(self) -> None:
        while True:
            if self._keeper.due:
                await asyncio.to_thread(self._keeper.snapshot())
            await asyncio.to_thread(self._keeper.pack)
            await asyncio.sleep(TEND_SECONDS)

    def _complain(self) -> None:
        """Say what makes no record, when there is more of it than was said."""
        found = list(complaints(self._keeper.feeder))
        for text in found:
            if text not in self._complained:
                self._tell("odd", text, "warning", **self._keeper.feeder.odd)
        self._complained = found

    def _warn(self, text: str) -> None:
        self._tell("warning", text, "warning")

    def _tell(self, event: str, text: str, level: Level = "info", **fields: str | int | float) -> None:
        self._progress(Told.of(self.node, event, text, level, **fields))


def captured(folder: Path) -> list[str]:
    """Return the nodes of which there is a journal below the folder of a store."""
    return sorted(path.parent.name for path in folder.glob("journal/*/lock"))


def journal_path(folder: Path, node: str) -> Path:
    """Return where a node's journal lies below the folder of a store."""
    return folder / "journal" / node
