"""Reads calls out of a database's tables: each call's row, and those of all tables below it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice

import msgspec

from cctoolkit.cdr import schema
from cctoolkit.cdr.columns import Read
from cctoolkit.cdr.database import Database, broken
from cctoolkit.cdr.passed import whole
from cctoolkit.cdr.records import CallRecord
from cctoolkit.cdr.rows import as_rows, assemble
from cctoolkit.cdr.wanted import Wanted

CHUNK = 500
"""Calls read or put at a time; below SQLite's limit of bound values."""

Whole = tuple[Read, Mapping[str, Sequence[Read]]]
"""A call's row, and its rows in the tables below."""


def rows(database: Database, wanted: Wanted) -> Iterator[Whole]:
    """Yield the wanted calls' rows by time of entry, each with those below it, as `record` takes them."""
    where, values = wanted.sql()
    found = database.stream(f"SELECT * FROM calls WHERE {where} ORDER BY entered_us, call", values)  # noqa: S608 - ours
    while chunk := list(islice(found, CHUNK)):
        ids = [row["call"] for row in chunk]
        below = {table: _below(database, table, ids) for table in schema.BELOW}
        others = {} if wanted.apart else _others(database, chunk, wanted)
        for row in chunk:
            mine: Whole = row, {table: of_calls.get(row["call"], []) for table, of_calls in below.items()}
            if parts := others.get(row["call"]):
                mine = as_rows(whole([record(database.where, *part) for part in (mine, *parts)]))
            # A part is asked for loosely, since the whole may be wanted; it may also be all there is.
            if wanted.apart or wanted.takes(*mine):
                yield mine


def _others(database: Database, chunk: Sequence[Read], wanted: Wanted) -> dict[str, list[Whole]]:
    """Return the other parts of those calls of a chunk that nodes passed on, by the call of the chunk."""
    firsts = {row["continues"] or row["call"]: row["call"] for row in chunk}
    calls = tuple(dict.fromkeys(firsts))
    query = f"SELECT call FROM calls WHERE continues <> '' AND continues IN ({marks(calls)})"  # noqa: S608 - marks
    found = tuple(row["call"] for row in database.rows(query, calls))
    others: dict[str, list[Whole]] = {}
    for start in range(0, len(found), CHUNK):
        asked = Wanted(wanted.project, calls=found[start : start + CHUNK], joined=wanted.joined, apart=True)
        for row, below in rows(database, asked):
            first = firsts[row["continues"]]
            if row["call"] != first:
                others.setdefault(first, []).append((row, below))
    return others


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
