"""A log of the switch's in a database's table, read whole, from a moment on, or on from where it was read last.

Rows are known by a number, where the table has one with an index of its own, else by their time. Writers may commit
rows in another order than that of their numbers, and clocks go back: so a few are read again, and told once.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from msgspec import Struct, field

from cctoolkit.capture.database import Asked, Column, Database, LogTable, Row, quoted
from cctoolkit.capture.lines import SECOND, Line
from cctoolkit.capture.tables import COLUMNS, WHOLE, Reader, second_of
from cctoolkit.capture.tracker import LOST_US
from cctoolkit.errors import OperatorError

AGAIN_ROWS = 1000
AGAIN_US = 2 * 3600 * SECOND
"""What is read again: by number, or by time, of which the hour in autumn comes twice."""

_TWICE_US = 3600 * SECOND
"""The hour that comes twice in autumn: its times are taken for those of the first one."""

_PIECE = 1000
"""Rows among which halving ends."""
_SAMPLE = 50


Reads = Callable[[Sequence[str]], Line | None]
"""Makes a line of a row's cells."""


class Form(Struct, frozen=True):
    """What a table has: the log's name, all columns that lines are made of, and those it must have, each by one of some
    names, of which the first tells when. `reader` is given the database's name, the columns there are, the zone of
    local times, and the counter of what makes no line; `late` is how much later than its time a row may be written
    (microseconds).
    """

    log: str
    columns: tuple[str, ...]
    needed: tuple[tuple[str, ...], ...]
    reader: Callable[[str, Sequence[str], ZoneInfo | None, Counter[str]], Reads]
    late: int = 0


QUEUE_LOG = Form(
    "queue_log", (*COLUMNS, WHOLE), tuple((name,) for name in COLUMNS[:5]), lambda *known: Reader(*known).line
)


class Mark(Struct):
    """How far a table was read: its newest row, by number or moment (microseconds), and those that may come again."""

    newest: int = 0
    numbered: dict[int, Line | None] = field(default_factory=dict)
    timed: Counter[Line] = field(default_factory=Counter)
    room: int = 2 * AGAIN_ROWS

    def take(self, number: int, line: Line | None) -> None:
        """Go on to a row; where rows have no numbers, 0, to its line."""
        if number:
            self.numbered[number], self.newest = line, max(self.newest, number)
        elif line:
            self.timed[line], self.newest = self.timed[line] + 1, max(self.newest, line.at)
        if len(self.numbered) + len(self.timed) > self.room:
            self._prune()

    def _prune(self) -> None:
        """Forget what will not be read again."""
        self.numbered = {n: line for n, line in self.numbered.items() if n >= self.newest - AGAIN_ROWS}
        self.timed = Counter({line: n for line, n in self.timed.items() if line.at >= self.newest - AGAIN_US})
        self.room = 2 * (len(self.numbered) + len(self.timed) + AGAIN_ROWS)


class Table:
    """A table that is open. What is later than `until` (microseconds) is counted, and told by nobody."""

    def __init__(
        self, database: Database, table: LogTable, odd: Counter[str], until: int = 1 << 62, form: Form = QUEUE_LOG
    ) -> None:
        """Raise OperatorError when there is no such table, or it is none of the log."""
        self._database, self._zone, self._odd, self._until = database, table.zone, odd, until
        self._name, self._late = table.name, form.late
        self._table, found = database.table(table.name)
        columns = {column.name.lower(): column for column in found}
        if not all(columns.keys() & {*names} for names in form.needed):
            expected = ", ".join(map(" or ".join, form.needed))
            raise OperatorError(
                f"it has no table of {form.log} called {table.name}", where=database.where,
                expected=f"a table with {expected} and the rest, and the right to read it",
            )  # fmt: skip
        self._time = max((columns[one] for one in form.needed[0] if one in columns), key=lambda one: one.leads)
        numbers = [o.name for o in found if o.kind == "number" and o.unique and o.name.lower() not in form.columns]
        numbers.sort(key=lambda one: one.lower() not in ("id", "rowid"))
        # Of rows that come late their numbers say little.
        self._number = self._quoted(numbers[0]) if numbers and not (self._late and self._time.leads) else ""
        names = [one for one in form.columns if one in columns]
        self._cells = ", ".join(self._text(columns[one]) for one in names)
        self._reads = form.reader(database.where, names, table.zone, odd)

    @property
    def ordered(self) -> bool:
        """Say whether rows are found without reading all of them."""
        return bool(self._number) or self._time.leads

    @property
    def index(self) -> str:
        """What would spare that."""
        time = self._time.name
        return f"CREATE INDEX {self._name.rpartition('.')[2]}_{time} ON {self._name} ({time})"

    def lines(self, since: int = 0) -> Iterator[Line]:
        """Yield the lines from a moment on (microseconds), and some of before; 0: all."""
        return (line for _, line in self._from(self._first(since) if since else None, {}) if line)

    def read_on(self, mark: Mark, since: int) -> Iterator[Line]:
        """Yield the lines after a mark, which goes along; those from a moment on where it marks nothing. 0: as many as
        are newer than the newest row but a day.
        """
        start = self._after(mark, since)
        known = mark.timed.copy()
        for number, line in self._from(start, {*mark.numbered}):
            if line and known[line]:
                known[line] -= 1
                continue
            mark.take(number, line)
            if line:
                yield line

    def stands(self, mark: Mark) -> bool:
        """Say whether a mark is still of this table: of one that was made anew its rows have other numbers."""
        if not self._number or mark.newest not in mark.numbered:
            return True
        query = f"SELECT {self._number}, {self._cells} FROM {self._table} WHERE {self._number} = ?"  # noqa: S608
        found = list(self._lines(self._few(query, mark.newest), {}))
        return not found or found[0][1] == mark.numbered[mark.newest]

    def _after(self, mark: Mark, since: int) -> Asked | None:
        if not self._number:
            return self._moment(mark.newest - AGAIN_US) if mark.newest else self._first(since)
        if mark.newest and mark.newest <= self._end("max"):
            return max(0, mark.newest - AGAIN_ROWS)
        # Nothing was read yet, or it was emptied and has new numbers.
        mark.newest, mark.numbered = 0, {}
        return self._first(since)

    def _from(self, start: Asked | None, known: Collection[int]) -> Iterator[tuple[int, Line | None]]:
        """Yield rows from a number or time on, but for those that are known, each with its number, 0 where rows have
        none, and its line, None when it is none.
        """
        by = self._number or self._quoted(self._time.name)
        # Without an index rows come as they lie, which is as they were written, but for what was deleted.
        order = f" ORDER BY {by}" if self.ordered else ""
        where = "" if start is None else f" WHERE {by} >= {self._database.place}"
        query = f"SELECT {self._number or '0'}, {self._cells} FROM {self._table}{where}{order}"  # noqa: S608 - its own names
        return self._lines(self._database.stream(query, () if start is None else (start,)), known)

    def _lines(self, rows: Iterable[Row], known: Collection[int]) -> Iterator[tuple[int, Line | None]]:
        for number, *cells in rows:
            if int(str(number)) in known:
                continue
            line = self._reads([_text_of(cell) for cell in cells])
            if line and line.at > self._until:
                self._odd["a row of the future"] += 1
                line = None
            yield int(str(number)), line

    def _first(self, since: int) -> Asked | None:
        """Return the number or time to begin with for a moment, None: the first one."""
        since = (since or self._newest() - LOST_US) - _TWICE_US
        if not self._number:
            return self._moment(since)
        low, high = self._end("min"), self._end("max")
        number = self._number
        query = (
            f"SELECT {number}, {self._text(self._time)} FROM {self._table} "  # noqa: S608
            f"WHERE {number} >= ? AND {number} < ? ORDER BY {number} LIMIT {_SAMPLE}"
        )
        while high - low > _PIECE:
            middle = (low + high) // 2
            found = self._seen(self._few(query, middle, high))
            low, high = (found[0], high) if found and found[1] < since - self._late else (low, middle)
        return low

    def _newest(self) -> int:
        """Return the moment of the newest row, 0 when nobody knows."""
        if not self.ordered:
            return 0
        by = self._number or self._quoted(self._time.name)
        query = (
            f"SELECT 0, {self._text(self._time)} FROM {self._table} "  # noqa: S608
            f"WHERE {by} IS NOT NULL ORDER BY {by} DESC LIMIT {_SAMPLE}"
        )
        found = self._seen(self._few(query))
        return found[1] if found else 0

    def _seen(self, rows: Sequence[Row]) -> tuple[int, int] | None:
        """Return the number and moment of the first row that has one to believe."""
        for number, text in rows:
            at = self._at(text)
            if at is not None and at <= self._until:
                return int(str(number)), at
        return None

    def _at(self, time: object) -> int | None:
        """Return the moment that a row says, None when it says none."""
        try:
            return second_of(_text_of(time), self._zone or UTC, 0) * SECOND
        except (ValueError, OverflowError):
            return None

    def _moment(self, at: int) -> Asked | None:
        """Return a moment as the table's times have it."""
        if at <= 0:
            return None
        if self._time.kind == "number":
            return at // SECOND
        rows = self._few(f"SELECT {self._text(self._time)} FROM {self._table} LIMIT {_SAMPLE}")  # noqa: S608
        texts = [_text_of(text) for (text,) in rows if self._at(text) is not None]
        if texts and texts[0].partition(".")[0].isdecimal():
            return str(at // SECOND)
        return f"{datetime.fromtimestamp(at / SECOND, self._zone):%Y-%m-%d %H:%M:%S}" if texts else None

    def _end(self, which: str) -> int:
        ((found,),) = self._few(f"SELECT {which}({self._number}) FROM {self._table}")  # noqa: S608
        return int(str(found)) if found is not None else 0

    def _few(self, query: str, *values: Asked) -> list[Row]:
        return self._database.few(query.replace("?", self._database.place), values)

    def _quoted(self, name: str) -> str:
        return quoted(name, self._database.quote)

    def _text(self, column: Column) -> str:
        return self._database.text(self._quoted(column.name), column)


def _text_of(cell: object) -> str:
    if isinstance(cell, bytes):
        return cell.decode("utf-8", "replace")
    return "" if cell is None else str(cell)
