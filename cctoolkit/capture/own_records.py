"""The switch's own call records (CDR): rows of a file or a table, pure, to lines that stand beside those of queue_log.

A row is a pair of channels, to the whole second, written when its first channel has gone. So that a journal has one
form for whatever was logged, it becomes a line of queue_log's: `end|linkedid|channel|other channel|CDR|…`.
Source: docs.asterisk.org, CDR Specification; cdr_csv.c, cdr.h, samples of cdr.conf and cdr_custom.conf of Asterisk 22.
"""

import csv
import re
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC
from zoneinfo import ZoneInfo

from msgspec import Struct

from cctoolkit.capture.lines import SECOND, Line, line_of
from cctoolkit.capture.moments import born
from cctoolkit.capture.said import seconds
from cctoolkit.capture.tables import second_of

EVENT = "CDR"

COLUMNS = (
    "accountcode", "src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp", "lastdata", "start", "answer",
    "end", "duration", "billsec", "disposition", "amaflags",
)  # fmt: skip
"""What cdr_csv always writes; uniqueid, userfield and three more follow as cdr.conf says."""

_OWN = ("disposition", "src", "dst", "dcontext", "lastapp", "lastdata")
TABLE = (
    "calldate", "start", "answer", "end", "duration", "billsec", "channel", "dstchannel", "uniqueid", "linkedid", *_OWN,
)  # fmt: skip
"""What counts of a table's columns."""

_MORE = ("peeraccount", "linkedid", "sequence")
_CUSTOM = (
    "clid", "src", "dst", "dcontext", "channel", "dstchannel", "lastapp", "lastdata", "start", "answer", "end",
    "duration", "billsec", "disposition", "amaflags", "accountcode", "uniqueid", "userfield", "sequence",
)  # fmt: skip
"""The sample of cdr_custom.conf."""

ID = re.compile(r"(?:[^.]*-)?[0-9]{9,11}\.[0-9]{1,9}\Z")
"""A unique id: `<systemname>-<second>.<count>`, or without the first."""
_PARTS = re.compile("[|\0\r\n]")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9:.]{8,15}\Z")
_LONGEST = 256
"""Characters of a field: names of channels and contexts have at most 80."""
_NUMBERED = {"0": "NO ANSWER", "1": "NO ANSWER", "2": "FAILED", "4": "BUSY", "8": "ANSWERED", "16": "CONGESTION"}
"""What a column of numbers has as its disposition."""

_NEVER = "0000-00-00"
"""How MySQL says that there was no answer, where the column must have a time."""

_HALF_HOUR = 1800
_ABOUT = 2


class Row(Struct, frozen=True):
    """One row; moments in whole seconds as microseconds, `answered_at` 0 where nobody answered."""

    uniqueid: str
    linkedid: str
    channel: str
    other: str
    start: int
    answered_at: int
    end: int
    disposition: str
    caller: str
    dialled: str
    context: str
    application: str
    data: str

    @property
    def begins(self) -> bool:
        """Say whether its channel began a call, as far as it says."""
        return self.linkedid == self.uniqueid


def row_of(line: Line) -> Row | None:
    """Return the row that a line was made of, None when it was made of none."""
    if line.event != EVENT or len(line.fields) < _FIELDS:
        return None
    uniqueid, start, answer, *rest = line.fields[5:_FIELDS]
    moments = seconds(start) * SECOND, seconds(answer) * SECOND, line.at
    return Row(uniqueid, line.call, line.queue, line.agent, *moments, *rest)


_FIELDS = 14


class Reader:
    """Makes lines of rows. `columns` are theirs where somebody has said, `zone` that of their times; `latest` gives the
    moment after which nothing is believed (microseconds), `odd` counts what makes no line, by kind.
    """

    def __init__(
        self, zone: ZoneInfo | None, odd: Counter[str], latest: Callable[[], int], columns: Sequence[str] = ()
    ) -> None:
        self.odd = odd
        self._zone, self._latest, self._columns = zone, latest, tuple(columns)

    def line(self, row: str) -> Line | None:
        """Return the line of a file's row, None when it is none."""
        return self.of(cells_of(row)) if row.strip() else None

    def of(self, cells: Sequence[str]) -> Line | None:
        """Return the line of a row's cells, None when it is none."""
        names = self._columns or _named(cells)
        if not names or len(cells) < len(names):
            self.odd["a row that is none of CDR (cdr_log's columns say what it has)"] += 1
            return None
        found = {name: tame(cell) for name, cell in zip(names, cells, strict=False)}
        found["disposition"] = _NUMBERED.get(found.get("disposition", ""), found.get("disposition", ""))
        if why := _wrong(found):
            self.odd[why] += 1
            return None
        return self._made(found)

    def _made(self, row: dict[str, str]) -> Line | None:
        try:
            start, answer, end = self._moments(row)
        except (ValueError, OverflowError):
            self.odd["a row of CDR whose times are none"] += 1
            return None
        if not self._fits(start, born(row["uniqueid"])):
            self.odd["a row of CDR whose times are not of its time zone (time_zone in the site)"] += 1
            return None
        if end * SECOND > self._latest() or not start <= end:
            self.odd["a row of CDR of the future, or that ends before it begins"] += 1
            return None
        linked = row.get("linkedid", "")
        call = linked if ID.match(linked) else row["uniqueid"]
        own = [row.get(name, "")[:_LONGEST] for name in _OWN]
        of = [str(end), call, row.get("channel", ""), row.get("dstchannel", ""), EVENT, row["uniqueid"]]
        return line_of("|".join([*of, str(start), str(answer), *own]))

    def _moments(self, row: dict[str, str]) -> tuple[int, int, int]:
        """Return when it began, was answered (0: was not) and ended. A table may count seconds instead."""
        start = self._second(row.get("start") or row.get("calldate", ""), born(row["uniqueid"]))
        if "answer" in row and _said(row, "end"):
            answer = self._second(row["answer"], start) if _said(row, "answer") else 0
            return start, answer, self._second(row["end"], answer or start)
        lasted, talked = (seconds(row.get(name, "").partition(".")[0]) for name in ("duration", "billsec"))
        return start, start + lasted - talked if row["disposition"] == "ANSWERED" else 0, start + lasted

    def _second(self, text: str, before: int) -> int:
        return second_of(text, self._zone or UTC, before)

    def _fits(self, start: int, channel: int) -> bool:
        """Say whether a row can be of its channel, whose id has the second it was made in. Where nobody has said whose
        times they are, they are taken for UTC's, unless they are whole half hours away.
        """
        if not channel:
            return True
        late = start - channel
        if late < -_ABOUT:
            return False
        away = (late + _ABOUT) % _HALF_HOUR <= 2 * _ABOUT and late > _ABOUT
        return self._zone is not None or not away


_KEPT = frozenset({"uniqueid", "linkedid", "channel", "dstchannel", "disposition", "src", "dst", "dcontext", "lastapp"})
"""What a line has of a row; `lastdata` may be long, and is cut."""


def _wrong(row: dict[str, str]) -> str:
    """Return why a row is not to be believed, "" when it is."""
    if any(len(cell) > _LONGEST for name, cell in row.items() if name in _KEPT):
        return "a row of CDR with a field that is too long"
    if not ID.match(row.get("uniqueid", "")):
        return "a row of CDR without a unique id: nobody can say of which call it is (loguniqueid of cdr.conf)"
    return ""


def _said(row: dict[str, str], name: str) -> bool:
    """Say whether a row has a time."""
    return bool(row.get(name)) and not row[name].startswith(_NEVER)


def cells_of(row: str) -> list[str]:
    """Return the fields of a row, none where it is no row."""
    try:
        return next(csv.reader([row.removesuffix("\r")], strict=True), [])
    except csv.Error:
        return []


def _named(cells: Sequence[str]) -> tuple[str, ...]:
    """Return what the columns are of a row as Asterisk writes it where nobody has chosen, () where it is none."""
    if len(cells) >= len(COLUMNS) and _TIME.match(cells[9]) and _TIME.match(cells[11]):
        more = cells[len(COLUMNS) :]
        tail = _MORE if len(more) >= len(_MORE) else ()
        own = more[: len(more) - len(tail)]
        ids = {0: (), 1: ("uniqueid",) if own and ID.match(own[0]) else ("userfield",), 2: ("uniqueid", "userfield")}
        return (*COLUMNS, *ids[len(own)], *tail) if len(own) in ids else ()
    if len(cells) == len(_CUSTOM) and _TIME.match(cells[8]) and _TIME.match(cells[10]):
        return _CUSTOM
    return ()


def tame(cell: str) -> str:
    """Return a field that parts no line."""
    return _PARTS.sub("", cell)
