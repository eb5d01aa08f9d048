"""A table of the switch's in PostgreSQL (res_config_pgsql, cdr_pgsql, Wazo); a `capture.database.Database`.

Times come as Asterisk wrote them, also from a column that has made moments of them: in the server's own time zone.
"""

from collections.abc import Iterator, Sequence
from typing import Literal

from cctoolkit.capture.database import CUT, Asked, Column, Row, quoted
from cctoolkit.cdr.address import Url
from cctoolkit.cdr.postgres import Words, connect, explained

_WORDS = Words(
    "the table cannot be read",
    ("a database that answers", "see that it runs and can be reached, and who may log in"),
    ("the right to read the table", "GRANT SELECT ON it TO that user; USAGE of its schema, too"),
)
_SETTINGS = "SET datestyle TO ISO; SET client_encoding TO UTF8; SET synchronize_seqscans TO off"
"""Without the last a table may be read from its middle on."""

_COLUMNS = """
SELECT a.attname, t.typcategory,
       EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indkey[0] = a.attnum
               AND i.indisvalid AND i.indpred IS NULL),
       EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indkey[0] = a.attnum
               AND i.indisvalid AND i.indpred IS NULL AND i.indisunique AND i.indnkeyatts = 1)
       AND a.attnotnull AND a.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype)
FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
WHERE a.attrelid = to_regclass(%s) AND a.attnum > 0 AND NOT a.attisdropped
"""
_KINDS: dict[object, Literal["number", "moment"]] = {"N": "number", "D": "moment"}
_FETCHED = 2000


class Postgres:
    """An open database, as it is at one moment."""

    quote, place = '"', "%s"

    def __init__(self, url: Url, patience_seconds: int) -> None:
        self.where = url.text
        self._connection = connect(url, _WORDS, snapshot=True)
        from psycopg.rows import tuple_row
        from psycopg.types.string import TextLoader

        class Loose(TextLoader):
            """A database without an encoding (SQL_ASCII) has whatever a caller sent."""

            def load(self, data: bytes | bytearray | memoryview) -> str:
                return bytes(data).decode("utf-8", "replace")

        self._connection.adapters.register_loader("text", Loose)
        self._rows = tuple_row
        with explained(self.where, _WORDS):
            self._connection.execute(f"{_SETTINGS}; SET statement_timeout TO '{patience_seconds}s'".encode())

    def table(self, name: str) -> tuple[str, list[Column]]:
        """As `Database.table`."""
        table = ".".join(quoted(part, self.quote) for part in name.split("."))
        found = self.few(_COLUMNS, (table,))
        columns = [
            Column(str(one), _KINDS.get(kind, "text"), bool(leads), bool(key)) for one, kind, leads, key in found
        ]
        return table, columns

    def text(self, name: str, column: Column) -> str:
        """As `Database.text`."""
        return f"left({name}{'::timestamp' if column.kind == 'moment' else ''}::text, {CUT})"

    def few(self, query: str, values: Sequence[Asked] = ()) -> list[Row]:
        """As `Database.few`."""
        with explained(self.where, _WORDS), self._connection.cursor(row_factory=self._rows) as cursor:
            return list(cursor.execute(query.encode(), values))

    def stream(self, query: str, values: Sequence[Asked] = ()) -> Iterator[Row]:
        """As `Database.stream`."""
        with (
            explained(self.where, _WORDS),
            self._connection.cursor("queue_log", row_factory=self._rows) as cursor,
        ):
            cursor.itersize = _FETCHED
            yield from cursor.execute(query.encode(), values)

    def close(self) -> None:
        """As `Database.close`."""
        self._connection.close()
