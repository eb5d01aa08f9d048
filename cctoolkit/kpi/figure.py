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

Unit = Literal["ratio", "seconds", "count"]
"""`ratio` is 0 to 1."""


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
    """One way to read a figure: `formula` for a person, `value` the aggregate over a table of contacts."""

    name: str
    formula: str
    value: Callable[[ir.Table], ir.NumericScalar]


class Metric(msgspec.Struct, frozen=True):
    """A figure's definition. The first variant is the default."""

    unit: Unit
    variants: tuple[Variant, ...]


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
    start: datetime | None = None
    end: datetime | None = None


@cache
def discover() -> Mapping[str, Metric]:
    """Return every metric by its name: a module of `kpi.metrics` with its `METRIC`."""
    names = sorted(module.name for module in pkgutil.iter_modules(metrics.__path__))
    return {name: importlib.import_module(f"{metrics.__name__}.{name}").METRIC for name in names}
