"""Rows as a Parquet file, of which only some are in memory at a time."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path

from cctoolkit.errors import OperatorError

_ROWS = 10_000


def write(path: Path, types: Mapping[str, type], rows: Iterable[Sequence[object]]) -> int:
    """Write rows whose columns are of these types (str, int, float, bool, datetime) and return how many; the file is
    whole or not there. Raise OperatorError when it cannot be written, or pyarrow is missing.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise OperatorError(
            f"Parquet cannot be written: {error}", expected="pyarrow", next_step="pip install 'cctoolkit[kpi]'"
        ) from error
    arrow = {
        str: pa.string(),
        int: pa.int64(),
        float: pa.float64(),
        bool: pa.bool_(),
        datetime: pa.timestamp("us", "UTC"),
    }
    shape = pa.schema([(name, arrow[type_]) for name, type_ in types.items()])
    being_made, waiting, count = path.with_name(f".{path.name}.part"), iter(rows), 0
    try:
        with pq.ParquetWriter(being_made, shape, compression="zstd") as file:
            while chunk := list(islice(waiting, _ROWS)):
                arrays = [pa.array(list(c), f.type) for c, f in zip(zip(*chunk, strict=True), shape, strict=True)]
                file.write_batch(pa.record_batch(arrays, schema=shape))
                count += len(chunk)
        being_made.replace(path)
    except OSError as error:
        raise OperatorError(f"cannot be written: {error.strerror or error}", where=str(path)) from error
    finally:
        being_made.unlink(missing_ok=True)
    return count
