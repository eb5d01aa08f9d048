"""How far the switch's clock is from this machine's, measured by pings.

The answer to Ping carries the switch's moment (`Timestamp`), made some time between our question and its arrival: it is
taken to be in the middle, and may be off by half of the round trip. The quickest of the last ones is the best.
"""

from collections import deque

from msgspec import Struct, field

from cctoolkit import clock

_REMEMBERED = 6


class Reading(Struct, frozen=True):
    """The switch's clock minus ours, true to `precision_seconds` either way."""

    skew_seconds: float
    precision_seconds: float


class Clocks(Struct):
    """The readings of the last pings."""

    _last: deque[Reading] = field(default_factory=lambda: deque[Reading](maxlen=_REMEMBERED))

    def told(self, moment_us: int | None, round_trip_seconds: float) -> None:
        """Take what a ping that is answered just now says; one without a moment says nothing."""
        if moment_us is not None:
            half = round_trip_seconds / 2
            ours = clock.now().timestamp() - half
            self._last.append(Reading(moment_us / 1_000_000 - ours, half))

    @property
    def best(self) -> Reading | None:
        """The most precise one."""
        return min(self._last, key=lambda one: one.precision_seconds, default=None)
