"""A table of call records in a file of Parquet, with the version of the schema in its metadata."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cctoolkit.cdr import schema
from cctoolkit.cdr.columns import Value, columns
from cctoolkit.cdr.database import broken

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH = 5_000
_VERSION = b"cctoolkit_schema"
_TYPES = {"TEXT": "string", "INTEGER": "int64", "REAL": "float64"}


def rows(path: Path, table: str, only: Sequence[str] | None = None) -> Iterator[Mapping[str, Any]]:
    """Yield a file's rows, or these columns of them, those it lacks as None; nothing when there is no such file."""
    if not path.exists():
        return
    import pyarrow.parquet as pq

    nothing: dict[str, Any] = dict.fromkeys(only or schema.names(table))
    with undamaged(path), pq.ParquetFile(path) as file:
        check(file.schema_arrow, path)
        for batch in file.iter_batches(_BATCH, columns=only):
            yield from (nothing | row for row in batch.to_pylist())


def arrow_schema(table: str) -> "pa.Schema":
    """Return the Arrow schema of a table's columns."""
    import pyarrow as pa

    types = {column.name: _TYPES[column.sql_type] for column in columns(schema.TABLES[table])}
    own = {"digest": "binary", "known_edges": "int64", "call": "string"}
    fields = [(name, types.get(name) or own.get(name, "int64")) for name in schema.names(table)]
    return pa.schema(fields, {_VERSION: str(len(schema.MIGRATIONS)).encode()})


def check(found: "pa.Schema", path: Path) -> None:
    """Raise OperatorError when a newer cctoolkit wrote a file."""
    version = int((found.metadata or {}).get(_VERSION, b"0"))
    if version > len(schema.MIGRATIONS):
        raise schema.newer(version, str(path))


@contextmanager
def undamaged(path: Path) -> Iterator[None]:
    """Turn what pyarrow raises of a damaged file inside into an OperatorError that names it."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError) as error:
        help_ = (
            "an undamaged file",
            "restore it from a backup, or move its day away and replay the journal of that day",
        )
        raise broken(str(path), str(error), help_) from error


def write(path: Path, table: str, rows: Iterable[Sequence[Value | bytes]]) -> None:
    """Write a new file, on the disk when this returns, with rows in the order of `schema.names`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    shape, waiting = arrow_schema(table), iter(rows)
    with pq.ParquetWriter(path, shape, compression="zstd") as file:
        while chunk := [row for row, _ in zip(waiting, range(_BATCH), strict=False)]:
            arrays = [pa.array(list(c), f.type) for c, f in zip(zip(*chunk, strict=True), shape, strict=True)]
            file.write_batch(pa.record_batch(arrays, schema=shape))
    sync(path)


def sync(path: Path) -> None:
    """Force a file, or a folder's entries, to disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
