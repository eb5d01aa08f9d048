"""The switch's own records of calls, read for gaps: when one is filled, and again for calls that it left up.

What cannot be read keeps nothing else from being read, and what is there that is no row is said once.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial

from cctoolkit.capture.feeder import BACKFILL
from cctoolkit.capture.following import OwnRecords
from cctoolkit.capture.keeper import Keeper

PAY_SECONDS, _PAY_AT_MOST = 2.0, 300.0
"""How soon the rows of a call that has ended are looked for; each time in vain, twice as late."""

OF_CALLS = "cdr"
"""What has its rows when a call has ended; the others have them as things happen."""


class OwnFilling:
    """Keeps the rows of gaps; `say` is told of what cannot be read."""

    def __init__(self, keeper: Keeper, say: Callable[[str], None]) -> None:
        self.followers: Mapping[str, OwnRecords] = {}
        """What reads them, by their names."""
        self._keeper, self._say = keeper, say
        self._said: dict[str, Counter[str]] = {}
        self._failing: set[str] = set()
        self._reading = asyncio.Lock()

    async def lines(self, since: int) -> str:
        """Return the lines of a gap that began at a moment (microseconds)."""
        async with self._reading:
            found = [self._read(name, partial(read, since)) for name, read in self.followers.items()]
            return "".join(await asyncio.gather(*found))

    async def pay(self) -> None:
        """Take for ever, when they have ended, the calls that were up when a gap did."""
        wait = PAY_SECONDS
        while True:
            await asyncio.sleep(wait)
            feeder, follower = self._keeper.feeder, self.followers.get(OF_CALLS)
            due = {} if follower is None or feeder.holding else feeder.tracker.due
            wait = min(2 * wait, _PAY_AT_MOST) if due else PAY_SECONDS
            if follower is None or not due:
                continue
            async with self._reading:
                lines = await self._read(OF_CALLS, partial(follower.of, due))
            if lines and not feeder.holding:  # Else there is a gap again, and lines of its own for it.
                self._keeper.keep(BACKFILL + lines.encode("utf-8", "replace"))

    async def _read(self, name: str, reads: Callable[[], str]) -> str:
        lines = ""
        try:
            lines = await asyncio.to_thread(reads)
        except OSError as error:
            if name not in self._failing:
                why = error.strerror or error
                self._say(f"{name} cannot be read ({why}): what it alone tells stays untold")
            self._failing.add(name)
        else:
            self._failing.discard(name)
        self._passed_over(name, self.followers[name].odd)
        return lines

    def _passed_over(self, name: str, odd: Counter[str]) -> None:
        for kind, count in (odd - self._said.get(name, Counter())).items():
            self._say(f"{name}: passed over, {count:,} times: {kind}")
        self._said[name] = Counter(odd)
