"""The lines of gaps: read when events have begun again, or, where they cannot be read then, as soon as they can.

What cannot be read is said once. A database that is away is waited for a while, since one that starts with its machine
comes soon, and events are held back till then. After that they are told without the lines, which are taken when they
come: of calls; what agents did meanwhile cannot be told any more from what they do since.
"""

import asyncio
from collections.abc import Callable
from random import Random

from cctoolkit.ami.backoff import delays
from cctoolkit.capture.deeds import STATE_EVENTS
from cctoolkit.capture.feeder import BACKFILL
from cctoolkit.capture.journal import now_us
from cctoolkit.capture.keeper import Keeper
from cctoolkit.capture.lines import SECOND, parse
from cctoolkit.capture.own_filling import OwnFilling

HOLD_SECONDS = 20.0
"""How long a database that is away is waited for."""
LONGEST_SECONDS = 300.0
"""How often is tried at last."""

_BEFORE_US = 60 * SECOND

QueueLog = Callable[[int], str]
"""Returns the lines of the node's queue_log that a gap since a moment (microseconds; 0: since ever) needs, "" when
there is none. Runs in a thread of its own. Raises OSError, ConnectionError when it is soon there again.
"""


class Filling:
    """Keeps the lines of gaps; `say` is told of what is read late, or not."""

    def __init__(self, queue_log: QueueLog, keeper: Keeper, say: Callable[[str], None]) -> None:
        self._queue_log, self._keeper, self._say = queue_log, keeper, say
        self.own = OwnFilling(keeper, say)
        """What else the switch writes of calls: told where queue_log does not tell."""
        self._owed: int | None = None
        """Since when lines are owed (microseconds)."""
        self._failed = asyncio.Event()
        self._reading = asyncio.Lock()

    async def fill(self, since: int) -> None:
        """Keep the lines of a gap that began at a moment, none where they cannot be read."""
        until = asyncio.get_running_loop().time() + HOLD_SECONDS
        waits = delays(Random())  # noqa: S311 - jitter, no secret
        lines = None
        while lines is None:
            try:
                lines = await self._read(since if self._owed is None else min(since, self._owed))
                self._mended()
            except OSError as error:
                self._fail(error, since)
                wait = next(waits)
                if not isinstance(error, ConnectionError) or asyncio.get_running_loop().time() + wait > until:
                    lines = ""
                else:
                    await asyncio.sleep(wait)
        lines += await self.own.lines(since)
        self._keeper.keep(BACKFILL + lines.encode("utf-8", "replace"))

    async def make_good(self) -> None:
        """Try again for ever what could not be read."""
        while True:
            await self._failed.wait()
            for wait in delays(Random(), cap=LONGEST_SECONDS):  # noqa: S311
                await asyncio.sleep(wait)
                if self._owed is None or await self._made_good(self._owed):
                    break

    async def _made_good(self, since: int) -> bool:
        """Say whether what was owed is kept now. A gap that is being filled asks for it itself."""
        if self._keeper.feeder.holding:
            return False
        try:
            lines = await self._read(since)
        except OSError:
            return False  # said already
        if self._keeper.feeder.holding or self._owed is None:
            return self._owed is None
        self._keeper.keep(BACKFILL + _of_calls(lines).encode("utf-8", "replace"))
        self._mended()
        return True

    def end(self) -> None:
        """Say what stays untold."""
        if self._owed is not None:
            self._say("queue_log was not read for all that happened: `import queue_log` tells the calls")

    async def _read(self, since: int) -> str:
        async with self._reading:
            return await asyncio.to_thread(self._queue_log, since)

    def _fail(self, error: OSError, since: int) -> None:
        if self._owed is None:
            why = error.strerror or error
            self._say(f"queue_log cannot be read ({why}): calls of before are told when it can be; trying again")
        # At the very first: of what is up now, more may have ended by then.
        since = since or now_us() - _BEFORE_US
        self._owed = since if self._owed is None else min(self._owed, since)
        self._failed.set()

    def _mended(self) -> None:
        if self._owed is not None:
            self._say("queue_log is read again: calls of before are told")
        self._owed = None
        self._failed.clear()


def _of_calls(lines: str) -> str:
    return "".join("|".join(line.fields) + "\n" for line in parse(lines) if line.event not in STATE_EVENTS)
