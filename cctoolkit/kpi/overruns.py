"""Pauses that lasted longer than their reason may: whose, how often, and how much longer.

Unit: seconds. Counts: a pause is over its limit from `start + limit` on; of that, what lies in the window. Boundary: a
pause as long as its limit is not over it; one that goes on lasts until now. Nothing is enforced: an agent who was made
ready while away would be rung. Source: the reason dialled with the pause, the limit of the project's spec.
"""

from collections.abc import Iterable, Mapping
from itertools import groupby
from operator import attrgetter

import msgspec

from cctoolkit.cdr.store import micros
from cctoolkit.kpi.agent_time import Span
from cctoolkit.kpi.interval import Window


class Overrun(msgspec.Struct, frozen=True):
    """One agent's pauses of one reason that were over the limit: how many, the time over it in the window, and the
    whole length of the longest.
    """

    agent: str
    reason: str
    limit_seconds: float
    pauses: int
    over_seconds: float
    longest_seconds: float


def overruns(spans: Iterable[Span], limits: Mapping[str, float], window: Window) -> tuple[Overrun, ...]:
    """Return the overruns by agent and reason, in that order; `limits` is in seconds by reason."""
    first, last = micros(window.start), micros(window.end)
    over: list[tuple[Span, int]] = []
    for span in spans:
        limit = limits.get(span.reason) if span.state == "paused" else None
        if limit is not None:
            length = min(span.end, last) - max(span.start + round(limit * 1_000_000), first)
            if length > 0:
                over.append((span, length))
    found = []
    for (agent, reason), group in groupby(sorted(over), lambda one: attrgetter("agent", "reason")(one[0])):
        mine = list(group)
        longest = max(span.end - span.start for span, _ in mine)
        total = sum(length for _, length in mine)
        found.append(Overrun(agent, reason, limits[reason], len(mine), total / 1_000_000, longest / 1_000_000))
    return tuple(found)
