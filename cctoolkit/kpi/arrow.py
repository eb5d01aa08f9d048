"""Rows to the Arrow tables that metrics are computed over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


def arrow(rows: Sequence[Sequence[object]], texts: Sequence[str], numbers: Sequence[str]) -> pa.Table:
    """Return the rows, in which the texts' columns come first and whole numbers follow, as a table."""
    import pyarrow as pa

    schema = pa.schema([*((name, pa.string()) for name in texts), *((name, pa.int64()) for name in numbers)])
    columns = zip(*rows, strict=True) if rows else ([] for _ in schema)
    return pa.table([pa.array(list(c), f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)
