"""Records from a journal, or from a raw AMI transcript, through the same parser and tracker as live events."""

from collections.abc import Iterator
from pathlib import Path

from cctoolkit.ami.protocol import BANNER, Parser
from cctoolkit.capture.journal import is_journal, read
from cctoolkit.capture.tracker import Tracker
from cctoolkit.cdr.store import Store
from cctoolkit.errors import OperatorError

_PIECE = 1 << 20


def replay(path: Path, node: str, store: Store) -> int:
    """Fold a file into the store; return how many records were new or newer. Replaying again adds nothing."""
    tracker, put = Tracker(node), 0
    parser = Parser(banner=False)
    with store.batch():
        for data in _chunks(path):
            if not data:
                parser = Parser(banner=False)
                continue
            for message in parser.feed(_unbannered(data)):
                tracker.feed(message)
            records, states = tracker.take()
            put += store.put(records) + store.put_states(states)
    return put


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


def _unbannered(data: bytes) -> bytes:
    """Cut the banner a connection begins with; a transcript may begin in the middle of one."""
    return data.partition(b"\n")[2] if data.startswith(BANNER) else data
