"""Lost call rate (LSR, LCR): the share of contacts whose caller gave up while waiting.

Unit: ratio, 0 to 1. Counts: answered and abandoned contacts. Boundary: an abandon at the short limit is not
short. Null when the denominator is 0. Source: `of_offered` is Amazon Connect's abandoned / queued.
"""

from cctoolkit.kpi.figure import Metric, Variant
from cctoolkit.kpi.terms import abandoned, abandoned_short, answered, count, ratio

METRIC = Metric(
    "ratio",
    (
        Variant(
            "default",
            "(A - As) / (N + A - As)",
            lambda t: ratio(
                count(abandoned(t) & ~abandoned_short(t)),
                count(answered(t) | (abandoned(t) & ~abandoned_short(t))),
            ),
        ),
        Variant(
            "of_offered",
            "A / (N + A)",
            lambda t: ratio(count(abandoned(t)), count(answered(t) | abandoned(t))),
        ),
    ),
)
