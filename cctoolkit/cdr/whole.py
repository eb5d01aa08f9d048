"""Queries over what SQLite has and what is sealed as if it were one: DuckDB reads the Parquet files, and SQLite's rows
come to it by Arrow, since it cannot read SQLite's file without an extension from the network.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from cctoolkit.cdr import schema
from cctoolkit.cdr.columns import Read, Value
from cctoolkit.cdr.database import Database
from cctoolkit.cdr.days import DAY, LONGEST_CALL, Days
from cctoolkit.cdr.files import arrow_schema, check, undamaged
from cctoolkit.cdr.records import Micros
from cctoolkit.errors import OperatorError

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

_FETCHED = 10_000
# A leg is looked for in calls of the day before the window (kpi.agent_time), which entered a day before that.
_BEFORE: Micros = (1 + LONGEST_CALL) * DAY


class Whole:
    """A store's tables of one span of time after the other, as they were when they were first asked for."""

    def __init__(self, database: Database, days: Days) -> None:
        self._database = database
        self._days = days
        self._span: tuple[Micros, Micros] | None = None
        self._connection: duckdb.DuckDBPyConnection | None = None

    def close(self) -> None:
        """Let go of what was read."""
        if self._connection:
            self._connection.close()
        self._connection = self._span = None

    def select(self, query: str, values: Mapping[str, Value]) -> Iterator[Read]:
        """Yield the rows of a query, as `Store.select`."""
        connection = self._of(int(values["start"] or 0), int(values["until"] or 0))
        named = {name: values[name] for name in set(re.findall(r":(\w+)", query))}
        found = connection.execute(re.sub(r":(\w+)", r"$\1", query), named)
        names = [column[0] for column in found.description]
        while chunk := found.fetchmany(_FETCHED):
            yield from (dict(zip(names, row, strict=True)) for row in chunk)

    def _of(self, start: Micros, until: Micros) -> "duckdb.DuckDBPyConnection":
        if self._connection is None or self._span != (start, until):
            self.close()
            self._connection, self._span = self._read(start, until), (start, until)
        return self._connection.cursor()

    def _read(self, start: Micros, until: Micros) -> "duckdb.DuckDBPyConnection":
        try:
            import duckdb
        except ImportError as error:
            raise OperatorError(
                f"sealed days cannot be read: {error}", expected="duckdb", next_step="pip install 'cctoolkit[kpi]'"
            ) from error
        connection = duckdb.connect()
        with self._database.snapshot() as now:
            # The days are looked at when the snapshot stands: what is sealed meanwhile is then in both, not in neither.
            days = self._days.touched(start, until)
            _keep(connection, "newer", _arrow(now, "SELECT call FROM calls", ("call",), "calls"))
            for table in schema.TABLES:
                _keep(connection, f"hot_{table}", _hot(now, table, start - _BEFORE, until + LONGEST_CALL * DAY))
        for table in schema.TABLES:
            first = min(days) if table == "agent_states" else (start - _BEFORE) // DAY
            files = [self._days.path(day) / f"{table}.parquet" for day in days if day >= first]
            connection.execute(_view(table, [path for path in files if path.exists()]))
        return connection


def _keep(connection: "duckdb.DuckDBPyConnection", name: str, found: "pa.Table") -> None:
    """Make a table of what is found: what is only registered is not seen by other cursors."""
    connection.register("found", found)
    connection.execute(f"CREATE TABLE {name} AS SELECT * FROM found")  # noqa: S608 - names of ours
    connection.unregister("found")


def _hot(now: Database, table: str, start: Micros, until: Micros) -> "pa.Table":
    names = tuple(name for name in schema.names(table) if name not in schema.BOOKKEEPING.get(table, ()))
    if table == "agent_states":
        return _arrow(now, f"SELECT {', '.join(names)} FROM agent_states", names, table)  # noqa: S608 - names of ours
    of_span = f"SELECT call FROM calls WHERE entered_us >= {start} AND entered_us < {until}"  # noqa: S608 - numbers
    return _arrow(now, f"SELECT {', '.join(names)} FROM {table} WHERE call IN ({of_span})", names, table)  # noqa: S608


def _arrow(now: Database, query: str, names: tuple[str, ...], table: str) -> "pa.Table":
    import pyarrow as pa

    whole = arrow_schema(table)
    shape = pa.schema([whole.field(name) for name in names])
    rows: list[tuple[Value, ...]] = [tuple(row[name] for name in names) for row in now.rows(query)]
    found = zip(*rows, strict=True) if rows else ([] for _ in names)
    return pa.table([pa.array(list(c), f.type) for c, f in zip(found, shape, strict=True)], schema=shape)


def _view(table: str, files: list[Path]) -> str:
    hot = f"CREATE VIEW {table} AS SELECT * FROM hot_{table}"  # noqa: S608 - a name of ours
    if not files:
        return hot
    import pyarrow.parquet as pq

    for path in files:
        with undamaged(path):
            check(pq.read_schema(path), path)
    quoted = ", ".join("'" + str(path).replace("'", "''") + "'" for path in files)
    newer = ("hot_agent_states", schema.KEYS[table]) if table == "agent_states" else ("newer", ("call",))
    same = " AND ".join(f"newer.{name} = sealed.{name}" for name in newer[1])
    return (
        f"{hot} UNION ALL BY NAME SELECT * EXCLUDE (digest, known_edges) FROM ("  # noqa: S608 - names of ours, paths quoted
        f"SELECT * FROM read_parquet([{quoted}], union_by_name = true) sealed"
        f" WHERE NOT EXISTS (SELECT 1 FROM {newer[0]} newer WHERE {same}))"
    ).replace(" EXCLUDE (digest, known_edges)", " EXCLUDE (digest, known_edges)" if table == "calls" else "")
