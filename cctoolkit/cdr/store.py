"""Where call records are kept: a SQLite file with the days that were sealed beside it, or a PostgreSQL database.

Records are keyed: putting one again adds nothing, a later version replaces the earlier, an earlier one that
comes late (a replay) is ignored. A commit is on the disk when it returns, so batch the commits.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from cctoolkit.cdr import forgetting, reading, schema
from cctoolkit.cdr.address import FILE_NAME, Place
from cctoolkit.cdr.columns import Read, Value, columns, flatten, nest
from cctoolkit.cdr.connection import connect
from cctoolkit.cdr.database import Database
from cctoolkit.cdr.days import Days
from cctoolkit.cdr.reading import CHUNK, marks
from cctoolkit.cdr.records import AgentInterval, CallRecord, Micros
from cctoolkit.cdr.rows import digest, known_edges, parts
from cctoolkit.cdr.unsealed import firsts
from cctoolkit.cdr.wanted import Wanted
from cctoolkit.cdr.whole import Whole

__all__ = ["FILE_NAME", "Store", "micros"]

_PUT_STATE = (
    f"INSERT INTO agent_states ({', '.join(schema.names('agent_states'))})"  # noqa: S608 - names of ours
    f" VALUES ({', '.join('?' * len(schema.names('agent_states')))})"
    f" ON CONFLICT ({', '.join(schema.KEYS['agent_states'])})"
    " DO UPDATE SET end_us = excluded.end_us, end_source = excluded.end_source WHERE excluded.end_us IS NOT NULL"
    " AND (coalesce(agent_states.end_us, 0) <> excluded.end_us"
    " OR coalesce(agent_states.end_source, '') <> excluded.end_source)"
)

_TOLD = "SELECT told FROM journals WHERE node = ?"
_TELL = "INSERT INTO journals (node, told) VALUES (?, ?) ON CONFLICT (node) DO UPDATE SET told = excluded.told"

Version = tuple[bytes, int]
"""A record's digest, and how many of its edges are known."""


def micros(moment: datetime) -> Micros:
    """Return an aware moment in whole microseconds since the epoch, exactly."""
    whole = int(moment.replace(microsecond=0).timestamp())
    return whole * 1_000_000 + moment.microsecond


class Store:
    """An open store. `open` to write, `read` to look; close it, or use it in a `with`."""

    away = False
    """Nothing that is put waits: it is there, or an error is raised."""

    def __init__(self, database: Database, place: Place, days: Days) -> None:
        self.database = database
        self.place = place
        self.days = days
        self._whole: Whole | None = None

    @classmethod
    def open(cls, place: Place) -> Self:
        """Open the store to write, making the file and its folder, or the tables, when they are missing, upgrading an
        older one.

        Raises OperatorError when it is no store, a newer version's, or cannot be written; StoreAway when the database
        does not answer.
        """
        database = connect(place, write=True)
        with _closing_on_error(database), database.batch():
            schema.upgrade(database)
        return cls(database, place, _days(place))

    @classmethod
    def read(cls, place: Place) -> Self:
        """Open an existing store to read only. Raises OperatorError as `open`, and when there is none."""
        database = connect(place, write=False)
        with _closing_on_error(database):
            schema.check_readable(database)
        return cls(database, place, _days(place))

    def close(self) -> None:
        """Close the store; uncommitted work is undone."""
        if self._whole:
            self._whole.close()
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def batch(self) -> AbstractContextManager[None]:
        """Make everything put inside one commit; an exception undoes all of it.

        May be nested: the outermost batch is the one that commits.
        """
        if self._whole:
            self._whole.close()
        return self.database.batch()

    def put(self, records: Iterable[CallRecord]) -> int:
        """Keep the records, all in one commit; return how many were new or newer than what was kept."""
        waiting, changed = iter(records), 0
        with self.batch():
            rules = forgetting.rules(self.database)
            while chunk := list(islice(waiting, CHUNK)):
                changed += self._put([forgetting.applied(rules, record) for record in chunk])
        return changed

    def _put(self, chunk: Sequence[CallRecord | None]) -> int:
        records = [record for record in chunk if record is not None]
        hot = self._versions([record.call for record in records])
        kept = self.days.versions([record for record in records if record.call not in hot]) | hot
        newest: dict[str, tuple[CallRecord, Version]] = {}
        changed = 0
        for record in records:
            version, found = (digest(record), known_edges(record)), kept.get(record.call)
            if found and (found[0] == version[0] or found[1] > version[1]):
                continue
            kept[record.call], newest[record.call] = version, (record, version)
            changed += 1
        self._replace(newest, [call for call in newest if call in hot])
        self.replace(firsts(self.database, self.days, (record for record, _ in newest.values())))
        return changed

    def _replace(self, newest: Mapping[str, tuple[CallRecord, Version]], old: Collection[str]) -> None:
        self.remove(old)
        if not newest:
            return
        calls = ((record.call, *version, *flatten(record)[1:]) for record, version in newest.values())
        self.database.insert("calls", schema.names("calls"), calls)
        rows: dict[str, list[tuple[Value, ...]]] = {}
        for record, _ in newest.values():
            for table, found in parts(record).items():
                rows.setdefault(table, []).extend(found)
        for table, found in rows.items():
            if found:
                self.database.insert(table, schema.names(table), found)

    def replace(self, records: Sequence[CallRecord]) -> None:
        """Put the records in the place of those that are here, whatever these know."""
        newest = {record.call: (record, (digest(record), known_edges(record))) for record in records}
        with self.batch():
            self._replace(newest, tuple(newest))

    def remove(self, calls: Iterable[str]) -> None:
        """Remove calls, with all that belongs to them, from the rows that are not sealed."""
        waiting = iter(calls)
        while chunk := list(islice(waiting, CHUNK)):
            for table in ("calls", *schema.BELOW):
                self.database.do(f"DELETE FROM {table} WHERE call IN ({marks(chunk)})", chunk)  # noqa: S608 - names of ours

    def _versions(self, calls: Sequence[str]) -> dict[str, Version]:
        query = f"SELECT call, digest, known_edges FROM calls WHERE call IN ({marks(calls)})"  # noqa: S608 - marks
        found = self.database.rows(query, calls) if calls else ()
        return {row["call"]: (bytes(row["digest"]), row["known_edges"]) for row in found}

    def put_states(self, intervals: Iterable[AgentInterval]) -> int:
        """Keep agents' states, all in one commit; return how many were new or gained (or moved) their end."""
        with self.batch():
            rows = self.days.unknown_states([_named(one) for one in intervals])
            names = schema.names("agent_states")
            return self.database.many(_PUT_STATE, [tuple(row[name] for name in names) for row in rows])

    def journal_told(self, node: str) -> int:
        """Return up to which record, not included, a node's journal has been put into this store."""
        return max((int(row["told"]) for row in self.database.rows(_TOLD, (node,))), default=0)

    def put_journal_told(self, node: str, told: int) -> None:
        """Keep up to which record a node's journal has been put into this store."""
        with self.batch():
            self.database.do(_TELL, (node, told))

    def get(self, call: str) -> CallRecord | None:
        """Return the call's record, or None when there is none."""
        return next(self.search(Wanted(calls=(call,), joined=True, apart=True)), None)

    def calls(
        self,
        project: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        test: bool | None = None,
    ) -> Iterator[CallRecord]:
        """Yield records by time of entry: `since` <= entered < `until` (aware); `test` None yields both
        kinds. Not those that turned out to be parts of others.
        """
        return self.search(Wanted(project, since, until, test))

    def search(self, wanted: Wanted) -> Iterator[CallRecord]:
        """Yield the records wanted by time of entry, only some of them in memory at a time."""
        with self.database.snapshot() as now:
            # The days are looked at when the snapshot stands: what was sealed since is in both, and not in neither.
            for call, below in self.days.merged(reading.rows(now, wanted), wanted, now):
                yield reading.record(self.database.where, call, below)

    def rows_of(self, calls: Sequence[str]) -> Iterator[CallRecord]:
        """Yield those of these calls that are not sealed, inside a batch, as they are in it."""
        for call, below in reading.rows(self.database, Wanted(calls=tuple(calls), joined=True, apart=True)):
            yield reading.record(self.database.where, call, below)

    def states(self, since: datetime | None = None, until: datetime | None = None) -> Iterator[AgentInterval]:
        """Yield agents' states that touch `since` <= t < `until` (aware), by start; one without an end still lasts."""
        low = micros(since) if since else -(2**62)
        high = micros(until) if until else 2**62
        query = (
            "SELECT * FROM agent_states WHERE start_us < :until AND coalesce(end_us, :ever) > :start ORDER BY start_us"
        )
        for row in self.select(query, {"until": high, "ever": 2**62, "start": low}):
            with reading.explained(self.database.where):
                yield msgspec.convert(nest(AgentInterval, row), AgentInterval, strict=False)

    def select(self, query: str, values: Mapping[str, Value]) -> Iterator[Read]:
        """Yield the rows of a query over the tables of `schema.TABLES`, for figures: its `:start` and `:until` say of
        which time, in microseconds.
        """
        if not self.days.can_be:
            yield from self.database.rows(query, values)
            return
        with self.database.snapshot() as now:
            # As in `search`: looked at the other way round, a day sealed in between would be in neither.
            if not self.days.touched(int(values["start"] or 0), int(values["until"] or 0)):
                yield from now.rows(query, values)
                return
        self._whole = self._whole or Whole(self.database, self.days)
        yield from self._whole.select(query, values)


def _named(record: msgspec.Struct) -> dict[str, Value]:
    return dict(zip((column.name for column in columns(type(record))), flatten(record), strict=True))


def _days(place: Place) -> Days:
    return Days(place.parent / "days" if isinstance(place, Path) else None)


@contextmanager
def _closing_on_error(database: Database) -> Iterator[None]:
    try:
        yield
    except BaseException:  # whatever it is, also Ctrl-C: nobody else can close it
        database.close()
        raise
