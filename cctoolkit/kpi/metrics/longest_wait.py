"""Longest wait: the longest time anyone was in the queue, whichever way they left it.

Unit: seconds. Counts: contacts that left the queue. Null when there is none. Source: the field's usual
meaning.
"""

from cctoolkit.kpi.figure import Metric, Variant
from cctoolkit.kpi.terms import waited

METRIC = Metric(
    "seconds",
    (
        Variant(
            "default",
            "longest wait of all who left the queue",
            lambda t: t.wait_us.max(where=waited(t)).cast("float64") / 1_000_000,
        ),
    ),
)
