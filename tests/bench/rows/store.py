"""Putting records into the store, against SQLite alone doing the same rows."""

import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from functools import partial
from itertools import count
from pathlib import Path

from made_calls import CALLS, records
from measure import Row, best

from cctoolkit.cdr.records import CallRecord
from cctoolkit.cdr.store import Store

BATCH = 1000
"""Records in one commit: what some seconds of a busy site are."""
TIMES = 3
_TABLES = ("calls", "steps", "visits", "legs")


def put(found: list[CallRecord], folder: Path, number: "count[int]") -> Path:
    """Put the records into a new store and return its path."""
    path = folder / f"{next(number)}.sqlite"
    with Store.open(path) as store:
        for at in range(0, len(found), BATCH):
            store.put(found[at : at + BATCH])
    return path


def _rows_of(path: Path) -> dict[str, list[tuple[object, ...]]]:
    with closing(sqlite3.connect(path)) as database:
        return {table: database.execute(f"SELECT * FROM {table}").fetchall() for table in _TABLES}


def _bare(rows: Mapping[str, list[tuple[object, ...]]], folder: Path, number: "count[int]") -> None:
    path = folder / f"{next(number)}.sqlite"
    Store.open(path).close()
    batches = CALLS // BATCH
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA synchronous = FULL")
        for batch in range(batches):
            database.execute("BEGIN IMMEDIATE")
            for table, values in rows.items():
                size = -(-len(values) // batches)
                marks = ", ".join("?" * len(values[0]))
                database.executemany(f"INSERT INTO {table} VALUES ({marks})", values[batch * size : (batch + 1) * size])
            database.execute("COMMIT")


def rows() -> Iterator[Row]:
    """Yield records a second."""
    found = records()
    with tempfile.TemporaryDirectory() as name:
        folder, number = Path(name), count()
        values = _rows_of(put(found, folder, number))
        ours, bare = best(partial(put, found, folder, number), partial(_bare, values, folder, number), times=TIMES)
    total = sum(map(len, values.values()))
    yield Row(
        f"store: put {CALLS:,} records",
        f"{CALLS / ours:,.0f} records/s, {total / ours:,.0f} rows/s",
        f"{total / bare:,.0f} rows/s, SQLite alone",
        ours / bare,
    )
