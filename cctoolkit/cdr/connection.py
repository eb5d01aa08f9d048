"""Opens the store's SQLite file and turns SQLite's errors into what the operator can do."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from cctoolkit.errors import OperatorError

_BUSY_SECONDS = 10
"""How long a writer waits for another one before it gives up."""

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


def connect(path: Path, *, write: bool) -> sqlite3.Connection:
    """Return a connection whose rows are read by name and whose transactions are begun by hand.

    Raises OperatorError when the folder cannot be made, or, to read, when there is no file.
    """
    if write:
        _make_folder(path.parent)
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


def _prepare(database: sqlite3.Connection, *, write: bool) -> None:
    database.row_factory = sqlite3.Row
    if write:
        database.execute("PRAGMA journal_mode = WAL")
        # FULL, not NORMAL: in WAL mode NORMAL may lose the last commits when the machine loses power.
        database.execute("PRAGMA synchronous = FULL")
    database.execute("SELECT count(*) FROM sqlite_schema").fetchone()


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OperatorError(
            f"the store's folder cannot be made: {error.strerror}",
            where=str(folder),
            expected="a folder that can be written",
            next_step="name another path with --store",
        ) from error


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what SQLite or a damaged row raises inside into an OperatorError that names the file."""
    try:
        yield
    except sqlite3.Error as error:
        # Extended codes continue the plain one: SQLITE_READONLY_DIRECTORY is a SQLITE_READONLY.
        code = getattr(error, "sqlite_errorname", "")
        help_ = next((text for name, text in _HELP.items() if code.startswith(name)), _OTHERWISE)
        raise _broken(path, str(error), help_) from error
    except msgspec.ValidationError as error:
        raise _broken(path, f"a row is no call record: {error}", _HELP["SQLITE_CORRUPT"]) from error


def _broken(path: Path, what: str, help_: tuple[str, str]) -> OperatorError:
    return OperatorError(f"the store failed: {what}", where=str(path), expected=help_[0], next_step=help_[1])
