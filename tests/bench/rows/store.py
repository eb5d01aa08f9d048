"""Putting records into the store, against SQLite alone doing the same rows; and into PostgreSQL, against its own COPY."""

import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from functools import partial
from itertools import count
from pathlib import Path

import psycopg
from made_calls import CALLS, records
from measure import Row, best

from cctoolkit.cdr import schema
from cctoolkit.cdr.address import Url
from cctoolkit.cdr.records import CallRecord
from cctoolkit.cdr.store import Store
from tests.postgres import PASSWORD, Postgres

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


def put_far(found: list[CallRecord], server: Postgres) -> Url:
    """Put the records into a new database and return it."""
    url = server.url()
    with Store.open(url) as store:
        for at in range(0, len(found), BATCH):
            store.put(found[at : at + BATCH])
    return url


def _copied(rows: Mapping[str, list[tuple[object, ...]]], server: Postgres) -> None:
    url = server.url()
    Store.open(url).close()
    with psycopg.connect(url.text, password=PASSWORD) as connection, connection.cursor() as cursor:
        for table, values in rows.items():
            with cursor.copy(f"COPY {table} ({', '.join(schema.names(table))}) FROM STDIN".encode()) as copy:
                for row in values:
                    copy.write_row(row)


def _postgres(found: list[CallRecord], folder: Path) -> Row:
    folder.chmod(0o755)
    with Postgres(folder / "postgres") as server:
        with Store.open(put_far(found, server)) as store:
            values = {
                table: [
                    tuple(row[name] for name in schema.names(table))
                    for row in store.database.rows(f"SELECT * FROM {table}")
                ]
                for table in _TABLES
            }
        ours, bare = best(partial(put_far, found, server), partial(_copied, values, server), times=TIMES)
    total = sum(map(len, values.values()))
    return Row(
        f"store: put {CALLS:,} records into PostgreSQL",
        f"{CALLS / ours:,.0f} records/s, {total / ours:,.0f} rows/s",
        f"{total / bare:,.0f} rows/s, psycopg's COPY",
        ours / bare,
    )


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
    with tempfile.TemporaryDirectory() as name:
        yield _postgres(found, Path(name))
