"""Records from a journal, or from a raw AMI transcript, through the same feeder as live events."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from cctoolkit.capture import transcript
from cctoolkit.capture.feeder import Feeder
from cctoolkit.capture.reading import is_journal, read
from cctoolkit.capture.tracker import Tracker
from cctoolkit.cdr.records import AgentInterval, CallRecord
from cctoolkit.errors import OperatorError

_PIECE = 1 << 20

WORDS = {
    "unknown_calls": "calls began before anything was captured and have no record",
    "lost_calls": "calls are gone without an end that anyone told; they stay unfinished",
    "untimed": "events have no Timestamp: they are given when they were received, or of a transcript no more than "
    "their order; set timestampevents = yes in manager.conf",
    "future": "events came from a moment long after the switch's own clock",
    "foreign_block": "blocks were neither event nor response",
    "endless_block": "blocks had no end",
    "endless_output": "answers to commands had no end",
    "long_event": "events were too long to be events",
    "late_lines": "times so much came before the lines of queue_log for a gap that it was folded without them",
    "long_call": "events of calls of which more was told than of any call were not taken",
    "long_list": "times the switch listed more than can be; what it listed was not taken",
    "many_channels": "channels were more than can be, and were forgotten",
    "many_agents": "agents and queues of theirs were more than can be, and were forgotten",
}
"""What made no whole record, by name, in words that a number precedes."""


class Keeps(Protocol):
    """What records are put into: a store, or what puts them into one later."""

    def batch(self) -> AbstractContextManager[None]:
        """As `Store.batch`."""

    def put(self, records: Iterable[CallRecord]) -> int:
        """As `Store.put`."""

    def put_states(self, intervals: Iterable[AgentInterval]) -> int:
        """As `Store.put_states`."""


class Remembers(Keeps, Protocol):
    """What also knows how much of a journal it has been told, and whether what it is told waits."""

    @property
    def away(self) -> bool:
        """Say whether its database did not answer the last time."""

    def journal_told(self, node: str) -> int:
        """As `Store.journal_told`."""

    def put_journal_told(self, node: str, told: int) -> None:
        """As `Store.put_journal_told`."""


def replay(path: Path, node: str, store: Keeps, say: Callable[[str], None] = lambda _text: None) -> int:
    """Fold a journal, a segment of one or a raw AMI transcript into the store; return how many records were new or
    newer. Replaying again adds nothing. `say` is told of what it holds and no record does.

    A journal may go on, so of a foreign dialplan's call that has not ended nothing is told, as a live capture does: it
    may yet turn out to be a part of another. A transcript is all there is.
    """
    feeder, put = Feeder(Tracker(node)), 0

    def damaged(text: str) -> None:
        say(text)
        feeder.lost()

    with store.batch():
        for data, received in _chunks(path, damaged):
            feeder.take(data, received)
            # Not every version a live capture told on the way: what the store has already is then told as the same.
            put += drain(feeder, store, settled=True)
        feeder.finish()
        put += drain(feeder, store, last=not is_journal(path))
    for text in complaints(feeder):
        say(text)
    return put


def drain(feeder: Feeder, store: Keeps, *, settled: bool = False, last: bool = False) -> int:
    """Put what changed into the store, in one commit; return how many records were new or newer. `settled` and `last`:
    see `Tracker.take`.
    """
    records, states = feeder.tracker.take(settled=settled, last=last)
    if not records and not states:
        return 0
    with store.batch():
        return store.put(records) + store.put_states(states)


def complaints(feeder: Feeder) -> Iterator[str]:
    """Yield what a person should know of events that made no whole record."""
    for name, count in feeder.odd.items():
        yield f"{count} {WORDS[name]}"


def _chunks(path: Path, damaged: Callable[[str], None]) -> Iterator[tuple[bytes, int]]:
    try:
        if is_journal(path):
            yield from ((chunk.data, chunk.received_us) for chunk in read(path, damaged=damaged))
            return
        with path.open("rb") as file:
            yield from ((piece, 0) for piece in transcript.lines(iter(lambda: file.read(_PIECE), b"")))
    except OSError as error:
        raise OperatorError(f"cannot be read: {error.strerror}", where=str(path)) from error
