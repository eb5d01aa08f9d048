"""What capture keeps of one node: the journal first, then the fold and the store, and a snapshot now and then.

Nothing here waits for the switch. What may take long (packing, writing a snapshot) is made for a thread of its own; the
rest runs in one thread, in order.
"""

import threading
from collections.abc import Callable

from cctoolkit.ami.clocks import Reading
from cctoolkit.capture import mending, sealed, snapshot
from cctoolkit.capture.feeder import Feeder
from cctoolkit.capture.journal import Journal, now_us
from cctoolkit.capture.pulse import Pulse, Tally
from cctoolkit.capture.reading import read
from cctoolkit.capture.replay import Remembers, drain
from cctoolkit.capture.tracker import Tracker

_DAY = 86_400_000_000
_SETTLE_RECORDS = 10_000
"""After how many records of a long journal the calls that change no more leave the memory."""

SNAPSHOT_BYTES = 32 << 20
SNAPSHOT_SECONDS = 300.0
"""How often a snapshot is made: whichever comes first."""

COUNT_SECONDS = 5.0
"""How often is counted what means going through all calls."""


class Keeper:
    """The journal, fold and store of one node. `say` is told what a person should know, once as long as it is so."""

    def __init__(self, journal: Journal, store: Remembers, say: Callable[[str], None]) -> None:
        self.journal = journal
        self.feeder = Feeder(Tracker(journal.path.name))
        self.received_us = 0
        """When the newest chunk was received."""
        self.tally = Tally()
        self._store = store
        self._progress = say
        self._kept_bytes = self._snapped_bytes = 0
        """Of what was received, altogether and before the newest snapshot."""
        self._snapped_us = self._counted_us = self._calls = 0
        self._odd: dict[str, int] = {}
        self._size = journal.size
        self._troubles: dict[str, str] = {}
        self._writing = threading.Lock()
        self._stopped = threading.Event()

    def recall(self) -> None:
        """Go on from the newest snapshot and what the journal holds since: calls that were up go on from there."""
        if self.journal.anomaly:
            self._progress(self.journal.anomaly)
        node, start = self.journal.path.name, 0
        found = snapshot.newest(
            self.journal.path, min(self.journal.next, self._store.journal_told(node)), self._progress
        )
        if found:
            self.feeder, start, self.received_us = found.feeder, found.next, found.received_us
        for chunk in read(self.journal.path, start, self._damaged):
            self.feeder.take(chunk.data, chunk.received_us)
            self.received_us = chunk.received_us
            self._kept_bytes += len(chunk.data)
            if chunk.sequence % _SETTLE_RECORDS == 0:
                drain(self.feeder, self._store, settled=True)
        self.drain()
        self._snapped_us = now_us()

    def _damaged(self, text: str) -> None:
        self._progress(text)
        self.feeder.lost()

    def keep(self, data: bytes) -> None:
        """Take what was received; raise OperatorError when the journal cannot be written."""
        before, self.received_us = self.received_us, now_us()
        self.journal.append(data, self.received_us)
        if data:
            self.tally.received(len(data), self.received_us)
        else:
            self.tally.gap(before, self.received_us)
        self.feeder.take(data, self.received_us)
        self._kept_bytes += len(data)

    def drain(self) -> None:
        """Put what changed into the store."""
        began = now_us()
        self.tally.put(drain(self.feeder, self._store), began, now_us())
        self._trouble("rotation", self.journal.trouble)

    def pulse(self, *, reading: bool, clock: Reading | None) -> Pulse:
        """Return how it does now; `clock` is how far the switch's is from ours."""
        tracker, tally, now, (size, segments) = self.feeder.tracker, self.tally, now_us(), self._size
        if now - self._counted_us >= COUNT_SECONDS * 1_000_000:
            self._counted_us, self._calls, self._odd = now, tracker.going_on, self.feeder.odd
        return Pulse(
            node=self.journal.path.name, at=now, reading=reading, heard=max(tracker.now, tracker.asked),
            last_event=tracker.now, events=self.feeder.messages, received_bytes=tally.received_bytes,
            rate=tally.rate(self.feeder.messages), calls=self._calls, gaps=tally.gaps, today=tally.todays(now),
            reconnects=tally.reconnects, journal_bytes=size, journal_segments=segments, odd=self._odd,
            put_records=tally.put_records, put_seconds=tally.put_seconds, put_delay_seconds=tally.put_delay_seconds,
            store_away=self._store.away, clock=clock,
        )  # fmt: skip

    @property
    def due(self) -> bool:
        """Say whether a snapshot should be made."""
        since = self._kept_bytes - self._snapped_bytes
        late = now_us() - self._snapped_us >= SNAPSHOT_SECONDS * 1_000_000
        return since >= SNAPSHOT_BYTES or (since > 0 and late)

    def snapshot(self) -> Callable[[], None]:
        """Take a snapshot of now; return what writes it, in a thread. It says no more than journal and store have."""
        self.drain()
        self.journal.sync()
        state = snapshot.State(self.journal.next, self.received_us, self.feeder)
        self._store.put_journal_told(self.journal.path.name, state.next)
        data, needed = snapshot.encoded(state), min(self.feeder.tracker.oldest_open, self.received_us)
        # A database that is away has been told less, and its records are folded from the journal when it is back.
        told = self._store.journal_told(self.journal.path.name)
        self._snapped_bytes, self._snapped_us = self._kept_bytes, now_us()
        return lambda: self._write(state.next, data, needed, told)

    def _write(self, number: int, data: bytes, oldest_open: int, told: int) -> None:
        """Write a snapshot; what it makes needless is dropped, but nothing that the store has not been `told`. One that
        cannot be written is no reason to stop.
        """
        with self._writing:
            try:
                snapshot.write(self.journal.path, number, data)
                kept_since = now_us() - self.journal.terms.keep_days * _DAY
                mending.drop_aside(self.journal.path, kept_since)
                before = min(kept_since, oldest_open - _DAY)
                sealed.drop(self.journal.path, before, min(told, snapshot.oldest(self.journal.path)))
            except OSError as error:
                why = error.strerror or error
                self._trouble("snapshot", f"no snapshot can be written ({why}); a start will read more of the journal")
            else:
                self._trouble("snapshot", "")

    def pack(self) -> None:
        """Pack what is sealed, and look how large all is; in a thread. What cannot be packed stays as it is."""
        self._size = self.journal.size
        waiting = [one for one in self.journal.sealed if one.plain.exists()]
        if waiting and not sealed.can_pack():
            self._trouble("packing", "the journal is not packed: install cctoolkit[capture]")
            return
        with self._writing:
            try:
                for one in waiting:
                    if not sealed.pack(one, self._stopped.is_set):
                        return
            except OSError as error:
                self._trouble("packing", f"the journal cannot be packed ({error.strerror or error}); it stays as it is")
            else:
                self._trouble("packing", "")

    def stop(self) -> None:
        """End what is being packed."""
        self._stopped.set()

    def _trouble(self, what: str, text: str) -> None:
        if text and self._troubles.get(what) != text:
            self._progress(text)
        self._troubles[what] = text
