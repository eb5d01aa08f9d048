"""Records from a journal, or from a raw AMI transcript, through the same feeder as live events."""

from collections.abc import Iterator
from pathlib import Path

from cctoolkit.capture.feeder import Feeder
from cctoolkit.capture.journal import is_journal, read
from cctoolkit.cdr.store import Store
from cctoolkit.errors import OperatorError

_PIECE = 1 << 20


def replay(path: Path, node: str, store: Store) -> int:
    """Fold a file into the store; return how many records were new or newer. Replaying again adds nothing."""
    feeder, put = Feeder(node), 0
    with store.batch():
        for data in _chunks(path):
            feeder.take(data)
            put += drain(feeder, store)
        feeder.finish()
        return put + drain(feeder, store)


def drain(feeder: Feeder, store: Store) -> int:
    """Put what changed into the store, in one commit; return how many records were new or newer."""
    records, states = feeder.tracker.take()
    if not records and not states:
        return 0
    with store.batch():
        return store.put(records) + store.put_states(states)


def _chunks(path: Path) -> Iterator[bytes]:
    try:
        if is_journal(path):
            yield from (chunk.data for chunk in read(path))
            return
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                yield piece
    except OSError as error:
        raise OperatorError(f"cannot be read: {error.strerror}", where=str(path)) from error
