"""How the capture of one node does: what is counted while it runs, and what others are shown of it.

Shown are figures and the node's name, no secret and nobody's number.
"""

import time
from datetime import UTC, datetime

from msgspec import Struct, field

from cctoolkit.ami.clocks import Reading
from cctoolkit.cdr.records import Micros

SECOND = 1_000_000


class Gaps(Struct):
    """How often nobody listened, and for how long altogether."""

    count: int = 0
    seconds: float = 0.0

    def add(self, seconds: float) -> None:
        """Take one more."""
        self.count += 1
        self.seconds += seconds


class Pulse(Struct, frozen=True, kw_only=True):
    """A node's capture at the moment `at` (ours, microseconds since the epoch, UTC).

    `gaps`, `reconnects`, `received_bytes` and what is about the store count from the start of capture, `today` from
    midnight UTC, `events` and `odd` (what made no record, by kind) from the beginning of the journal.
    """

    node: str
    at: Micros
    reading: bool
    """Whether events flow."""
    running: bool = True
    """False in the last pulse of a capture."""
    heard: Micros = 0
    """The newest moment of an event or an answered ping, by the switch's clock; 0: none."""
    last_event: Micros = 0
    """The newest moment of an event, by the switch's clock; 0: none."""
    events: int = 0
    received_bytes: int = 0
    rate: float = 0.0
    """Events a second, of late."""
    calls: int = 0
    """Calls that are up."""
    gaps: Gaps
    today: Gaps
    reconnects: int = 0
    journal_bytes: int = 0
    journal_segments: int = 0
    odd: dict[str, int] = field(default_factory=dict)
    put_records: int = 0
    put_seconds: float = 0.0
    put_delay_seconds: float = 0.0
    """From the receipt of the oldest chunk of the last commit to its end."""
    store_away: bool = False
    """Whether records wait, since their database does not answer."""
    clock: Reading | None = None
    """The switch's clock against ours."""

    def lag_seconds(self, now: Micros) -> float | None:
        """Return how long ago, by the switch's clock, it was last heard; None: never."""
        if not self.heard:
            return None
        skew = self.clock.skew_seconds if self.clock else 0.0
        return max(0.0, (now - self.heard) / SECOND + skew)


class Tally(Struct):
    """What a session counts."""

    gaps: Gaps = field(default_factory=Gaps)
    today: Gaps = field(default_factory=Gaps)
    day: str = ""
    reconnects: int = 0
    received_bytes: int = 0
    put_records: int = 0
    put_seconds: float = 0.0
    put_delay_seconds: float = 0.0
    _unput: Micros = 0
    _rated: tuple[int, float] = (0, 0.0)
    _rate: float = 0.0

    def received(self, size: int, at: Micros) -> None:
        """Take note of bytes."""
        self.received_bytes += size
        self._unput = self._unput or at

    def gap(self, since: Micros, until: Micros) -> None:
        """Take note of a gap; one without a beginning (`since` 0) is the beginning of everything."""
        if since:
            seconds = max(0, until - since) / SECOND
            self.gaps.add(seconds)
            self._of(until).add(seconds)

    def put(self, records: int, began: Micros, ended: Micros) -> None:
        """Take note of a commit."""
        self.put_records += records
        self.put_seconds += (ended - began) / SECOND
        self.put_delay_seconds = (ended - (self._unput or began)) / SECOND
        self._unput = 0

    def todays(self, now: Micros) -> Gaps:
        """Return a copy of the gaps that ended today."""
        today = self._of(now)
        return Gaps(today.count, today.seconds)

    def carry(self, before: Pulse) -> None:
        """Go on with the day of an earlier capture of this node."""
        self.today, self.day = before.today, _day(before.at)

    def rate(self, events: int) -> float:
        """Return events a second since this was last asked, more than a second ago."""
        count, at = self._rated
        now = time.monotonic()
        if now - at >= 1:
            self._rate = (events - count) / (now - at) if at else 0.0
            self._rated = (events, now)
        return self._rate

    def _of(self, now: Micros) -> Gaps:
        if self.day != _day(now):
            self.today, self.day = Gaps(), _day(now)
        return self.today


def _day(at: Micros) -> str:
    return datetime.fromtimestamp(at / SECOND, UTC).date().isoformat()
