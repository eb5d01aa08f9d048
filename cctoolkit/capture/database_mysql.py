"""A table of the switch's in MySQL or MariaDB (by ODBC, as in FreePBX and Issabel); a `capture.database.Database`.

Times come as Asterisk wrote them, also from a column that has made moments of them: in the server's own time zone.
"""

import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal
from urllib.parse import parse_qs, unquote, urlsplit

from cctoolkit.capture.database import CUT, Asked, Column, Row, quoted
from cctoolkit.cdr.address import Url, not_taken
from cctoolkit.errors import OperatorError, StoreAway
from cctoolkit.secret import resolve_text

if TYPE_CHECKING:
    import pymysql

_CONNECT_SECONDS = 10
_SETTINGS = ("SET SESSION net_write_timeout = 600", "START TRANSACTION READ ONLY")
"""An import reads as quickly as it puts what it has read."""

_COLUMNS = """
SELECT column_name, data_type, is_nullable FROM information_schema.columns
WHERE table_schema = coalesce(%s, database()) AND table_name = %s
"""
_INDEXES = """
SELECT index_name, column_name, non_unique FROM information_schema.statistics
WHERE table_schema = coalesce(%s, database()) AND table_name = %s ORDER BY index_name, seq_in_index
"""
_WHOLE = frozenset({"tinyint", "smallint", "mediumint", "int", "bigint"})
_NUMBERS = _WHOLE | {"decimal", "float", "double"}
_MOMENTS = frozenset({"datetime", "timestamp"})
_AWAY = frozenset({1040, 1045, 1049, 1053, 1129, 1158, 1159, 1160, 1161, 1203, 1205, 2003, 2006, 2013})
"""Too many connections, refused, no such database, shutting down, networks: mended by somebody, sooner or later."""


class Mysql:
    """An open database."""

    quote, place = "`", "%s"

    def __init__(self, url: Url, patience_seconds: int) -> None:
        self.where = url.text
        self._connection = self._connect(url, patience_seconds)
        for statement in _SETTINGS:
            self.few(statement)

    def _connect(self, url: Url, patience_seconds: int) -> "pymysql.connections.Connection[pymysql.cursors.Cursor]":
        try:
            import pymysql
        except ImportError as error:
            raise OperatorError(
                f"MySQL's driver is missing: {error}", expected="PyMySQL", next_step="pip install 'cctoolkit[mysql]'"
            ) from error
        password = resolve_text(url.secret).reveal() if url.secret else ""
        try:
            parts = urlsplit(url.text)
            asked = parse_qs(parts.query)
            with self._explained():
                return pymysql.connect(
                    host=parts.hostname, port=parts.port or 3306, user=unquote(parts.username or ""), password=password,
                    database=unquote(parts.path.strip("/")), charset="utf8mb4", connect_timeout=_CONNECT_SECONDS,
                    read_timeout=patience_seconds, write_timeout=_CONNECT_SECONDS, program_name="cctoolkit",
                    unix_socket=asked.get("unix_socket", [None])[0],
                    ssl=ssl.create_default_context(cafile=asked["ssl_ca"][0]) if "ssl_ca" in asked else None,
                )  # fmt: skip
        except ValueError as error:  # of a name or a path that can be none
            raise not_taken(url, str(error)) from error

    def table(self, name: str) -> tuple[str, list[Column]]:
        """As `Database.table`."""
        schema, _, table = name.rpartition(".")
        indexes: dict[object, list[tuple[str, bool]]] = {}
        for index, column, repeats in self.few(_INDEXES, (schema or None, table)):
            indexes.setdefault(index, []).append((str(column), not repeats))
        first = {columns[0][0] for columns in indexes.values()}
        unique = {columns[0][0] for columns in indexes.values() if len(columns) == 1 and columns[0][1]}
        columns = [
            # Rows are counted by whole numbers that each of them has.
            Column(str(one), _kind(str(kind)), one in first, one in unique and kind in _WHOLE and null == "NO")
            for one, kind, null in self.few(_COLUMNS, (schema or None, table))
        ]
        return ".".join(quoted(part, self.quote) for part in name.split(".")), columns

    def text(self, name: str, _column: Column) -> str:
        """As `Database.text`."""
        return f"LEFT(CAST({name} AS CHAR), {CUT})"

    def few(self, query: str, values: "Sequence[Asked | None]" = ()) -> list[Row]:
        """As `Database.few`."""
        with self._explained(), self._connection.cursor() as cursor:
            cursor.execute(query, values or None)
            return list(cursor.fetchall())

    def stream(self, query: str, values: Sequence[Asked] = ()) -> Iterator[Row]:
        """As `Database.stream`."""
        from pymysql.cursors import SSCursor

        cursor = self._connection.cursor(SSCursor)
        try:
            with self._explained():
                cursor.execute(query, values or None)
                yield from cursor.fetchall_unbuffered()
        except BaseException:  # whatever it is, also when no more rows are wanted
            self._drop(cursor)
            raise

    def _drop(self, cursor: "pymysql.cursors.SSCursor") -> None:
        """Close it with a stream that was left: the driver would read its rest first, from a lost connection, too."""
        inside = vars(cursor)
        if inside["_result"] is not None:
            inside["_result"].unbuffered_active = False
        inside["connection"] = None
        self.close()

    def close(self) -> None:
        """As `Database.close`."""
        if self._connection.open:
            self._connection.close()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn what PyMySQL raises inside into an OperatorError that names the database, StoreAway if waiting helps."""
        import pymysql

        try:
            yield
        except (pymysql.Error, OSError, RuntimeError) as error:
            number, text = error.args[:2] if len(error.args) > 1 else (0, str(error))
            if isinstance(error, OSError | pymysql.InterfaceError) or number in _AWAY:
                raise StoreAway(
                    f"the database cannot be reached or used: {text or error}",
                    where=self.where, expected="a database that answers",
                    next_step="see that it runs and can be reached, and who may log in",
                ) from error  # fmt: skip
            raise OperatorError(
                f"the table cannot be read: {text or error}", where=self.where,
                expected="the right to read the table", next_step="GRANT SELECT ON it TO that user; see its log",
            ) from error  # fmt: skip


def _kind(type_: str) -> Literal["text", "number", "moment"]:
    return "number" if type_ in _NUMBERS else "moment" if type_ in _MOMENTS else "text"
