"""The database table of a queue_log: its rows as lines, from a dump as CSV or from an SQLite file.

Source: contrib/ast-db-manage and main/logger.c of Asterisk 22. `time` is the switch's local time (`%F %T.%6q`), or UTC
with queue_log_realtime_use_gmt; older ones wrote the epoch. What stands after the event is parted into data1 to data5;
older tables have it whole, as `data`. Lines tell whole seconds, whatever the table has: so both forms tell the same.
"""

import csv
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from msgspec import Struct

from cctoolkit.capture.lines import Line, line_of
from cctoolkit.errors import OperatorError, UsageError

_COLUMNS = ("time", "callid", "queuename", "agent", "event", "data1", "data2", "data3", "data4", "data5")
_DELIMITERS = ",;\t"
_NONE = ("\\N", "NULL")
_MAGIC = b"SQLite format 3\0"
_FOLD_BACK = -1800


class Header(Struct, frozen=True):
    """What a dump's columns are, by their names, and what parts them."""

    delimiter: str
    names: tuple[str, ...]
    titled: bool
    """The first row says so, and is no line."""


def header(row: str) -> Header | None:
    """Return what the first row of a dump says, None when it is no dump's."""
    delimiter = max(_DELIMITERS, key=row.count)
    cells = _cells(row, delimiter)
    names = tuple(cell.strip().lower() for cell in cells)
    if {"time", "callid", "event"} <= {*names}:
        return Header(delimiter, names, titled=True)
    skipped = len(cells) - len(_COLUMNS)
    if skipped in (0, 1) and "|" not in row and cells[skipped][:4].isdecimal():
        return Header(delimiter, (*["id"] * skipped, *_COLUMNS), titled=False)
    return None


class Reader:
    """Makes lines of a table's rows. `zone` is that of its local times, None when nobody said."""

    def __init__(self, where: str, names: Sequence[str], zone: ZoneInfo | None, odd: Counter[str]) -> None:
        self._where, self._zone, self._odd = where, zone, odd
        self._places = {name: place for place, name in enumerate(names)}
        self._before = 0

    def line(self, cells: Sequence[str]) -> Line | None:
        """Return a row's line, None when it is none."""
        try:
            at = self._second(self._cell(cells, "time"))
            fields = [str(at), *(self._cell(cells, name) for name in _COLUMNS[1:5])]
        except (ValueError, IndexError, OverflowError):
            self._odd["a row that is none of queue_log"] += 1
            return None
        self._before = at
        whole = self._cell(cells, "data") if "data" in self._places else ""
        data = [self._cell(cells, name) for name in _COLUMNS[5:] if name in self._places]
        # A field is a field: what a caller sent parts no line.
        fields += data or whole.split("|")
        return line_of("|".join(field if field is whole else field.replace("|", "") for field in fields))

    def _cell(self, cells: Sequence[str], name: str) -> str:
        text = cells[self._places[name]]
        return "" if text in _NONE else text

    def _second(self, text: str) -> int:
        if text.partition(".")[0].isdecimal():
            return int(text.partition(".")[0])
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return int(moment.timestamp())
        if self._zone is None:
            raise UsageError(
                f"its times are local ({text}) and it does not say whose", where=self._where,
                expected="--time-zone ZONE: the switch's, or UTC where logger.conf has queue_log_realtime_use_gmt",
            )  # fmt: skip
        at = int(moment.replace(tzinfo=self._zone).timestamp())
        # The hour that comes twice in autumn: rows come in order.
        again = int(moment.replace(tzinfo=self._zone, fold=1).timestamp())
        return again if at - self._before < _FOLD_BACK and again >= self._before + _FOLD_BACK else at


def dumped(text: Iterator[str], head: Header, reader: Reader) -> Iterator[Line]:
    """Yield the lines of a dump's rows; one row of the file is one of the table."""
    for row in text:
        if line := reader.line(_cells(row, head.delimiter)):
            yield line


def _cells(row: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([row], delimiter=delimiter, escapechar="\\" if delimiter == "\t" else None), [])
    except csv.Error:
        return []


def is_sqlite(path: Path) -> bool:
    """Say whether a file is an SQLite database."""
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def stored(path: Path, zone: ZoneInfo | None, odd: Counter[str], after: int = 0) -> Iterator[tuple[int, Line]]:
    """Yield the lines of an SQLite file's table after a row, each with its row's number, in the order they were
    written; of one that was emptied since, all. Raise OperatorError when it has no such table.
    """
    try:
        database = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        database.text_factory = lambda data: data.decode("utf-8", "replace")
        try:
            table, names = _table(database, path)
            reader = Reader(str(path), names, zone, odd)
            columns = ", ".join(f'"{name}"' for name in names)
            (newest,) = database.execute(f'SELECT max(rowid) FROM "{table}"').fetchone()  # noqa: S608 - as below
            if newest is not None and newest < after:
                after = 0
            query = f'SELECT rowid, {columns} FROM "{table}" WHERE rowid > ? ORDER BY rowid'  # noqa: S608 - names of _COLUMNS, and its own
            for number, *row in database.execute(query, (after,)):
                if line := reader.line(["" if cell is None else str(cell) for cell in row]):
                    yield number, line
        finally:
            database.close()
    except sqlite3.Error as error:
        raise OperatorError(f"cannot be read: {error}", where=str(path), expected="an undamaged SQLite file") from error


def _table(database: sqlite3.Connection, path: Path) -> tuple[str, list[str]]:
    tables = [name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    for table in sorted(tables, key=lambda name: name != "queue_log"):
        named = {name.lower() for (name,) in database.execute("SELECT name FROM pragma_table_info(?)", (table,))}
        if {"time", "callid", "event"} <= named and '"' not in table:
            return table, [name for name in (*_COLUMNS, "data") if name in named]
    raise OperatorError(
        "it has no table of queue_log", where=str(path),
        expected="a table with time, callid, queuename, agent, event, data1 to data5",
    )  # fmt: skip
