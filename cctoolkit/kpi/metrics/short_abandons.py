"""Short abandons (As): how many callers gave up in the queue sooner than the short limit.

Unit: count. Counts: abandoned contacts. Boundary: a wait equal to the limit is not short. Source: "gave up in
the queue in under 15 s", the usual reading; the limit is the project's.
"""

from cctoolkit.kpi.figure import Metric, Variant
from cctoolkit.kpi.terms import abandoned_short, count

METRIC = Metric("count", (Variant("default", "As", lambda t: count(abandoned_short(t))),))
