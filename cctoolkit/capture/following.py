"""What a gap of the events needs of queue_log: its lines, and those from before it of calls that go on.

Rows of calls that may still have some in the next gap are kept, so that nothing is read twice; see rotated.py.
"""

from collections import Counter, deque
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from msgspec import Struct, field

from cctoolkit.capture.channel_events import EVENT as CHANNELS
from cctoolkit.capture.deeds import STATE_EVENTS
from cctoolkit.capture.lines import SECOND, Line, line_of, parse
from cctoolkit.capture.own_calls import of_calls
from cctoolkit.capture.own_records import EVENT as OWN
from cctoolkit.capture.rotated import Files, Position, Reads, read_on
from cctoolkit.capture.tracker import KEEP_US, LOST_US

_EARLY = 2 * SECOND
BEFORE_END = 60 * SECOND
"""How long before the end of a call rows may be of it that name it by a channel alone."""

_MOST_STATES = 200_000
_SWEEP = 10_000
_TRIES = 3
_NO_CALL = frozenset({"", "NONE", "REALTIME", "MANAGER", "CLI"})


class _Call(Struct):
    rows: list[tuple[int, str]]
    last: int = 0
    entered: bool = False
    ended: bool = False


class Recent(Struct):
    """Rows by their calls, as long as a gap may need them. `since`: when the gap began (microseconds), 0: always;
    `spared`: calls whose rows are needed whenever they were written.
    """

    since: int = 0
    spared: Collection[str] = ()
    _calls: dict[str, _Call] = field(default_factory=dict)
    _states: deque[tuple[int, tuple[int, str]]] = field(default_factory=lambda: deque(maxlen=_MOST_STATES))
    _events: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=_MOST_STATES))
    """Of channels: only those of the gap itself."""
    _count: int = 0
    now: int = 0

    def take(self, line: Line) -> None:
        """Take the next line."""
        self._count += 1
        row = self._count, "|".join(line.fields)
        self.now = max(self.now, line.at)
        if line.event == CHANNELS:
            if self.since and line.at >= self.since - _EARLY:
                self._events.append(row)
        elif line.event in STATE_EVENTS:
            if line.at >= self.since - _EARLY:
                self._states.append((line.at, row))
        elif line.call not in _NO_CALL:
            call = self._calls.setdefault(line.call, _Call([]))
            call.rows.append(row)
            call.last = max(call.last, line.at)
            call.entered |= line.event == "CCTENTRY"
            call.ended |= line.event in ("CCTEND", OWN)
        if self._count % _SWEEP == 0:
            self.sweep(min(self.now, self.since or self.now))

    def sweep(self, now: int) -> None:
        """Forget calls that have no line any more, at a moment."""
        for id_, call in list(self._calls.items()):
            if id_ not in self.spared and call.last < now - (KEEP_US if call.ended else LOST_US):
                del self._calls[id_]

    def settle(self) -> None:
        """Forget what no later gap needs."""
        self.sweep(self.now)
        self._events.clear()
        while self._states and self._states[0][0] < self.now - KEEP_US:
            self._states.popleft()

    def text(self, *, only_live: bool) -> str:
        """Return the rows that the gap needs, in their order: of every call with a line in it, from its beginning, and
        of agents' states in it. `only_live`: of calls that have not ended, and of agents' states at any time.
        """
        since = self.since - _EARLY
        needed = (
            call
            for id_, call in self._calls.items()
            if id_ in self.spared or (call.entered and not call.ended if only_live else call.last >= since)
        )
        rows = [row for call in needed for row in call.rows]
        rows += [row for at, row in self._states if only_live or at >= since]
        rows += self._events
        return "".join(f"{row}\n" for _, row in sorted(rows))

    def told(self) -> str:
        """Return what the gap needs, and forget what no later one does."""
        text = self.text(only_live=self.since == 0)
        self.settle()
        return text


def select(text: str, since: int, *, only_live: bool) -> str:
    """Return the lines of a whole log that a gap needs: see `Recent`."""
    recent = Recent(since)
    for line in parse(text):
        recent.take(line)
    return recent.text(only_live=only_live)


class Follower:
    """Reads a node's queue_log for one gap after the other; `opened` gives where it lies, anew each time."""

    def __init__(
        self, opened: Callable[[], AbstractContextManager[Files]], reads: Reads = line_of, finds: Reads = line_of
    ) -> None:
        """`reads` makes lines of rows; so does `finds`, where a place is looked for, and rows are looked at again."""
        self._opened, self._reads, self._finds = opened, reads, finds
        self._before = LOST_US
        self._recent = Recent()
        self._position: Position | None = None

    def __call__(self, since: int) -> str:
        """Return the rows that a gap since `since` (microseconds; 0: since ever) needs. Raise OSError."""
        self._recent.since = since
        with self._opened() as files:
            for left in reversed(range(_TRIES)):
                try:
                    self._read(files, since)
                    break
                except FileNotFoundError:
                    # Packed while it was read: it goes on in the packed one.
                    if not left:
                        raise
        return self._recent.told()

    def _read(self, files: Files, since: int) -> None:
        whole = max(0, since - self._before) // SECOND
        for rows, position in read_on(files, self._position, whole, self._finds):
            self._position = position
            for line in parse(rows.decode("utf-8", "replace"), self._reads):
                self._recent.take(line)


class OwnReader(Protocol):
    """Makes lines of the rows of one of the switch's own records."""

    odd: Counter[str]

    def line(self, row: str) -> Line | None:
        """Return a row's line, None when it is none."""


class OwnRecords(Protocol):
    """Reads one of the switch's own records of calls for one gap after the other; `odd` counts what makes no line."""

    odd: Counter[str]

    def __call__(self, since: int) -> str:
        """See `Follower`; of what was before anybody listened nothing is told."""

    def of(self, ended: Mapping[str, int]) -> str:
        """Return the rows of calls that have ended, at moments (microseconds) by the unique id of a channel of each."""


class OwnFollower(Follower):
    """Reads such from a file; an `OwnRecords`."""

    def __init__(
        self, opened: Callable[[], AbstractContextManager[Files]], reader: OwnReader, finder: OwnReader
    ) -> None:
        super().__init__(opened, reader.line, finder.line)
        self.odd = reader.odd
        # Rows are written when a call has ended, or as things happen: of before a gap hardly any is needed.
        self._before = KEEP_US

    def __call__(self, since: int) -> str:
        """See `OwnRecords`."""
        self._recent.spared = ()
        return super().__call__(since) if since else ""

    def of(self, ended: Mapping[str, int]) -> str:
        """See `OwnRecords`."""
        self._recent.spared = ended.keys()
        return of_calls(super().__call__(min(ended.values()) - BEFORE_END), ended.keys())
