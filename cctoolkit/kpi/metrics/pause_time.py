"""Pause time: how long an agent was paused for one reason, as part of the working time.

Unit: seconds. Counts: logged-in time paused and neither talking nor ringing; wrap-up is no pause. Boundary:
cut at the interval's edges; a pause that goes on lasts until now. Null when there was none for the reason.
Source: the reason dialled with the pause.
"""

from cctoolkit.kpi.figure import Metric, Variant
from cctoolkit.kpi.terms import seconds_in

METRIC = Metric(
    "seconds",
    (Variant("default", "paused for the reason", lambda t: seconds_in(t, "paused")),),
    source="pauses",
)
