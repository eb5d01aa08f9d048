"""What a figure is: its definition (`Metric`), its value (`Figure`), and the targets it is held against."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Literal

import msgspec

from cctoolkit.errors import SpecError
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


class Limits(msgspec.Struct, frozen=True):
    """What a figure should be, in its unit: at least, at most, or between."""

    at_least: float | None = None
    at_most: float | None = None

    def deviation(self, value: float) -> float:
        """Return how far a value lies from the limit it breaks, or else from the nearest."""
        if self.at_least is not None and value < self.at_least:
            return value - self.at_least
        if self.at_most is not None and value > self.at_most:
            return value - self.at_most
        return min((value - limit for limit in (self.at_least, self.at_most) if limit is not None), key=abs)

    def met(self, value: float) -> bool:
        """Say whether the value is as it should be; a value equal to a limit is."""
        return (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most)


class Targets(msgspec.Struct, frozen=True):
    """A project's targets, and how soon an abandon is a short one.

    `limits` are by figure and queue ("": the whole project, and queues that have none of their own); `formulas` names
    the variant of a figure the project chose.
    """

    queues: tuple[Target, ...] = ()
    short_abandon_seconds: float = 15.0
    limits: Mapping[tuple[str, str], Limits] = {}
    formulas: Mapping[str, str] = {}

    def formula(self, metric: str) -> str:
        """Return the variant of the metric this project reports. Raises SpecError for one that does not exist."""
        variants = [variant.name for variant in discover()[metric].variants]
        chosen = self.formulas.get(metric, variants[0])
        if chosen not in variants:
            raise SpecError(
                f"{metric} has no formula {chosen!r}", where="kpi", expected=f"one of {', '.join(variants)}"
            )
        return chosen

    def limit(self, metric: str, queue: str | None = None) -> Limits | None:
        """Return what a figure of the project, or of a queue, should be; None when nothing is agreed."""
        if metric == "service_level" and queue is not None:
            target = self.of(queue)
            return Limits(at_least=target.ratio) if target else None
        own = self.limits.get((metric, queue or "")) or self.limits.get((metric, ""))
        # Of several targets of queues none is the project's.
        ratios = {target.ratio for target in self.queues} if metric == "service_level" and own is None else set()
        return Limits(at_least=ratios.pop()) if len(ratios) == 1 else own

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

    A key that the figures are not grouped by is None; `start` and `end` bound the group's interval. `chosen` is the
    reading the project reports, and every part of a whole; it alone has a `target`, and says whether that is `met`
    (None: no target, or nothing to measure).
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
    chosen: bool = False
    target: Limits | None = None
    met: bool | None = None


@cache
def discover() -> Mapping[str, Metric]:
    """Return every metric by its name: a module of `kpi.metrics` with its `METRIC`."""
    names = sorted(module.name for module in pkgutil.iter_modules(metrics.__path__))
    return {name: importlib.import_module(f"{metrics.__name__}.{name}").METRIC for name in names}
