"""Outcomes: how many contacts ended each way, one variant an outcome; together they are the contacts
offered.

Unit: count. Counts: by queue the outcomes of visits, by project or number those of calls. An abandon is one
outcome among several: time-outs, exits by key, full and empty queues and withdrawals are counted apart.
Source: the records' own outcomes.
"""

from __future__ import annotations

from typing import get_args

from cctoolkit.cdr.records import CallOutcome, VisitOutcome
from cctoolkit.kpi.figure import Metric, Variant
from cctoolkit.kpi.terms import count

_OUTCOMES: tuple[str, ...] = tuple(dict.fromkeys((*get_args(VisitOutcome), *get_args(CallOutcome))))


def _variant(outcome: str) -> Variant:
    return Variant(outcome, f"outcome is {outcome}", lambda t: count(t.outcome == outcome))


METRIC = Metric("count", tuple(map(_variant, _OUTCOMES)), parts=True, detail=True)
