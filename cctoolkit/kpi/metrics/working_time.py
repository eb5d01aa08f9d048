"""Working time: an agent's logged-in time, and the parts that it is split into without rest or overlap.

Unit: seconds. Counts: `logged_in` is the whole; ready, ringing, talking, on_hold, wrap_up and paused add up to
it. Of states at the same moment the first of on_hold, talking, ringing, wrap_up, paused, ready has it; talk after
a log-out is in none. Boundary: cut at the interval's edges; a state that goes on lasts until now. Null
when the agent was not logged in. Source: the parts an attendance sheet has; `pause_time` has the reasons.
"""

from cctoolkit.kpi.figure import Metric, Variant
from cctoolkit.kpi.terms import seconds_in

METRIC = Metric(
    "seconds",
    (
        Variant("logged_in", "log-in to log-out", lambda t: t.span_us.sum().cast("float64") / 1_000_000),
        Variant("ready", "logged in and in no other state", lambda t: seconds_in(t, "ready")),
        Variant("ringing", "the phone rings for a call", lambda t: seconds_in(t, "ringing")),
        Variant("talking", "answer to the end of talk, without hold", lambda t: seconds_in(t, "talking")),
        Variant("on_hold", "the agent has put the caller on hold", lambda t: seconds_in(t, "on hold")),
        Variant("wrap_up", "after-call work", lambda t: seconds_in(t, "wrap-up")),
        Variant("paused", "paused for another reason than wrap-up", lambda t: seconds_in(t, "paused")),
    ),
    source="agent_time",
    parts=True,
)
