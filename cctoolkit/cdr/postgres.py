"""A store's PostgreSQL database: many captures, of many nodes, keep their calls in one.

Writers take turns by one advisory lock, held for a batch: what two of them put at once is what they had put one after
the other.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import count
from typing import TYPE_CHECKING

from msgspec import Struct

from cctoolkit.cdr.address import Url, not_taken
from cctoolkit.cdr.columns import Read, Value
from cctoolkit.cdr.database import Database, Values
from cctoolkit.errors import OperatorError, StoreAway
from cctoolkit.secret import resolve_text

if TYPE_CHECKING:
    import psycopg

_LOCK = 0x636374  # "cct"
_SETTINGS = {
    "application_name": "cctoolkit",
    "connect_timeout": "10",
    # A database whose machine is gone says nothing: half a minute of that is an outage.
    "keepalives_idle": "10", "keepalives_interval": "5", "keepalives_count": "3", "tcp_user_timeout": "30000",
    # A writer that is gone in the middle of a batch must not keep the others waiting.
    "options": "-c lock_timeout=30s -c idle_in_transaction_session_timeout=60s",
}  # fmt: skip


class Words(Struct, frozen=True):
    """How errors of a database are told: what failed, and what was expected and is to be done, when it is away and
    otherwise.
    """

    failed: str
    away: tuple[str, str]
    broken: tuple[str, str]


_STORE = Words(
    "the store failed",
    ("a database that answers", "see that it runs and can be reached, or name another one with --store"),
    ("a database of its own, with the right to make tables", "see its log and the user's rights"),
)
_TYPES = {"INTEGER": "BIGINT", "BLOB": "BYTEA", "REAL": "DOUBLE PRECISION", " STRICT": ""}
_TYPE = re.compile(r"\bINTEGER\b|\bBLOB\b|\bREAL\b| STRICT\b")
_NO_URL = re.compile(
    "connection is bad: (?!connection to server|could not translate host name|GSSAPI encryption required but no)"
    "|could not match|invalid integer value|invalid value for parameter"
)
"""What libpq says before it goes to any server, or the server of its settings, of a URL that nobody looked at sooner.
That a name or a ticket is not to be had now is no fault of the URL.
"""
_CURSORS = count()
_FETCHED = 500


def driver() -> "type[psycopg.Connection[Mapping[str, Value]]]":
    """Return psycopg's connection; raise OperatorError when it is not installed."""
    try:
        import psycopg
    except ImportError as error:
        raise OperatorError(
            f"PostgreSQL's driver is missing: {error}",
            expected="psycopg 3",
            next_step="pip install 'cctoolkit[postgres]'",
        ) from error
    return psycopg.Connection


class Postgres:
    """An open database; a `cdr.database.Database`."""

    def __init__(self, url: Url, *, snapshot: bool = False) -> None:
        self.where = url.text
        self._url = url
        self._connection = connect(url, snapshot=snapshot)

    def rows(self, query: str, values: Values = ()) -> Iterator[Read]:
        """As `Database.rows`."""
        with explained(self.where):
            yield from self._connection.execute(_said(query), _plain(values)).fetchall()

    def stream(self, query: str, values: Values = ()) -> Iterator[Read]:
        """As `Database.stream`."""
        with explained(self.where), self._connection.cursor(f"records_{next(_CURSORS)}") as cursor:
            cursor.itersize = _FETCHED
            yield from cursor.execute(_said(query), _plain(values))

    def do(self, statement: str, values: Values = ()) -> int:
        """As `Database.do`."""
        said, filled = (_said(statement), _plain(values)) if values else (_typed(statement), None)
        with explained(self.where):
            return self._connection.execute(said, filled).rowcount

    def many(self, statement: str, rows: Sequence[Sequence[Value]]) -> int:
        """As `Database.many`."""
        if not rows:
            return 0
        with explained(self.where), self._connection.cursor() as cursor:
            cursor.executemany(_said(statement), [_plain(row) for row in rows])
            return cursor.rowcount

    def insert(self, table: str, names: Sequence[str], rows: Iterable[Sequence[Value | bytes]]) -> None:
        """As `Database.insert`."""
        with (
            explained(self.where),
            self._connection.cursor() as cursor,
            cursor.copy(f"COPY {table} ({', '.join(names)}) FROM STDIN".encode()) as copy,
        ):
            for row in rows:
                copy.write_row([_value(value) for value in row])

    @contextmanager
    def batch(self) -> Iterator[None]:
        """As `Database.batch`."""
        if self._connection.info.transaction_status.name != "IDLE":
            yield
            return
        with explained(self.where), self._connection.transaction():
            self.do("SELECT pg_advisory_xact_lock(?)", (_LOCK,))
            yield

    @contextmanager
    def snapshot(self) -> Iterator[Database]:
        """As `Database.snapshot`."""
        database = Postgres(self._url, snapshot=True)
        try:
            yield database
        finally:
            database.close()

    def tables(self) -> Mapping[str, set[str]]:
        """As `Database.tables`: those of the schema that is first in the search path."""
        query = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema()"
        found: dict[str, set[str]] = {}
        for row in self.rows(query):
            found.setdefault(row["table_name"], set()).add(row["column_name"])
        return found

    def close(self) -> None:
        """As `Database.close`."""
        self._connection.close()


def connect(url: Url, words: Words = _STORE, *, snapshot: bool) -> "psycopg.Connection[Mapping[str, Value]]":
    """Return a connection, which in a snapshot only reads. Raise OperatorError, StoreAway when it does not answer."""
    connection = driver()
    from psycopg import IsolationLevel, conninfo
    from psycopg.rows import dict_row

    password = {"password": resolve_text(url.secret).reveal()} if url.secret else {}
    with explained(url.text, words), _taken(url):
        settings = {**_SETTINGS, **conninfo.conninfo_to_dict(url.text), **password}
        said = conninfo.make_conninfo(**{name: str(value) for name, value in settings.items() if value is not None})
        opened = connection.connect(said, autocommit=not snapshot, row_factory=dict_row)
        if snapshot:
            opened.isolation_level, opened.read_only = IsolationLevel.REPEATABLE_READ, True
    return opened


def _typed(statement: str) -> str:
    """Return a statement with PostgreSQL's types."""
    return _TYPE.sub(lambda found: _TYPES[found[0]], statement)


@cache
def _said(statement: str) -> str:
    """Return a statement with psycopg's places for values."""
    return re.sub(r":(\w+)", r"%(\1)s", statement.replace("%", "%%").replace("?", "%s"))


def _plain(values: Values) -> "Sequence[Value | bytes] | dict[str, Value | bytes]":
    if isinstance(values, Mapping):
        return {name: _value(value) for name, value in values.items()}
    return [_value(value) for value in values]


def _value(value: Value | bytes) -> Value | bytes:
    if isinstance(value, bool):
        return int(value)
    # PostgreSQL has no text with a NUL in it, and a caller may send one.
    return value.replace("\0", "\N{REPLACEMENT CHARACTER}") if isinstance(value, str) and "\0" in value else value


@contextmanager
def _taken(url: Url) -> Iterator[None]:
    """Turn what psycopg raises inside of a URL into an OperatorError about that: neither waiting nor a right helps."""
    import psycopg

    try:
        yield
    except (psycopg.ProgrammingError, UnicodeError) as error:
        raise not_taken(url, _first_line(error)) from error
    except psycopg.OperationalError as error:
        if _NO_URL.search(str(error)):
            raise not_taken(url, _first_line(error)) from error
        raise


@contextmanager
def explained(where: str, words: Words = _STORE) -> Iterator[None]:
    """Turn what psycopg raises inside into an OperatorError that names the database, StoreAway where waiting helps."""
    import psycopg

    try:
        yield
    except (psycopg.OperationalError, psycopg.InterfaceError, psycopg.errors.ReadOnlySqlTransaction) as error:
        raise StoreAway(
            f"the database cannot be reached or used: {_first_line(error)}",
            where=where, expected=words.away[0], next_step=words.away[1],
        ) from error  # fmt: skip
    except psycopg.Error as error:
        raise OperatorError(
            f"{words.failed}: {_first_line(error)}", where=where, expected=words.broken[0], next_step=words.broken[1]
        ) from error


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
