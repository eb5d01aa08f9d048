"""What a gap of the events needs of the switch's logs where they are in a database's tables: see following.py."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from cctoolkit.capture import channel_events, own_records
from cctoolkit.capture.database import LogTable, opened
from cctoolkit.capture.following import BEFORE_END, Recent
from cctoolkit.capture.journal import now_us
from cctoolkit.capture.lines import SECOND, Line
from cctoolkit.capture.log_table import QUEUE_LOG, Form, Mark, Table
from cctoolkit.capture.moments import born
from cctoolkit.capture.own_calls import of_calls
from cctoolkit.capture.tracker import LOST_US
from cctoolkit.errors import OperatorError, StoreAway

CDR = Form(
    "CDR", own_records.TABLE, (("calldate", "start"), ("channel",), ("uniqueid",)),
    lambda _where, names, zone, odd: own_records.Reader(zone, odd, now_us, names).of,
    # It is written when a call has ended, and has the time of its beginning.
    LOST_US,
)  # fmt: skip
CEL = Form(
    "CEL", channel_events.TABLE,
    (("eventtime",), ("eventtype",), ("channame",), ("uniqueid",), ("linkedid",), ("extra", "eventextra")),
    lambda _where, names, zone, odd: channel_events.Reader(zone, odd, now_us, names).of,
)  # fmt: skip

_PATIENCE_SECONDS = 60
"""How long a database may take for one answer."""

Say = Callable[[str], None]


class _Source:
    """A table, opened anew each time; `say` is told once what that costs without an index."""

    def __init__(self, table: LogTable, form: Form, say: Say) -> None:
        self._table, self._form, self._say = table, form, say
        self._warned = False

    @contextmanager
    def opened(self, odd: Counter[str]) -> Iterator[Table]:
        """Open it; `odd` counts what makes no line. Raise ConnectionError when the database is away, OSError when the
        table cannot be read.
        """
        try:
            with opened(self._table, _PATIENCE_SECONDS) as database:
                table = Table(database, self._table, odd, now_us() + LOST_US, self._form)
                if not table.ordered and not self._warned:
                    self._warned = True
                    what = f"{self._form.log}'s table is searched whole for every gap"
                    self._say(f"{what}; an index would spare that: {table.index}")
                yield table
        except StoreAway as error:
            raise ConnectionError(f"{error.where}: {error.what}") from error
        except OperatorError as error:
            raise OSError(f"{error.where}: {error.what}; {error.next_step or error.expected}") from error


class TableFollower:
    """Reads the queue_log that a node has in a table instead of a file; `say` is told what is odd of it."""

    def __init__(self, table: LogTable, say: Say = lambda _text: None) -> None:
        self._source, self._say = _Source(table, QUEUE_LOG, say), say
        self._recent = Recent()
        self._mark = Mark()

    def __call__(self, since: int) -> str:
        """See `Follower`. Raise ConnectionError when the database is away, OSError when the table cannot be read."""
        self._recent.since = since
        odd: Counter[str] = Counter()
        try:
            with self._source.opened(odd) as table:
                self._read(table, since)
        finally:
            for kind, count in sorted(odd.items()):
                self._say(f"queue_log's table: passed over, {count:,} times: {kind}")
        return self._recent.told()

    def _read(self, table: Table, since: int) -> None:
        if not table.stands(self._mark):
            self._mark, self._recent = Mark(), Recent(since)
        for line in table.read_on(self._mark, max(0, since - LOST_US)):
            self._recent.take(line)


class OwnTable:
    """Reads a node's own records of calls from a table, an `OwnRecords`: all that a gap needs, each time anew. A row
    whose ids begin with another node's name is that node's.
    """

    def __init__(self, table: LogTable, form: Form, node: str, say: Say = lambda _text: None) -> None:
        self.odd: Counter[str] = Counter()
        self._mine = ("", node)
        self._source = _Source(table, form, say)
        self._before = form.late or BEFORE_END

    def __call__(self, since: int) -> str:
        """See `OwnRecords`. Raise OSError as `lines`."""
        self.odd.clear()
        return self._told(Recent(since), since - self._before, self.odd) if since else ""

    def of(self, ended: Mapping[str, int]) -> str:
        """See `OwnRecords`. Raise OSError as `lines`."""
        began = min(born(id_) * SECOND or at - LOST_US for id_, at in ended.items())
        recent = Recent(min(ended.values()) - BEFORE_END, ended.keys())
        # What is odd of them is counted for gaps.
        return of_calls(self._told(recent, began - BEFORE_END, Counter()), ended.keys())

    def lines(self, since: int, odd: Counter[str]) -> Iterator[Line]:
        """Yield the lines of rows whose time is a moment or later, and of some before. Raise ConnectionError when the
        database is away, OSError when the table cannot be read.
        """
        with self._source.opened(odd) as table:
            yield from (line for line in table.lines(since) if line.call.rpartition("-")[0] in self._mine)

    def _told(self, recent: Recent, since: int, odd: Counter[str]) -> str:
        for line in self.lines(since, odd):
            recent.take(line)
        return recent.told()
