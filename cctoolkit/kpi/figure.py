"""What a figure is: its definition (`Metric`), its value (`Figure`), and the targets it is held against."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Literal

import msgspec

from cctoolkit.kpi import metrics

if TYPE_CHECKING:
    import ibis.expr.types as ir

Unit = Literal["ratio", "seconds", "count", "per_hour"]
"""`ratio` is 0 to 1."""

Source = Literal["contacts", "legs", "agent_time", "pauses"]
"""The table a figure is an aggregate of: see `kpi.sources`."""


class Target(msgspec.Struct, frozen=True):
    """A queue's service-level target: `ratio` (0 to 1) of the calls answered within `within_seconds`."""

    queue: str
    within_seconds: float
    ratio: float


class Targets(msgspec.Struct, frozen=True):
    """A project's targets, and how soon an abandon is a short one."""

    queues: tuple[Target, ...] = ()
    short_abandon_seconds: float = 15.0

    def of(self, queue: str) -> Target | None:
        """Return the queue's target, or None when it has none."""
        return next((target for target in self.queues if target.queue == queue), None)


class Variant(msgspec.Struct, frozen=True):
    """One way to read a figure: `formula` for a person, `value` the aggregate over the metric's table."""

    name: str
    formula: str
    value: Callable[[ir.Table], ir.NumericScalar]


class Metric(msgspec.Struct, frozen=True):
    """A figure's definition. The first variant is the default.

    `parts`: the variants are no readings of one thing but parts of a whole, to be shown together. `detail`: it
    explains other figures; a table has it only when it is asked for by name.
    """

    unit: Unit
    variants: tuple[Variant, ...]
    source: Source = "contacts"
    parts: bool = False
    detail: bool = False


class Figure(msgspec.Struct, frozen=True):
    """One figure of one group. `value` is None where there was nothing to measure; a count is then 0.

    A key that the figures are not grouped by is None; `start` and `end` bound the group's interval.
    """

    metric: str
    variant: str
    value: float | None
    unit: Unit
    project: str
    queue: str | None = None
    number: str | None = None
    agent: str | None = None
    reason: str | None = None
    start: datetime | None = None
    end: datetime | None = None


@cache
def discover() -> Mapping[str, Metric]:
    """Return every metric by its name: a module of `kpi.metrics` with its `METRIC`."""
    names = sorted(module.name for module in pkgutil.iter_modules(metrics.__path__))
    return {name: importlib.import_module(f"{metrics.__name__}.{name}").METRIC for name in names}
