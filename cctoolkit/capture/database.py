"""Databases that have tables of logs: what is asked of each, whatever it is, and opening one, only to read."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

from msgspec import Struct

from cctoolkit.capture.rows import LONGEST
from cctoolkit.cdr.address import Url

CUT = LONGEST + 1
"""Characters of a cell that are asked for: what is longer is no line's."""

Row = Sequence[object]
Asked = str | int


class LogTable(Struct, frozen=True):
    """Where a table is. `zone` is that of its local times, None when nobody said."""

    database: Path | Url
    zone: ZoneInfo | None
    name: str = "queue_log"
    """Of an SQLite file's; where it has none of that name, the first one of queue_log."""


class Column(Struct, frozen=True):
    """A column; `leads`: an index begins with it, `unique`: and no two rows have the same."""

    name: str
    kind: Literal["text", "number", "moment"]
    leads: bool = False
    unique: bool = False


class Database(Protocol):
    """An open one. Every method raises OperatorError in words an operator can use, StoreAway where waiting helps."""

    where: str
    """What it is called in errors: a path, or a URL without a password."""
    quote: str
    """What stands around a name."""
    place: str
    """What stands for a value."""

    def table(self, name: str) -> tuple[str, list[Column]]:
        """Return the table as a query names it, and its columns, none when there is no such table."""

    def text(self, name: str, column: Column) -> str:
        """Return what stands in a query for a column (`name`, quoted) as text, cut."""

    def few(self, query: str, values: Sequence[Asked] = ()) -> list[Row]:
        """Return the rows of a query that has a few."""

    def stream(self, query: str, values: Sequence[Asked] = ()) -> Iterator[Row]:
        """Yield the rows of a query, of which only some are in memory at a time."""

    def close(self) -> None:
        """Close it."""


def quoted(name: str, quote: str) -> str:
    """Return a name as a query has it, whatever stands in it."""
    return f"{quote}{name.replace(quote, quote * 2)}{quote}"


def opened(table: LogTable, patience_seconds: int) -> "closing[Database]":
    """Open the database of a table; no answer may take longer than `patience_seconds`."""
    if isinstance(table.database, Path):
        from cctoolkit.capture.database_sqlite import Sqlite

        return closing(Sqlite(table.database))
    if table.database.is_postgresql:
        from cctoolkit.capture.database_postgres import Postgres

        return closing(Postgres(table.database, patience_seconds))
    from cctoolkit.capture.database_mysql import Mysql

    return closing(Mysql(table.database, patience_seconds))
