"""Many records into a store, some at a time."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from cctoolkit.cdr.records import AgentInterval, CallRecord
from cctoolkit.cdr.store import Store

PIECE = 1_000


class Piecewise:
    """Puts records into a store some at a time, each lot in a commit of its own, so that no other writer waits for the
    end of a long replay. `changed` is how many were new or newer, after the last `flush`.
    """

    def __init__(self, store: Store) -> None:
        self.changed = 0
        self._store = store
        self._records: list[CallRecord] = []
        self._states: list[AgentInterval] = []

    def put(self, records: Iterable[CallRecord]) -> int:
        """Take the records; none is known to be new before they are put."""
        self._records += records
        return self._full()

    def put_states(self, intervals: Iterable[AgentInterval]) -> int:
        """Take agents' states."""
        self._states += intervals
        return self._full()

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Make no one commit of what is put inside."""
        yield

    def _full(self) -> int:
        if len(self._records) + len(self._states) >= PIECE:
            self.flush()
        return 0

    def flush(self) -> None:
        """Put what was taken."""
        with self._store.batch():
            self.changed += self._store.put(self._records) + self._store.put_states(self._states)
        self._records, self._states = [], []
