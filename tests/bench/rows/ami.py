"""AMI: bytes to values, and on to call records, against panoramisk's parser on the same recorded stream."""

import re
import tempfile
from collections.abc import Iterator
from functools import partial
from itertools import count
from pathlib import Path

from measure import ROOT, Row, best
from panoramisk.ami_protocol import AMIProtocol
from panoramisk.message import Message

from cctoolkit.ami.protocol import BANNER, Parser
from cctoolkit.capture.journal import Journal
from cctoolkit.capture.keeper import Keeper
from cctoolkit.cdr.store import FILE_NAME, Store

REPEATS = 40
APART_SECONDS = 100_000
"""Between two repeats of the stream: what happens again happens to other calls, later."""
CHUNK = 4096
"""Bytes read at once from a busy switch: a dozen events."""
DRAIN = 1000
"""Chunks from one commit of the store to the next: at this speed a quarter of a second, as in life."""
LIMIT = 2.5
LIMIT_STORED = 1.0

_BLOCK_END = b"\r\n\r\n"
_EPOCH = re.compile(rb"\b1[0-9]{9}\b")


class Theirs(AMIProtocol):  # type: ignore[misc]  # panoramisk ships no types
    """panoramisk's protocol, its messages looked into where they would be handed to callbacks."""

    encoding = "utf8"

    def __init__(self) -> None:
        self.connection_made(None)
        self.messages = 0

    def handle_message(self, message: Message) -> None:
        """Look up what our side looks up."""
        self.messages += 1
        _ = message.event, message.uniqueid, message.timestamp


def stream() -> bytes:
    """Return all recorded streams one after the other, without greetings, many times over."""
    found = []
    for path in (ROOT / "tests/replay").rglob("stream.ami"):
        data = path.read_bytes()
        if data.startswith(BANNER):
            data = data.partition(b"\r\n")[2]
        found.append(data[: data.rindex(_BLOCK_END) + len(_BLOCK_END)])
    once = b"".join(sorted(found, key=_began))
    return b"".join(later(once, repeat * APART_SECONDS) for repeat in range(REPEATS))


def _began(data: bytes) -> bytes:
    first = _EPOCH.search(data)
    return first[0] if first else b""


def later(data: bytes, seconds: int) -> bytes:
    """Return a stream as it would have come so much later."""
    return _EPOCH.sub(lambda found: b"%d" % (int(found[0]) + seconds), data)


def theirs(chunks: list[bytes]) -> int:
    """Parse with panoramisk; return how many messages there were."""
    protocol = Theirs()
    for chunk in chunks:
        protocol.data_received(chunk)
    return protocol.messages


def ours(chunks: list[bytes]) -> int:
    """Parse with ours and look up the same; return how many messages there were."""
    parser, messages = Parser(banner=False), 0
    for chunk in chunks:
        for message in parser.feed(chunk):
            messages += 1
            _ = message.event, message.get("Uniqueid"), message.get("Timestamp")
    return messages


def captured(chunks: list[bytes], folder: Path, number: "count[int]") -> int:
    """Journal, parse, track and store, in batches; return how many records came of it."""
    place = folder / str(next(number))
    with Store.open(place / FILE_NAME) as store, Journal(place / "n1") as journal:
        keeper = Keeper(journal, store, print)
        for moment, chunk in enumerate(chunks):
            keeper.keep(chunk)
            if moment % DRAIN == DRAIN - 1:
                keeper.drain()
        keeper.feeder.finish()
        keeper.drain()
        return len(list(store.calls()))


def rows() -> Iterator[Row]:
    """Yield the parser alone, then the whole way to records."""
    whole = stream()
    chunks = [whole[at : at + CHUNK] for at in range(0, len(whole), CHUNK)]
    messages = ours(chunks)
    if theirs(chunks) != messages:
        raise AssertionError("the two parsers do not see the same messages")
    with tempfile.TemporaryDirectory() as folder:
        number = count()
        if not captured(chunks, Path(folder), number):
            raise AssertionError("the stream makes no records")
        they, we, all_of_it = best(
            partial(theirs, chunks), partial(ours, chunks), partial(captured, chunks, Path(folder), number)
        )
    speed = f"{messages / they / 1000:.0f}k messages/s, panoramisk's parser"
    yield Row(
        "AMI: parse, event's name, 2 headers",
        f"{messages / we / 1000:.0f}k messages/s",
        speed,
        they / we,
        LIMIT,
        least=True,
    )
    yield Row(
        "AMI: journal, parse, track, store",
        f"{messages / all_of_it / 1000:.0f}k messages/s",
        speed,
        they / all_of_it,
        LIMIT_STORED,
        least=True,
    )
