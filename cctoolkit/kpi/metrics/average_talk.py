"""Average talk (average dialog, dialog length): the mean time an agent and a caller talked.

Unit: seconds. Counts: answered legs whose talk has ended; a call that two agents answered has two. Boundary:
from the answer to the agent's or the caller's hang-up. Null when there is none. Source: the default leaves
out the time the agent had the caller on hold; `with_hold` is app_queue's TalkTime.
"""

from cctoolkit.kpi.figure import Metric, Variant
from cctoolkit.kpi.terms import handled, mean_seconds

METRIC = Metric(
    "seconds",
    (
        Variant("default", "talk without hold / N", lambda t: mean_seconds(t.talk_us - t.hold_us, handled(t))),
        Variant("with_hold", "talk and hold / N", lambda t: mean_seconds(t.talk_us, handled(t))),
    ),
    source="legs",
)
