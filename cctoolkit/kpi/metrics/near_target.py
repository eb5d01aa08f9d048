"""Near the target: how many contacts may stand on either side of T, because their moments are not known
exactly enough.

Unit: count. Counts: answered and abandoned contacts whose wait differs from T by less than the precision of
its edges: a queue_log line gives whole seconds, an AMI event microseconds. Source: the records' own
precision.
"""

from cctoolkit.kpi.figure import Metric, Variant
from cctoolkit.kpi.terms import abandoned, answered, count

METRIC = Metric(
    "count",
    (
        Variant(
            "default",
            "|wait - T| < precision of the wait's edges",
            lambda t: count((answered(t) | abandoned(t)) & ((t.wait_us - t.within_us).abs() < t.precision_us)),
        ),
    ),
    detail=True,
)
