"""A table of the switch's in an SQLite file; a `capture.database.Database`."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cctoolkit.capture.database import CUT, Asked, Column, Row, quoted
from cctoolkit.errors import OperatorError

_MAGIC = b"SQLite format 3\0"


def is_sqlite(path: Path) -> bool:
    """Say whether a file is an SQLite database."""
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


class Sqlite:
    """An open file. Its rows have numbers whatever its columns are."""

    # Not the standard's quote: where there is no such column, SQLite takes that for a text.
    quote, place = "`", "?"

    def __init__(self, path: Path) -> None:
        self.where = str(path)
        with self._explained():
            if not path.is_file():
                raise OperatorError("there is no such file", where=self.where, expected="an SQLite file")
            self._connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False)
            self._connection.text_factory = lambda data: data.decode("utf-8", "replace")

    def table(self, name: str) -> tuple[str, list[Column]]:
        """As `Database.table`: the named one, or the first that is one of queue_log."""
        tables = [one for (one,) in self.few("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        for table in sorted(map(str, tables), key=lambda one: one != name):
            named = [str(one) for (one,) in self.few("SELECT name FROM pragma_table_info(?)", (table,))]
            if table == name or {"time", "callid", "event"} <= {one.lower() for one in named}:
                number = Column("rowid", "number", leads=True, unique=True)
                return quoted(table, self.quote), [number, *(Column(one, "text") for one in named)]
        return name, []

    def text(self, name: str, _column: Column) -> str:
        """As `Database.text`."""
        return f"substr(CAST({name} AS TEXT), 1, {CUT})"

    def few(self, query: str, values: Sequence[Asked] = ()) -> list[Row]:
        """As `Database.few`."""
        return list(self.stream(query, values))

    def stream(self, query: str, values: Sequence[Asked] = ()) -> Iterator[Row]:
        """As `Database.stream`."""
        with self._explained():
            yield from self._connection.execute(query, values)

    def close(self) -> None:
        """As `Database.close`."""
        self._connection.close()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise OperatorError(
                f"cannot be read: {error}", where=self.where, expected="an undamaged SQLite file"
            ) from error
