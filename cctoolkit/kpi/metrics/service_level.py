"""Service level (S/L): the share of contacts answered within the target T.

Unit: ratio, 0 to 1. Counts: contacts of queues that have a target; not those that left another way than by an
answer or an abandon. Boundary: a wait equal to T is within T. Null when the denominator is 0.

Source: the default leaves out callers who gave up before anyone could have answered. `of_offered` is Genesys'
default and COPC's as wolkvox quotes it; `of_answered` wazo's; `late_abandons` XCALLY's; `abandon_in_time`
counts a caller who gave up within T as served in time. Asterisk's own ServicelevelPerf is none of these and
is not used.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cctoolkit.kpi.figure import Metric, Variant
from cctoolkit.kpi.terms import abandoned, abandoned_short, answered, count, has_target, in_time, ratio

if TYPE_CHECKING:
    import ibis.expr.types as ir

Condition = Callable[["ir.Table"], "ir.BooleanColumn"]

_FORMULAS: dict[str, tuple[str, Condition, Condition]] = {
    "default": (
        "answered within T / (N + A - As)",
        lambda t: answered(t) & in_time(t),
        lambda t: answered(t) | (abandoned(t) & ~abandoned_short(t)),
    ),
    "of_offered": (
        "answered within T / (N + A)",
        lambda t: answered(t) & in_time(t),
        lambda t: answered(t) | abandoned(t),
    ),
    "of_answered": ("answered within T / N", lambda t: answered(t) & in_time(t), answered),
    "late_abandons": (
        "answered within T / (N + A after T)",
        lambda t: answered(t) & in_time(t),
        lambda t: answered(t) | (abandoned(t) & ~in_time(t)),
    ),
    "abandon_in_time": (
        "(answered within T + A within T) / (N + A)",
        lambda t: (answered(t) | abandoned(t)) & in_time(t),
        lambda t: answered(t) | abandoned(t),
    ),
}


def _variant(name: str, formula: str, part: Condition, whole: Condition) -> Variant:
    return Variant(name, formula, lambda t: ratio(count(part(t) & has_target(t)), count(whole(t) & has_target(t))))


METRIC = Metric("ratio", tuple(_variant(name, *parts) for name, parts in _FORMULAS.items()))
