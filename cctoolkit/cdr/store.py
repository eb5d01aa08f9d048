"""Where call records are kept: one SQLite file, written by one process, read by any number.

Records are keyed: putting one again adds nothing, a later version replaces the earlier, an earlier one that
comes late (a replay) is ignored. A commit is on the disk when it returns (WAL, synchronous=FULL), so batch
the commits.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from cctoolkit.cdr import schema
from cctoolkit.cdr.columns import Value, columns, flatten, nest
from cctoolkit.cdr.connection import connect, explained
from cctoolkit.cdr.records import AgentInterval, CallRecord, Micros
from cctoolkit.cdr.rows import Row, assemble, digest, known_edges, parts

FILE_NAME = "calls.sqlite"
"""The store's file in the folder that `--store` names."""

_CHUNK = 500
"""Calls read at a time; below SQLite's limit of bound values."""


@cache
def _insert(table: str, replace: str = "") -> str:
    names = [*schema.KEYS[table], *schema.BOOKKEEPING.get(table, ())]
    names += [column.name for column in columns(schema.TABLES[table]) if column.name not in names]
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))}) {replace}"  # noqa: S608


_PUT_STATE = _insert(
    "agent_states",
    "ON CONFLICT DO UPDATE SET end_us = excluded.end_us, end_source = excluded.end_source"
    " WHERE excluded.end_us IS NOT NULL"
    " AND (end_us, end_source) IS NOT (excluded.end_us, excluded.end_source)",
)


def micros(moment: datetime) -> Micros:
    """Return an aware moment in whole microseconds since the epoch, exactly."""
    whole = int(moment.replace(microsecond=0).timestamp())
    return whole * 1_000_000 + moment.microsecond


class Store:
    """An open store. `open` to write, `read` to look; close it, or use it in a `with`."""

    def __init__(self, database: sqlite3.Connection, path: Path) -> None:
        self._database = database
        self.path = path

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the store to write, making the file and its folder when they are missing, upgrading an older
        one.

        Raises OperatorError when it is no store, a newer version's, or the folder cannot be written.
        """
        database = connect(path, write=True)
        with explained(path), _closing_on_error(database):
            database.execute("BEGIN IMMEDIATE")
            schema.upgrade(database, str(path))
            database.execute("COMMIT")
        return cls(database, path)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Open an existing store to read only. Raises OperatorError as `open`, and when there is no file."""
        database = connect(path, write=False)
        with explained(path), _closing_on_error(database):
            schema.check_readable(database, str(path))
        return cls(database, path)

    def close(self) -> None:
        """Close the file; uncommitted work is undone."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Make everything put inside one commit; an exception undoes all of it.

        May be nested: the outermost batch is the one that commits.
        """
        nested = self._database.in_transaction
        if nested:
            yield
            return
        self._do("BEGIN IMMEDIATE")
        try:
            yield
            self._do("COMMIT")
        except BaseException:  # whatever it is, also Ctrl-C: a batch is whole or not there
            # SQLite itself has rolled back after some errors (a full disk); then there is nothing to undo.
            if self._database.in_transaction:
                self._do("ROLLBACK")
            raise

    def _do(self, statement: str) -> None:
        with explained(self.path):
            self._database.execute(statement)

    def put(self, records: Iterable[CallRecord]) -> int:
        """Keep the records, all in one commit; return how many were new or newer than what was kept."""
        with self.batch(), explained(self.path):
            return sum(map(self._put, records))

    def _put(self, record: CallRecord) -> bool:
        found = self._database.execute(
            "SELECT digest, known_edges FROM calls WHERE call = ?", (record.call,)
        ).fetchone()
        hashed, edges = digest(record), known_edges(record)
        if found and (found["digest"] == hashed or found["known_edges"] > edges):
            return False
        for table in ("calls", *schema.BELOW) if found else ():
            self._database.execute(f"DELETE FROM {table} WHERE call = ?", (record.call,))  # noqa: S608
        self._database.execute(_insert("calls"), _once("calls", (record.call,), (hashed, edges), record))
        for table, rows in parts(record).items():
            if rows:
                self._database.executemany(_insert(table), rows)
        return True

    def put_states(self, intervals: Iterable[AgentInterval]) -> int:
        """Keep agents' states, all in one commit; return how many were new or gained (or moved) their end."""
        with self.batch(), explained(self.path):
            return sum(map(self._put_state, intervals))

    def _put_state(self, interval: AgentInterval) -> int:
        key = tuple(_named(interval)[name] for name in schema.KEYS["agent_states"])
        return self._database.execute(_PUT_STATE, _once("agent_states", key, (), interval)).rowcount

    def journal_told(self, node: str) -> int:
        """Return up to which record, not included, a node's journal has been put into this store."""
        with explained(self.path):
            row = self._database.execute("SELECT told FROM journals WHERE node = ?", (node,)).fetchone()
        return int(row["told"]) if row else 0

    def put_journal_told(self, node: str, told: int) -> None:
        """Keep up to which record a node's journal has been put into this store."""
        with self.batch(), explained(self.path):
            self._database.execute("INSERT OR REPLACE INTO journals VALUES (?, ?)", (node, told))

    def get(self, call: str) -> CallRecord | None:
        """Return the call's record, or None when there is none."""
        return next(self._select("call = ?", [call]), None)

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
        filters: list[tuple[str, Value]] = []
        if project is not None:
            filters.append(("project = ?", project))
        if since is not None:
            filters.append(("entered_us >= ?", micros(since)))
        if until is not None:
            filters.append(("entered_us < ?", micros(until)))
        if test is not None:
            filters.append(("test = ?", int(test)))
        # An older store's rows have no value there.
        where = " AND ".join(["coalesce(joined, '') = ''", *(condition for condition, _ in filters)])
        return self._select(where, [value for _, value in filters])

    def states(self, since: datetime | None = None, until: datetime | None = None) -> Iterator[AgentInterval]:
        """Yield agents' states that touch `since` <= t < `until` (aware), by start; a state without end
        still lasts.
        """
        low = micros(since) if since else -(2**62)
        high = micros(until) if until else 2**62
        query = "SELECT * FROM agent_states WHERE start_us < ? AND coalesce(end_us, ?) > ? ORDER BY start_us"
        with explained(self.path):
            for row in self._database.execute(query, (high, 2**62, low)):
                yield msgspec.convert(nest(AgentInterval, row), AgentInterval)

    def select(self, query: str, values: Mapping[str, Value]) -> Iterator[sqlite3.Row]:
        """Yield the rows of a query with `:named` values over the tables of `schema.TABLES`: for figures."""
        with explained(self.path), closing(self._database.execute(query, values)) as cursor:
            yield from cursor

    def _select(self, where: str, values: Sequence[Value]) -> Iterator[CallRecord]:
        query = f"SELECT * FROM calls WHERE {where} ORDER BY entered_us, call"  # noqa: S608 - conditions of ours
        with explained(self.path), closing(self._database.execute(query, values)) as cursor:
            while chunk := cursor.fetchmany(_CHUNK):
                ids = [row["call"] for row in chunk]
                below = {table: self._below(table, ids) for table in schema.BELOW}
                for row in chunk:
                    yield assemble(row, {table: rows.get(row["call"], []) for table, rows in below.items()})

    def _below(self, table: str, ids: Sequence[str]) -> dict[str, list[sqlite3.Row]]:
        order = ", ".join(schema.KEYS[table])
        marks = ", ".join("?" * len(ids))
        found: dict[str, list[sqlite3.Row]] = {}
        query = f"SELECT * FROM {table} WHERE call IN ({marks}) ORDER BY {order}"  # noqa: S608 - names of ours
        for row in self._database.execute(query, ids):
            found.setdefault(row["call"], []).append(row)
        return found


def _named(record: msgspec.Struct) -> dict[str, Value]:
    return dict(zip((column.name for column in columns(type(record))), flatten(record), strict=True))


def _once(table: str, key: Row, own: tuple[object, ...], record: msgspec.Struct) -> tuple[object, ...]:
    """Return the values `_insert` names: the key, our bookkeeping, then each column outside the key."""
    rest = (value for name, value in _named(record).items() if name not in schema.KEYS[table])
    return (*key, *own, *rest)


@contextmanager
def _closing_on_error(database: sqlite3.Connection) -> Iterator[None]:
    try:
        yield
    except BaseException:  # whatever it is, also Ctrl-C: nobody else can close it
        database.close()
        raise
