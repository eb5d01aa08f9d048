"""Computes figures: rows of the store through one Ibis expression, here on DuckDB in memory.

DuckDB cannot read the SQLite file itself without an extension from the network, so rows go through Arrow.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cctoolkit.cdr.store import Store
from cctoolkit.errors import UsageError
from cctoolkit.kpi import contacts
from cctoolkit.kpi.figure import Figure, Metric, Targets, discover
from cctoolkit.kpi.interval import Interval, Window, intervals, parse_step

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

Key = tuple[object, ...]
"""A group: its values in the order of the keys."""

_KEYS = ("project", "number", "queue")


def figures(
    store_path: Path,
    project: str,
    window: Window,
    by: Sequence[str] = ("queue",),
    targets: Targets | None = None,
    metrics: Sequence[str] | None = None,
) -> list[Figure]:
    """Return every variant of the metrics (all, when not named) for every group, in the order of the groups.

    `by` is any of project, number, queue and one interval (`30m`, `1d`). With a queue in it the unit is the
    visit, otherwise the call. Queues with a target have their rows even when nobody called, and every
    interval has its rows: ratios and times are then None, counts 0.

    Raises UsageError for an unknown group, interval or metric; OperatorError for a store that cannot be read.
    """
    keys, step = _split(by)
    chosen = _chosen(metrics)
    targets = targets or Targets()
    pieces = tuple(intervals(window, step)) if step else (Interval(window.start, window.end),)
    unit = contacts.visits if "queue" in keys else contacts.calls
    with Store.read(store_path) as store:
        table = contacts.table(unit(store, project, window), project, pieces, targets)
    values = _compute(table, (*keys, "interval"), chosen)
    groups = sorted({key[:-1] for key in values} | _expected(keys, project, targets))
    found: list[Figure] = []
    for group, (place, piece) in product(groups, enumerate(pieces)):
        known: dict[str, Any] = {"project": project, **dict(zip(keys, group, strict=True))}
        if step:
            known |= {"start": piece.start, "end": piece.end}
        found += _rows(chosen, values.get((*group, place), {}), known)
    return found


def _rows(
    metrics: Mapping[str, Metric], values: Mapping[str, Any], known: dict[str, Any]
) -> Iterator[Figure]:
    for name, metric in metrics.items():
        for variant in metric.variants:
            value = values.get(f"{name}.{variant.name}", 0 if metric.unit == "count" else None)
            number = None if value is None else float(value)
            yield Figure(name, variant.name, number, metric.unit, **known)


def aggregate(table: ir.Table, keys: Sequence[str], metrics: Mapping[str, Metric]) -> ir.Table:
    """Return the one expression for every variant of the metrics by the keys: columns `metric.variant`.

    The table has the columns of `contacts.table` and may live in any Ibis backend.
    """
    values = {f"{name}.{v.name}": v.value(table) for name, metric in metrics.items() for v in metric.variants}
    return table.group_by(list(keys)).aggregate(**values)


def _compute(
    table: pa.Table, keys: Sequence[str], metrics: Mapping[str, Metric]
) -> dict[Key, dict[str, Any]]:
    import ibis

    connection = ibis.duckdb.connect()
    try:
        rows = connection.to_pyarrow(aggregate(ibis.memtable(table), keys, metrics)).to_pylist()
    finally:
        connection.disconnect()
    return {tuple(row[key] for key in keys): row for row in rows}


def _split(by: Sequence[str]) -> tuple[tuple[str, ...], timedelta | None]:
    keys = tuple(key for key in _KEYS if key in by)
    steps = [parse_step(key) for key in by if key not in _KEYS]
    if len(steps) > 1:
        raise UsageError("two intervals at once", where="--by", expected="one of them, such as 30m")
    return keys, steps[0] if steps else None


def _chosen(names: Sequence[str] | None) -> Mapping[str, Metric]:
    known = discover()
    for name in names or ():
        if name not in known:
            raise UsageError(f"{name!r} is no figure", expected=f"one of {', '.join(known)}")
    return known if names is None else {name: known[name] for name in names}


def _expected(keys: Sequence[str], project: str, targets: Targets) -> set[Key]:
    """Return the groups that have rows though nobody called. Numbers have none: which exist is not known
    here.
    """
    if "number" in keys:
        return set()
    queues = [target.queue for target in targets.queues] if "queue" in keys else [""]
    values = {"project": project}
    return {tuple(values.get(key, queue) for key in keys) for queue in queues}
