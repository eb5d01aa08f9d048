"""From the journal's chunks to the tracker: one way for live bytes, for replays and for restarts.

A chunk is bytes of AMI; an empty one is a gap (the connection was lost, or capture was not running); one that begins
with NUL holds the lines of queue_log for the gap. After a gap the AMI chunks are held back until those lines have come,
so that what happened first is folded first; the order of the chunks decides, so a replay is byte-identical.
"""

from cctoolkit.ami.protocol import BANNER, Parser
from cctoolkit.capture.tracker import Tracker

BACKFILL = b"\0queue_log\n"


class Feeder:
    """Feeds one node's tracker."""

    def __init__(self, node: str) -> None:
        self.tracker = Tracker(node)
        self._parser = Parser(banner=False)
        self._held: list[bytes] | None = None

    def take(self, data: bytes) -> None:
        """Fold one chunk."""
        if not data:
            self._release()
            self._parser = Parser(banner=False)
            self._held = []
        elif data.startswith(BACKFILL):
            self.tracker.backfill(data.removeprefix(BACKFILL).decode("utf-8", "replace"))
            self._release()
        elif self._held is not None:
            self._held.append(data)
        else:
            self._parse(data)

    def finish(self) -> None:
        """Fold what is held back: no lines will come."""
        self._release()

    def _release(self) -> None:
        held, self._held = self._held or [], None
        for data in held:
            self._parse(data)

    def _parse(self, data: bytes) -> None:
        # The banner begins a connection; a transcript may begin in the middle of one.
        if data.startswith(BANNER):
            data = data.partition(b"\n")[2]
        for message in self._parser.feed(data):
            self.tracker.feed(message)
