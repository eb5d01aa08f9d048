"""From the journal's chunks to the tracker: one way for live bytes, for replays and for restarts.

A chunk is bytes of AMI; an empty one is a gap (the connection was lost, or capture was not running); one that begins
with NUL holds the lines of queue_log for the gap. After a gap the AMI chunks are held back until those lines have come,
so that what happened first is folded first; the order of the chunks decides, so a replay is byte-identical.
"""

from msgspec import Struct, field

from cctoolkit.ami.protocol import BANNER, Parser, ProtocolError
from cctoolkit.capture.tracker import Tracker

BACKFILL = b"\0queue_log\n"


def _parser() -> Parser:
    return Parser(banner=False)


class Feeder(Struct):
    """Feeds one node's tracker. `since` is the moment (the switch's clock, microseconds) before the gap that waits for
    its lines, 0 when nothing was ever heard; `anomalies` counts what was no AMI.
    """

    tracker: Tracker
    since: int = 0
    anomalies: int = 0
    _parser: Parser = field(default_factory=_parser)
    _held: list[tuple[bytes, int]] | None = None

    def take(self, data: bytes, received: int = 0) -> None:
        """Fold one chunk; `received` is when it came (microseconds since the epoch), 0 when nobody knows."""
        if data.startswith(BACKFILL):
            self.tracker.backfill(data.removeprefix(BACKFILL).decode("utf-8", "replace"))
            self.finish()
        elif self._held is not None:
            # One gap on the other, and still no lines: they will tell of both.
            self._held.append((data, received))
        elif data:
            self._parse(data, received)
        else:
            self.since, self._held = self.tracker.now, [(data, received)]

    def finish(self) -> None:
        """Fold what is held back: no lines will come."""
        held, self._held = self._held or [], None
        for data, received in held:
            if data:
                self._parse(data, received)
            else:
                self.anomalies += self._parser.anomalies
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
        for message in messages:
            self.tracker.feed(message, received)
