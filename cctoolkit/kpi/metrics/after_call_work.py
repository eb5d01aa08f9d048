"""After-call work (ACW): the mean wrap-up after a call handled.

Unit: seconds. Counts: answered legs; one without wrap-up counts as 0, one whose talk or wrap-up goes on does
not count yet. Boundary: from the mark that begins the wrap-up to the agent's ready or its limit. Null when
there is none. Source: the field's usual meaning; measured, never app_queue's wrapuptime.
"""

from cctoolkit.kpi.figure import Metric, Variant
from cctoolkit.kpi.terms import finished, mean_seconds

METRIC = Metric(
    "seconds",
    (Variant("default", "sum of wrap-up / handled", lambda t: mean_seconds(t.wrap_up_us, finished(t))),),
    source="legs",
)
