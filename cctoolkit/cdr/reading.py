"""Reads calls out of a database's tables: each call's row, and those of all tables below it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice

import msgspec

from cctoolkit.cdr import schema
from cctoolkit.cdr.columns import Read
from cctoolkit.cdr.database import Database, broken
from cctoolkit.cdr.records import CallRecord
from cctoolkit.cdr.rows import assemble
from cctoolkit.cdr.wanted import Wanted

CHUNK = 500
"""Calls read or put at a time; below SQLite's limit of bound values."""


def rows(database: Database, wanted: Wanted) -> Iterator[tuple[Read, Mapping[str, Sequence[Read]]]]:
    """Yield the wanted calls' rows by time of entry, each with those below it, as `record` takes them."""
    where, values = wanted.sql()
    found = database.stream(f"SELECT * FROM calls WHERE {where} ORDER BY entered_us, call", values)  # noqa: S608 - ours
    while chunk := list(islice(found, CHUNK)):
        ids = [row["call"] for row in chunk]
        below = {table: _below(database, table, ids) for table in schema.BELOW}
        for row in chunk:
            yield row, {table: of_calls.get(row["call"], []) for table, of_calls in below.items()}


def _below(database: Database, table: str, ids: Sequence[str]) -> dict[str, list[Read]]:
    order = ", ".join(schema.KEYS[table])
    found: dict[str, list[Read]] = {}
    query = f"SELECT * FROM {table} WHERE call IN ({marks(ids)}) ORDER BY {order}"  # noqa: S608 - names of ours
    for row in database.rows(query, ids):
        found.setdefault(row["call"], []).append(row)
    return found


def marks(values: Collection[object]) -> str:
    """Return a place for each value of a list in SQL."""
    return ", ".join("?" * len(values))


def record(where: str, call: Read, below: Mapping[str, Sequence[Read]]) -> CallRecord:
    """Return the record of these rows."""
    with explained(where):
        return assemble(call, below)


@contextmanager
def explained(where: str) -> Iterator[None]:
    """Turn what a row that is no record raises inside into an OperatorError that names the store."""
    try:
        yield
    except msgspec.ValidationError as error:
        help_ = ("an undamaged store", "restore a backup, or replay the journal into a new store")
        raise broken(where, f"a row is no call record: {error}", help_) from error
