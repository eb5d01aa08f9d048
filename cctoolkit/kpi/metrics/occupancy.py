"""Occupancy: the share of an agent's time that calls took.

Unit: ratio, 0 to 1. Counts: logged-in time with calls of all projects: talk, hold, ringing and wrap-up. Null
when the denominator is 0. Source: the default leaves pauses out of the time available; `of_logged_in` is Call
Centre Helper's.
"""

from cctoolkit.kpi.figure import Metric, Variant
from cctoolkit.kpi.terms import ratio, time_in

_BUSY = ("talking", "on hold", "ringing", "wrap-up")

METRIC = Metric(
    "ratio",
    (
        Variant(
            "default",
            "(talk + hold + ringing + wrap-up) / (logged in - paused)",
            lambda t: ratio(time_in(t, *_BUSY), time_in(t, *_BUSY, "ready")),
        ),
        Variant(
            "of_logged_in",
            "(talk + hold + ringing + wrap-up) / logged in",
            lambda t: ratio(time_in(t, *_BUSY), t.span_us.sum()),
        ),
    ),
    source="agent_time",
)
