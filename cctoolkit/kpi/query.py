"""Computes figures: rows of the store through one Ibis expression a table, here on DuckDB in memory.

DuckDB cannot read the SQLite file itself without an extension from the network, so rows go through Arrow.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import product
from typing import TYPE_CHECKING, Any

from cctoolkit.cdr.address import Place
from cctoolkit.cdr.store import Store
from cctoolkit.errors import UsageError
from cctoolkit.kpi.figure import Figure, Metric, discover
from cctoolkit.kpi.interval import Interval, intervals, parse_step
from cctoolkit.kpi.sources import KEYS, TABLES, Question

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

Key = tuple[Any, ...]
"""A group: its values in the order of the keys."""


def figures(place: Place, asked: Question) -> list[Figure]:
    """Return every variant of the metrics asked for, for every group, in the order of the groups.

    With a queue among the groups the unit of contacts is the visit, otherwise the call. Queues with a target
    and agents who serve the project have their rows even when nobody called, and every interval has its rows:
    ratios and times are then None, counts 0.

    Raises UsageError for an unknown group, interval or metric, and for a metric that cannot be grouped so;
    OperatorError for a store that cannot be read.
    """
    keys, step = _split(asked.by)
    chosen = _chosen(asked.metrics, keys)
    window = asked.window
    pieces = tuple(intervals(window, step)) if step else (Interval(window.start, window.end),)
    values = _read(place, asked, keys, chosen, pieces)
    groups = sorted({key[:-1] for key in values} | _expected(keys, asked))
    found: list[Figure] = []
    for group, (at, piece) in product(groups, enumerate(pieces)):
        known: dict[str, Any] = {"project": asked.project, **dict(zip(keys, group, strict=True))}
        if step:
            known |= {"start": piece.start, "end": piece.end}
        found += _rows(asked, chosen, values.get((*group, at), {}), known)
    return found


def _read(
    place: Place,
    asked: Question,
    keys: tuple[str, ...],
    chosen: Mapping[str, Metric],
    pieces: Sequence[Interval],
) -> dict[Key, dict[str, Any]]:
    """Return the values of every group and interval, those of all tables together."""
    values: dict[Key, dict[str, Any]] = {}
    with Store.read(place) as store:
        for source, table in TABLES.items():
            metrics = {name: metric for name, metric in chosen.items() if metric.source == source}
            if metrics:
                rows = _compute(table.read(store, asked, pieces), (*keys, "interval"), metrics)
                for key, row in rows.items():
                    values.setdefault(key, {}).update(row)
    return values


def _rows(
    asked: Question, metrics: Mapping[str, Metric], values: Mapping[str, Any], known: dict[str, Any]
) -> Iterator[Figure]:
    for name, metric in metrics.items():
        for variant in metric.variants:
            value = values.get(f"{name}.{variant.name}", 0 if metric.unit == "count" else None)
            number = None if value is None else float(value)
            chosen = metric.parts or variant.name == asked.targets.formula(name)
            target = asked.targets.limit(name, known.get("queue")) if chosen else None
            met = None if target is None or number is None else target.met(number)
            yield Figure(name, variant.name, number, metric.unit, **known, chosen=chosen, target=target, met=met)


def aggregate(table: ir.Table, keys: Sequence[str], metrics: Mapping[str, Metric]) -> ir.Table:
    """Return the one expression for every variant of the metrics by the keys: columns `metric.variant`.

    The table is one of `kpi.sources` and may live in any Ibis backend.
    """
    values = {f"{name}.{v.name}": v.value(table) for name, metric in metrics.items() for v in metric.variants}
    return table.group_by(list(keys)).aggregate(**values)


def _compute(table: pa.Table, keys: Sequence[str], metrics: Mapping[str, Metric]) -> dict[Key, dict[str, Any]]:
    if not table.num_rows:
        return {}
    import ibis

    connection = ibis.duckdb.connect()
    try:
        rows = connection.to_pyarrow(aggregate(ibis.memtable(table), keys, metrics)).to_pylist()
    finally:
        connection.disconnect()
    return {tuple(row.pop(key) for key in keys): row for row in rows}


def _split(by: Sequence[str]) -> tuple[tuple[str, ...], timedelta | None]:
    keys = tuple(key for key in KEYS if key in by)
    steps = [parse_step(key) for key in by if key not in KEYS]
    if len(steps) > 1:
        raise UsageError("two intervals at once", where="--by", expected="one of them, such as 30m")
    return keys, steps[0] if steps else None


def _chosen(names: Sequence[str] | None, keys: Sequence[str]) -> Mapping[str, Metric]:
    known = discover()
    fitting = {name: metric for name, metric in known.items() if TABLES[metric.source].fits(keys)}
    if not fitting:
        raise UsageError(f"there are no figures by {' and '.join(keys)}", where="--by", expected=_HOW)
    for name in names or ():
        if name not in known:
            raise UsageError(f"{name!r} is no figure", expected=f"one of {', '.join(known)}")
        if name not in fitting:
            can = TABLES[known[name].source]
            expected = f"any of {', '.join(k for k in KEYS if k in can.may)}"
            expected += f", {' and '.join(k for k in KEYS if k in can.must)} among them" if can.must else ""
            raise UsageError(f"{name} cannot be grouped so", where="--by", expected=expected)
    return fitting if names is None else {name: known[name] for name in names}


_HOW = "project, number, queue and agent, or agent and reason"


def _expected(keys: Sequence[str], asked: Question) -> set[Key]:
    """Return the groups that have rows though nobody called. Numbers have none: which exist is not known
    here, nor who of the agents serves which queue.
    """
    queues = [target.queue for target in asked.targets.queues]
    known: dict[str, Sequence[str]] = {"project": [asked.project], "queue": queues, "agent": asked.agents or ()}
    if any(key not in known for key in keys) or {"queue", "agent"} <= set(keys):
        return set()
    return set(product(*(known[key] for key in keys)))
