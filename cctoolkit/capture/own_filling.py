"""The switch's own records of calls, read for gaps: when one is filled, and again for calls that it left up.

A file that cannot be read keeps no other from being read, and what it has that is no row is said once.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping

from cctoolkit.capture.feeder import BACKFILL
from cctoolkit.capture.following import OwnFollower
from cctoolkit.capture.journal import now_us
from cctoolkit.capture.keeper import Keeper

PAY_SECONDS, _PAY_AT_MOST = 2.0, 300.0
"""How soon the rows of a call that has ended are looked for; each time in vain, twice as late."""

OF_CALLS = "cdr"
"""What has its rows when a call has ended; the others have them as things happen."""


class OwnFilling:
    """Keeps the rows of gaps; `say` is told of what cannot be read."""

    def __init__(self, keeper: Keeper, say: Callable[[str], None]) -> None:
        self.followers: Mapping[str, OwnFollower] = {}
        """What reads them, by their names."""
        self._keeper, self._say = keeper, say
        self._began = now_us()
        self._said: dict[str, Counter[str]] = {}
        self._failing: set[str] = set()
        self._reading = asyncio.Lock()

    async def lines(self, since: int, *, of_calls: bool = False) -> str:
        """Return the lines of a gap that began at a moment (microseconds)."""
        lines = ""
        async with self._reading:
            for name, read in self.followers.items():
                if of_calls and name != OF_CALLS:
                    continue
                try:
                    lines += await asyncio.to_thread(read, since)
                except OSError as error:
                    if name not in self._failing:
                        why = error.strerror or error
                        self._say(f"{name} cannot be read ({why}): what it alone tells stays untold")
                    self._failing.add(name)
                else:
                    self._failing.discard(name)
                self._passed_over(name, read.odd)
        return lines

    async def pay(self) -> None:
        """Take for ever, when they have ended, the calls that were up when a gap did."""
        wait = PAY_SECONDS
        while True:
            await asyncio.sleep(wait)
            feeder = self._keeper.feeder
            owes = OF_CALLS in self.followers and feeder.tracker.owes and not feeder.holding
            wait = min(2 * wait, _PAY_AT_MOST) if owes else PAY_SECONDS
            lines = await self.lines(feeder.since or self._began, of_calls=True) if owes else ""
            if lines and not feeder.holding:  # Else there is a gap again, and lines of its own for it.
                self._keeper.keep(BACKFILL + lines.encode("utf-8", "replace"))

    def _passed_over(self, name: str, odd: Counter[str]) -> None:
        for kind, count in (odd - self._said.get(name, Counter())).items():
            self._say(f"{name}: passed over, {count:,} times: {kind}")
        self._said[name] = Counter(odd)
