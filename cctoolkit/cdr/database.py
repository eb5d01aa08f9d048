"""What the store asks of a database, so that there is one store whatever keeps its rows.

Statements are SQLite's, in the part of SQL that PostgreSQL and DuckDB read the same; values stand as `?` or `:name`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from cctoolkit.cdr.columns import Read, Value
from cctoolkit.errors import OperatorError

Values = Sequence[Value | bytes] | Mapping[str, Value]
"""What stands for `?` in order, or for `:name`."""


class Database(Protocol):
    """An open database. Every method raises OperatorError in words an operator can use; StoreAway when it does not
    answer.
    """

    where: str
    """What it is called in errors: a path, or a URL without a password."""

    def rows(self, query: str, values: Values = ()) -> Iterator[Read]:
        """Yield the rows of a query that has not too many of them."""

    def stream(self, query: str, values: Values = ()) -> Iterator[Read]:
        """Yield the rows of a query, of which only some are in memory at a time; only in a snapshot."""

    def do(self, statement: str, values: Values = ()) -> int:
        """Run a statement; return how many rows it changed."""

    def many(self, statement: str, rows: Sequence[Sequence[Value]]) -> int:
        """Run a statement for each row; return how many rows were changed."""

    def insert(self, table: str, names: Sequence[str], rows: Iterable[Sequence[Value | bytes]]) -> None:
        """Insert rows whose keys are not there."""

    def batch(self) -> AbstractContextManager[None]:
        """Make everything inside one commit, after that of any other writer; an exception undoes all of it. May be
        nested: the outermost is the one that commits.
        """

    def snapshot(self) -> "AbstractContextManager[Database]":
        """Open it once more, to read as it is at this moment, whatever is written meanwhile."""

    def tables(self) -> Mapping[str, set[str]]:
        """Return the columns of all tables there are."""

    def close(self) -> None:
        """Close it; uncommitted work is undone."""


def broken(where: str, what: str, help_: tuple[str, str]) -> OperatorError:
    """Return what is raised when a store failed; `help_`: what was expected, what to do next."""
    return OperatorError(f"the store failed: {what}", where=where, expected=help_[0], next_step=help_[1])
