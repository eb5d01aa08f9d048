"""The rows of a queue_log's database table as lines, and those of a dump of it as CSV.

Source: contrib/ast-db-manage and main/logger.c of Asterisk 22. `time` is the switch's local time (`%F %T.%6q`), or UTC
with queue_log_realtime_use_gmt; older ones wrote the epoch. What stands after the event is parted into data1 to data5;
older tables have it whole, as `data`. Lines tell whole seconds, whatever the table has: so both forms tell the same.
"""

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from msgspec import Struct

from cctoolkit.capture.lines import Line, line_of
from cctoolkit.capture.rows import LONGEST
from cctoolkit.errors import UsageError

COLUMNS = ("time", "callid", "queuename", "agent", "event", "data1", "data2", "data3", "data4", "data5")
WHOLE = "data"
"""The column that has what the last five have, in older tables instead of them, in FreePBX's beside them."""
_DELIMITERS = ",;\t"
_NONE = ("\\N", "NULL")
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
    skipped = len(cells) - len(COLUMNS)
    if skipped in (0, 1) and "|" not in row and cells[skipped][:4].isdecimal():
        return Header(delimiter, (*["id"] * skipped, *COLUMNS), titled=False)
    return None


class Reader:
    """Makes lines of a table's rows. `zone` is that of its local times, None when nobody said."""

    def __init__(self, where: str, names: Sequence[str], zone: ZoneInfo | None, odd: Counter[str]) -> None:
        self._where, self._zone, self._odd = where, zone, odd
        self._places = {name: place for place, name in enumerate(names)}
        self._before = 0

    def line(self, cells: Sequence[str]) -> Line | None:
        """Return a row's line, None when it is none."""
        if sum(map(len, cells)) > LONGEST:
            self._odd["a row that is too long"] += 1
            return None
        line = self._line(cells)
        if line is None:
            self._odd["a row that is none of queue_log"] += 1
        return line

    def _line(self, cells: Sequence[str]) -> Line | None:
        try:
            at = self._second(self._cell(cells, "time"))
            fields = [str(at), *(self._cell(cells, name) for name in COLUMNS[1:5])]
        except (ValueError, LookupError, OverflowError):
            return None
        data = [self._cell(cells, name) for name in COLUMNS[5:] if name in self._places]
        if WHOLE in self._places and not any(data):
            data = self._cell(cells, WHOLE).split("|")
        # A field is a field: what a caller sent parts no line.
        line = line_of("|".join(field.replace("|", "") for field in fields + data))
        if line is None or not line.event:
            return None
        self._before = at
        return line

    def _cell(self, cells: Sequence[str], name: str) -> str:
        text = cells[self._places[name]]
        if "\n" in text or "\r" in text:
            self._odd["a line break in a row (taken as a space)"] += 1
            text = " ".join(text.splitlines())
        return "" if text in _NONE else text

    def _second(self, text: str) -> int:
        try:
            return second_of(text, self._zone, self._before)
        except LookupError:
            raise UsageError(
                f"its times are local ({text}) and it does not say whose", where=self._where,
                expected="--time-zone ZONE: the switch's, or UTC where logger.conf has queue_log_realtime_use_gmt",
            ) from None  # fmt: skip


def second_of(text: str, zone: tzinfo | None, before: int) -> int:
    """Return the second that a time says: the epoch's, one with a zone, or a local one, see `in_zone`. Raise ValueError
    or OverflowError when it is none, LookupError when it is local and nobody said whose.
    """
    if (whole := text.partition(".")[0]).isdecimal():
        return int(whole)
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is not None:
        return int(moment.timestamp())
    if zone is None:
        raise LookupError(text)
    return in_zone(moment, zone, before)


def in_zone(moment: datetime, zone: tzinfo, before: int) -> int:
    """Return the second of a local time; `before` is that of the row before, since an hour comes twice in autumn, and
    rows come in order.
    """
    at = int(moment.replace(tzinfo=zone).timestamp())
    again = int(moment.replace(tzinfo=zone, fold=1).timestamp())
    return again if at - before < _FOLD_BACK and again >= before + _FOLD_BACK else at


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
