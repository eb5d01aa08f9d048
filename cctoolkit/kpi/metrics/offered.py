"""Offered: how many contacts there were, whatever became of them.

Unit: count. Counts: by queue every visit, one that a full queue turned away too; by project or number every
call, one that ended in the flow too. Source: the sum of all outcomes, by definition.
"""

from cctoolkit.kpi.figure import Metric, Variant
from cctoolkit.kpi.terms import count

METRIC = Metric("count", (Variant("default", "sum of all outcomes", lambda t: count(t.outcome.notnull())),))
