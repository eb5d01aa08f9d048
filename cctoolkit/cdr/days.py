"""Days that are sealed: a folder of Parquet files each, one file a table, beside the SQLite file.

A day is UTC's; its calls are those that entered in it, its states of agents those that began in it. Rows stand in the
order of their calls. What SQLite still has of a call, or has again, is newer than what is sealed. A column that the
structs gained since is read as the field's default; what a newer cctoolkit sealed is refused.
"""

import fcntl
import shutil
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from heapq import merge
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cctoolkit.cdr import files, schema
from cctoolkit.cdr.columns import Read, Value
from cctoolkit.cdr.database import Database
from cctoolkit.cdr.reading import Whole
from cctoolkit.cdr.records import CallRecord, Micros
from cctoolkit.cdr.wanted import Wanted
from cctoolkit.errors import OperatorError

if TYPE_CHECKING:
    pass

DAY: Micros = 86_400_000_000
LONGEST_CALL = 1
LONGEST_STATE = 31
"""In days: what lasts longer is not sealed, so that a window knows how many days before it can matter."""

_CACHED = 4


class Days:
    """The sealed days below a folder; None, or no such folder: there are none."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._versions: OrderedDict[tuple[Path, int], dict[str, tuple[bytes, int]]] = OrderedDict()

    @property
    def can_be(self) -> bool:
        """Say whether days of this store can be sealed at all."""
        return self._folder is not None

    def path(self, day: int) -> Path:
        """Return the folder of the day of this number, counted from 1970-01-01."""
        assert self._folder is not None  # noqa: S101 - only who has a folder seals
        return self._folder / (date(1970, 1, 1) + timedelta(days=day)).isoformat()

    def listed(self, first: int = -(2**31), last: int = 2**31) -> list[int]:
        """Return the numbers of the sealed days from first to last, in order."""
        if self._folder is None or not self._folder.is_dir():
            return []
        found = (_number(path.name) for path in self._folder.iterdir())
        return sorted(number for number in found if number is not None and first <= number <= last)

    def touched(self, start: Micros, until: Micros) -> list[int]:
        """Return the days that may hold what a figure of the time asks: states have begun up to a month before."""
        return self.listed(start // DAY - LONGEST_STATE, (until - 1) // DAY)

    def read(self, day: int) -> Iterator[Whole]:
        """Yield a day's calls in order of entry, each with its rows below."""
        known = self._of_day(day)
        groups = {table: _Groups(self.rows(day, table), known) for table in schema.BELOW}
        for row in self.rows(day, "calls"):
            yield row, {table: group.of(row["call"]) for table, group in groups.items()}

    def merged(self, hot: Iterator[Whole], wanted: Wanted, now: Database) -> Iterator[Whole]:
        """Yield what is wanted of the sealed days too, in order, but for calls that the snapshot `now` has."""
        start, until = wanted.span()
        found = self.listed(start // DAY, (until - 1) // DAY)
        if not found:
            return hot
        newer = {row["call"] for row in now.rows("SELECT call FROM calls")}
        sealed = (whole for day in found for whole in self.read(day))
        kept = (whole for whole in sealed if whole[0]["call"] not in newer and wanted.takes(*whole))
        return merge(hot, kept, key=lambda whole: (whole[0]["entered_us"], whole[0]["call"]))

    def versions(self, records: Sequence[CallRecord]) -> dict[str, tuple[bytes, int]]:
        """Return the digests and known edges of those records that are sealed."""
        found: dict[str, tuple[bytes, int]] = {}
        for day in {record.entered.at // DAY for record in records} if self._folder else ():
            sealed = self._of_day(day)
            found |= {record.call: sealed[record.call] for record in records if record.call in sealed}
        return found

    def find(self, call: str, days: Sequence[int]) -> Whole | None:
        """Return a call that is sealed in one of these days."""
        day = next((day for day in days if call in self._of_day(day)), None)
        return None if day is None else next(whole for whole in self.read(day) if whole[0]["call"] == call)

    def _of_day(self, day: int) -> dict[str, tuple[bytes, int]]:
        path = self.path(day) / "calls.parquet"
        try:
            key = (path, path.stat().st_mtime_ns)
        except FileNotFoundError:
            return {}
        if key not in self._versions:
            rows = self.rows(day, "calls", ("call", "digest", "known_edges"))
            self._versions[key] = {row["call"]: (row["digest"], row["known_edges"]) for row in rows}
            while len(self._versions) > _CACHED:
                self._versions.popitem(last=False)
        return self._versions[key]

    def unknown_states(self, rows: Sequence[Mapping[str, Value]]) -> list[Mapping[str, Value]]:
        """Return those rows of agents' states that are not sealed as they are, or that know an end which is not."""
        days = {int(row["start_us"] or 0) // DAY for row in rows} if self._folder else set()
        sealed = {_state(row): row["end_us"] for day in days for row in self.rows(day, "agent_states")}
        return [row for row in rows if _state(row) not in sealed or row["end_us"] not in (None, sealed[_state(row)])]

    def rows(self, day: int, table: str, only: Sequence[str] | None = None) -> Iterator[Mapping[str, Any]]:
        """Yield the rows of one table, in the order of their calls; none when it had no such table."""
        return files.rows(self.path(day) / f"{table}.parquet", table, only)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let nobody else seal or rewrite days meanwhile; raise OperatorError when pyarrow is missing, and in the place
        of an OSError of what is written inside: the folder is not ours to write, or the disk is full.
        """
        _need_pyarrow()
        assert self._folder is not None  # noqa: S101 - only who has a folder seals
        try:
            self._folder.mkdir(mode=0o770, parents=True, exist_ok=True)
            with (self._folder / ".lock").open("w") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                yield
        except OSError as error:
            raise OperatorError(
                f"sealed days cannot be written: {error.strerror or error}",
                where=str(self._folder),
                expected="a folder that can be written, with room for a day",
                next_step="free some space, or change its permissions; what is sealed is whole, and the rest stays "
                "where it is",
            ) from error

    def write(self, day: int, tables: Mapping[str, Iterable[Sequence[Value | bytes]]]) -> None:
        """Write a day's files, those of a day that is there anew: wholly there or not at all, whatever comes in the
        middle; of a day written anew each file is, the calls first. Inside `alone` only.
        """
        path = self.path(day)
        being_made = path.with_name(".building")
        shutil.rmtree(being_made, ignore_errors=True)
        being_made.mkdir(mode=0o770)
        for table, rows in tables.items():
            files.write(being_made / f"{table}.parquet", table, rows)
        files.sync(being_made)
        if path.exists():
            for table in tables:
                (being_made / f"{table}.parquet").rename(path / f"{table}.parquet")
            files.sync(path)
        else:
            being_made.rename(path)
        files.sync(path.parent)

    def remove(self, day: int) -> None:
        """Remove a day of which nothing is left."""
        going = self.path(day).with_name(".going")
        shutil.rmtree(going, ignore_errors=True)
        self.path(day).rename(going)
        shutil.rmtree(going)


class _Groups:
    """The rows of a table by call, taken in the order of the calls. Those of calls that are not there any more, since
    a day was being written anew when it was cut off, are passed over.
    """

    def __init__(self, rows: Iterator[Mapping[str, Any]], known: Mapping[str, object]) -> None:
        self._rows = (row for row in rows if row["call"] in known)
        self._next = next(self._rows, None)

    def of(self, call: str) -> list[Mapping[str, Any]]:
        found = []
        while self._next is not None and self._next["call"] == call:
            found.append(self._next)
            self._next = next(self._rows, None)
        return found


def _number(name: str) -> int | None:
    try:
        return (date.fromisoformat(name) - date(1970, 1, 1)).days
    except ValueError:
        return None


def start_of(day: date) -> Micros:
    """Return when a day of UTC begins."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1_000_000


def _state(row: Read) -> tuple[Value, ...]:
    return tuple(row[name] for name in schema.KEYS["agent_states"])


def _need_pyarrow() -> None:
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        raise OperatorError(
            f"days cannot be sealed: {error}", expected="pyarrow", next_step="pip install 'cctoolkit[kpi]'"
        ) from error
