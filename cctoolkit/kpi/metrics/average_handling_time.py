"""Average handling time (AHT): the mean time a call kept its agent busy after the answer.

Unit: seconds. Counts: answered legs whose talk and wrap-up have ended. Null when there is none. Source: the
field's usual meaning, (talk + hold + ACW) / handled; ringing is not in it.
"""

from cctoolkit.kpi.figure import Metric, Variant
from cctoolkit.kpi.terms import finished, mean_seconds

METRIC = Metric(
    "seconds",
    (
        Variant(
            "default",
            "(talk + hold + wrap-up) / handled",
            lambda t: mean_seconds(t.talk_us + t.wrap_up_us, finished(t)),
        ),
    ),
    source="legs",
)
