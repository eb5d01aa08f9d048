"""Answered (N): how many contacts an agent answered.

Unit: count. Counts: visits or calls answered by an agent, those that continued in the flow afterwards too.
Source: the field's usual meaning.
"""

from cctoolkit.kpi.figure import Metric, Variant
from cctoolkit.kpi.terms import answered, count

METRIC = Metric("count", (Variant("default", "N", lambda t: count(answered(t))),))
