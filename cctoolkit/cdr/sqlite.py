"""A store's SQLite file, and SQLite's errors in words of what the operator can do."""

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from cctoolkit.cdr.columns import Read, Value
from cctoolkit.cdr.database import Database, Values, broken
from cctoolkit.errors import OperatorError

_BUSY_SECONDS = 10
"""How long a writer waits for another one before it gives up."""

_CUT_SECONDS = 0.5
"""How long the log's cutting waits for readers: writers wait for it meanwhile."""

_HELP = {
    "SQLITE_NOTADB": ("an SQLite file written by cctoolkit", "name another path with --store"),
    "SQLITE_CORRUPT": (
        "an undamaged file",
        "restore a backup, or replay the journal into a new store",
    ),
    "SQLITE_BUSY": ("one writer at a time", "stop the other capture, or wait for it"),
    "SQLITE_FULL": ("free space on the disk", "free some space and run the command again"),
    "SQLITE_READONLY": (
        "a file and folder that can be written",
        "change their permissions, or name another path",
    ),
    "SQLITE_CANTOPEN": (
        "a folder that exists and can be written",
        "make it, or name another path with --store",
    ),
}
_OTHERWISE = ("a readable store", "check the disk and the file's permissions")


class Sqlite:
    """An open file; a `cdr.database.Database`. A commit is on the disk when it returns (WAL, synchronous=FULL)."""

    def __init__(self, path: Path, *, write: bool) -> None:
        self.path = path
        self.where = str(path)
        self.connection = connect(path, write=write)

    def rows(self, query: str, values: Values = ()) -> Iterator[Read]:
        """As `Database.rows`."""
        with explained(self.path), closing(self.connection.execute(query, values)) as cursor:
            yield from cursor

    stream = rows

    def do(self, statement: str, values: Values = ()) -> int:
        """As `Database.do`."""
        with explained(self.path):
            return self.connection.execute(statement, values).rowcount

    def many(self, statement: str, rows: Sequence[Sequence[Value]]) -> int:
        """As `Database.many`."""
        with explained(self.path):
            return self.connection.executemany(statement, rows).rowcount if rows else 0

    def insert(self, table: str, names: Sequence[str], rows: Iterable[Sequence[Value | bytes]]) -> None:
        """As `Database.insert`."""
        marks = ", ".join("?" * len(names))
        with explained(self.path):
            self.connection.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", rows)  # noqa: S608 - names of ours

    @contextmanager
    def batch(self) -> Iterator[None]:
        """As `Database.batch`."""
        if self.connection.in_transaction:
            yield
            return
        self.do("BEGIN IMMEDIATE")
        try:
            yield
            self.do("COMMIT")
        except BaseException:  # whatever it is, also Ctrl-C: a batch is whole or not there
            # SQLite itself has rolled back after some errors (a full disk); then there is nothing to undo.
            self._undo()
            raise

    def _undo(self) -> None:
        if self.connection.in_transaction:
            self.do("ROLLBACK")

    @contextmanager
    def snapshot(self) -> Iterator[Database]:
        """As `Database.snapshot`."""
        with closing(Sqlite(self.path, write=False)) as database:
            database.do("BEGIN")
            # The snapshot is taken by the first reading, not by BEGIN.
            database.tables()
            yield database

    def tables(self) -> Mapping[str, set[str]]:
        """As `Database.tables`."""
        query = (
            "SELECT t.name AS kind, c.name AS name FROM sqlite_schema t, pragma_table_info(t.name) c"
            " WHERE t.type = 'table'"
        )
        found: dict[str, set[str]] = {}
        for row in self.rows(query):
            found.setdefault(row["kind"], set()).add(row["name"])
        return found

    def close(self) -> None:
        """As `Database.close`."""
        self.connection.close()


def connect(path: Path, *, write: bool) -> sqlite3.Connection:
    """Return a connection whose rows are read by name and whose transactions are begun by hand.

    Raises OperatorError when the folder cannot be made, or, to read, when there is no file.
    """
    if write:
        _make_folder(path.parent)
        _make_file(path)
    elif not path.is_file():
        raise OperatorError(
            "there is no store of call records here",
            where=str(path),
            expected="a file written by `cctoolkit capture`",
            next_step="name another path with --store, or run `cctoolkit capture` first",
        )
    with explained(path):
        uri = f"{path.absolute().as_uri()}?mode={'rwc' if write else 'ro'}"
        database = sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS, isolation_level=None)
        try:
            _prepare(database, write=write)
        except BaseException:  # whatever it is, also Ctrl-C: nobody else can close it
            database.close()
            raise
    return database


def cut_log(path: Path) -> bool:
    """Move all that stands in the file's log into the file; return whether no reader kept us from it."""
    with explained(path), closing(sqlite3.connect(path, timeout=_CUT_SECONDS)) as database:
        (busy, *_) = database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy


def _prepare(database: sqlite3.Connection, *, write: bool) -> None:
    database.row_factory = sqlite3.Row
    if write:
        database.execute("PRAGMA journal_mode = WAL")
        # FULL, not NORMAL: in WAL mode NORMAL may lose the last commits when the machine loses power.
        database.execute("PRAGMA synchronous = FULL")
        # What is deleted or replaced may be a number that is not to be kept.
        database.execute("PRAGMA secure_delete = ON")
    # SQLite's own scalar min is NULL when one of its values is; no query of ours has one.
    database.create_function("least", -1, min, deterministic=True)
    database.execute("SELECT count(*) FROM sqlite_schema").fetchone()


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o770, parents=True, exist_ok=True)
    except OSError as error:
        raise OperatorError(
            f"the store's folder cannot be made: {error.strerror}",
            where=str(folder),
            expected="a folder that can be written",
            next_step="name another path with --store",
        ) from error


def _make_file(path: Path) -> None:
    """Make the file before SQLite does, which would let everybody on the machine read callers' numbers; the files that
    SQLite puts beside it have its mode.
    """
    with suppress(OSError):  # it is there; what else keeps it from being made, SQLite says
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o660))


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what SQLite raises inside into an OperatorError that names the file."""
    try:
        yield
    except sqlite3.Error as error:
        # Extended codes continue the plain one: SQLITE_READONLY_DIRECTORY is a SQLITE_READONLY.
        code = getattr(error, "sqlite_errorname", "")
        help_ = next((text for name, text in _HELP.items() if code.startswith(name)), _OTHERWISE)
        raise broken(str(path), str(error), help_) from error
