"""From the journal's chunks to the tracker: one way for live bytes, for replays and for restarts.

A chunk is bytes of AMI; an empty one is a gap (the connection was lost, or capture was not running); one that begins
with NUL holds the lines of queue_log for the gap. After a gap the AMI chunks are held back until those lines have come,
so that what happened first is folded first; the order of the chunks decides, so a replay is byte-identical.
"""

from collections import Counter

from msgspec import Struct, field

from cctoolkit.ami.protocol import BANNER, Parser, ProtocolError
from cctoolkit.capture.tracker import Tracker

BACKFILL = b"\0queue_log\n"
HELD_BYTES = 64 << 20
"""How much waits for the lines of a gap; of a flood the rest is folded without them, and the lines after it."""


def _parser() -> Parser:
    return Parser(banner=False)


class Feeder(Struct):
    """Feeds one node's tracker. `since` is the moment (the switch's clock, microseconds) before the gap that waits for
    its lines, 0 when nothing was ever heard; `messages` counts what was read of AMI.
    """

    tracker: Tracker
    since: int = 0
    messages: int = 0
    _odd: dict[str, int] = field(default_factory=dict)
    """What made no message, by name, of connections that are over."""
    _parser: Parser = field(default_factory=_parser)
    _held: list[tuple[bytes, int]] | None = None
    _held_bytes: int = 0

    @property
    def odd(self) -> dict[str, int]:
        """What made no whole record, by name: how often."""
        return dict(Counter(self._odd) + Counter(self._parser.odd) + Counter(self.tracker.odd))

    @property
    def holding(self) -> bool:
        """Say whether events wait for the lines of a gap."""
        return self._held is not None

    def take(self, data: bytes, received: int = 0) -> None:
        """Fold one chunk; `received` is when it came (microseconds since the epoch), 0 when nobody knows."""
        if data.startswith(BACKFILL):
            late = self._held is None
            self.tracker.backfill(data.removeprefix(BACKFILL).decode("utf-8", "replace"), late=late)
            self.finish()
        elif self._held is not None:
            # One gap on the other, and still no lines: they will tell of both.
            self._held.append((data, received))
            self._held_bytes += len(data)
            if self._held_bytes > HELD_BYTES:
                self._odd["late_lines"] = self._odd.get("late_lines", 0) + 1
                self.finish()
        elif data:
            self._parse(data, received)
        else:
            self.since, self._held = self.tracker.now, [(data, received)]

    def finish(self) -> None:
        """Fold what is held back: no lines will come."""
        held, self._held, self._held_bytes = self._held or [], None, 0
        for data, received in held:
            if data:
                self._parse(data, received)
            else:
                self._odd = dict(Counter(self._odd) + Counter(self._parser.odd))
                self._parser = _parser()
                self.tracker.gap()

    def lost(self) -> None:
        """Take note that chunks are missing here, and will not come: the journal is damaged."""
        self.take(b"")
        self.finish()

    def _parse(self, data: bytes, received: int) -> None:
        # The banner begins a connection; a transcript may begin in the middle of one.
        if data.startswith(BANNER):
            data = data.partition(b"\n")[2]
        try:
            messages = self._parser.feed(data)
        except ProtocolError as error:
            messages = error.before
        self.messages += len(messages)
        for message in messages:
            self.tracker.feed(message, received)
