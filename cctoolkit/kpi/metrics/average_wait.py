"""Average wait: the mean time in the queue (ASA, average speed of answer, for those who were answered).

Unit: seconds. Counts: answered contacts; `all`: everyone who was in the queue and left it, whichever way;
`abandoned`: those who gave up (time to abandon). Null when there is none. Source: `answered` is the field's
ASA; `all` is wazo's average_waiting_time.
"""

from cctoolkit.kpi.figure import Metric, Variant
from cctoolkit.kpi.terms import abandoned, answered, mean_seconds, waited

METRIC = Metric(
    "seconds",
    (
        Variant("answered", "sum of wait of N / N", lambda t: mean_seconds(t.wait_us, answered(t))),
        Variant("all", "sum of wait / all who left the queue", lambda t: mean_seconds(t.wait_us, waited(t))),
        Variant("abandoned", "sum of wait of A / A", lambda t: mean_seconds(t.wait_us, abandoned(t))),
    ),
)
