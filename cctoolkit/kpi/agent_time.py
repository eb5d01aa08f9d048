"""Reads how agents spent their logged-in time: every microsecond of it in exactly one state.

Where several hold at once the first of these has it: on hold, talking, ringing, wrap-up, paused, ready. Talk after a
log-out is in none, because it is no logged-in time. An agent's time belongs to the site: calls of all
projects are in it. Time is cut at the intervals' edges. A state without an end lasts until the next of its
kind begins, until the window's end or until now, whichever comes first.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from cctoolkit.cdr.records import Micros
from cctoolkit.cdr.store import Store, micros
from cctoolkit.kpi.arrow import arrow
from cctoolkit.kpi.interval import Interval, Window

if TYPE_CHECKING:
    import pyarrow as pa

_STATES = """
SELECT agent, state, reason, start_us, least(end_us, :until) AS end_us FROM (
    SELECT agent, state, coalesce(reason, '') AS reason, start_us, coalesce(end_us, lead(start_us) OVER (
        PARTITION BY node, agent,
            CASE WHEN state = 'logged_in' THEN 1 WHEN state = 'in_call' THEN 2 WHEN reason = 'wrapuptime' THEN 3 END
        ORDER BY start_us), :until) AS end_us
    FROM agent_states) AS spans
WHERE start_us < :until AND end_us > :start
"""
# By the index on `joined_us`: nobody talks for longer than a day. An agent has one call at a time, so one whose
# end was not seen was over when the next came.
_LEGS = """
SELECT legs.call AS call, legs.visit AS visit, legs.position AS leg, legs.agent AS agent,
    legs.offered_us AS offered_us, legs.answered_us AS answered_us,
    least(:until, coalesce(legs.ended_us, calls.ended_us,
        lead(legs.offered_us) OVER (PARTITION BY legs.agent ORDER BY legs.offered_us), :until)) AS ended_us
FROM visits JOIN calls USING (call) JOIN legs ON legs.call = visits.call AND legs.visit = visits.position
WHERE joined_us >= :start - 86400000000 AND joined_us < :until AND test = 0
"""
_HOLDS = f"""
SELECT agent, start_us, least(ended_us, coalesce(end_us, ended_us)) AS end_us
FROM ({_LEGS}) AS talks JOIN holds USING (call, visit, leg) WHERE start_us < :until
"""  # noqa: S608 - a query of ours within another
_SERVED = """
SELECT DISTINCT agent FROM visits JOIN calls USING (call)
    JOIN legs ON legs.call = visits.call AND legs.visit = visits.position
WHERE joined_us >= :start AND joined_us < :until AND project = :project AND test = 0
"""
_RANKS = {"logged_in": 0, "paused": 1, "wrap-up": 2, "ringing": 3, "in_call": 4, "talking": 5, "on hold": 6}
_SHOWN = {"logged_in": "ready", "in_call": "talking"}
_LOGGED_IN = (_RANKS["logged_in"], "logged_in", "")


class Span(NamedTuple):
    """A state that an agent had from `start` to `end`, perhaps along with others. in_call is talk of no record."""

    agent: str
    state: str
    reason: str
    start: Micros
    end: Micros


class Slice(NamedTuple):
    """A piece of an agent's logged-in time with its one state: ready, ringing, talking, on hold, wrap-up, paused."""

    agent: str
    state: str
    reason: str
    start: Micros
    end: Micros


def read(
    store: Store, project: str, window: Window, agents: Collection[str] | None, now: datetime | None
) -> list[Span]:
    """Return the spans of agents who serve the project: those named and those who were offered its calls;
    everyone when `agents` is None. `now` is where states without an end are cut; None: at the window's end.
    """
    until = window.end if now is None else max(window.start, min(now, window.end))
    values = {"start": micros(window.start), "until": micros(until)}
    found = list(_spans(store, values))
    if agents is None:
        return found
    shown = {*agents, *(row["agent"] for row in store.select(_SERVED, values | {"project": project}))}
    return [span for span in found if span.agent in shown]


def _spans(store: Store, values: dict[str, int]) -> Iterator[Span]:
    for row in store.select(_STATES, values):
        yield Span(row["agent"], row["state"], row["reason"], row["start_us"], row["end_us"])
    for row in store.select(_LEGS, values):
        answered, ended = row["answered_us"], row["ended_us"]
        yield Span(row["agent"], "ringing", "", row["offered_us"], ended if answered is None else answered)
        if answered is not None:
            yield Span(row["agent"], "talking", "", answered, ended)
    for row in store.select(_HOLDS, values):
        yield Span(row["agent"], "on hold", "", row["start_us"], row["end_us"])


def slices(spans: Iterable[Span], edges: Sequence[Micros]) -> Iterator[Slice]:
    """Yield the agents' logged-in time from the first edge to the last, cut at every edge, in order."""
    by_agent = attrgetter("agent")
    for agent, group in groupby(sorted(spans, key=by_agent), by_agent):
        yield from _of_agent(agent, group, edges)


def _of_agent(agent: str, spans: Iterable[Span], edges: Sequence[Micros]) -> Iterator[Slice]:
    """Sweep over the moments at which something changes and see which states hold in between."""
    changes = [(edge, 0, _LOGGED_IN) for edge in edges]
    for span in spans:
        start, end = max(span.start, edges[0]), min(span.end, edges[-1])
        if start < end:
            state = (_RANKS[span.state], span.state, span.reason)
            changes += [(start, 1, state), (end, -1, state)]
    active: Counter[tuple[int, str, str]] = Counter()
    last = edges[0]
    for at, step, state in sorted(changes):
        if at > last and active[_LOGGED_IN]:
            _, name, reason = max(one for one, count in active.items() if count)
            yield Slice(agent, _SHOWN.get(name, name), reason, last, at)
        active[state] += step
        last = at


def table(found: Iterable[Span], project: str, intervals: Sequence[Interval]) -> pa.Table:
    """Return the slices as the Arrow table that the metrics read.

    Columns: project, agent, state, reason ("" but for a pause) (text); interval, the place in `intervals`;
    span_us, the slice's length in whole microseconds. Each call answered is one more row, of the state
    "answered", without length.
    """
    starts = [micros(interval.start) for interval in intervals]
    end = micros(intervals[-1].end)
    spans = list(found)
    rows = [
        (project, one.agent, one.state, one.reason if one.state == "paused" else "",
         bisect_right(starts, one.start) - 1, one.end - one.start)
        for one in slices(spans, [*starts, end])
    ]  # fmt: skip
    rows += [
        (project, span.agent, "answered", "", bisect_right(starts, span.start) - 1, 0)
        for span in spans
        if span.state == "talking" and starts[0] <= span.start < end
    ]
    return arrow(rows, ("project", "agent", "state", "reason"), ("interval", "span_us"))
