"""Handled per hour: how many calls an agent answered in an hour logged in.

Unit: per_hour. Counts: answered legs of all projects the agent serves, as the hours are all projects' too; by
the interval of the answer. Null when the agent was not logged in. Source: the field's calls per hour.
"""

from cctoolkit.kpi.figure import Metric, Variant
from cctoolkit.kpi.terms import count, ratio

METRIC = Metric(
    "per_hour",
    (
        Variant(
            "default",
            "answered legs / hours logged in",
            lambda t: ratio(count(t.state == "answered") * 3_600_000_000, t.span_us.sum()),
        ),
    ),
    source="agent_time",
)
