"""Reads agents' legs from the store: one row for each time an agent's phone rang for a call.

A leg belongs to the interval and the window in which its visit joined the queue, like the visit itself, so
that what was handled and what was answered are told of the same calls. Test calls are left out here.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from cctoolkit.cdr.columns import Read
from cctoolkit.cdr.records import Micros
from cctoolkit.cdr.store import Store, micros
from cctoolkit.kpi.arrow import arrow
from cctoolkit.kpi.interval import Interval, Window
from cctoolkit.kpi.passed import Passed

if TYPE_CHECKING:
    import pyarrow as pa

_LEGS = """
SELECT calls.call AS call, number, queue, agent, legs.outcome AS outcome, joined_us,
    legs.answered_us AS answered_us, legs.ended_us AS ended_us, wrap_up_started_us, wrap_up_ended_us,
    (SELECT CAST(coalesce(sum(end_us - start_us), 0) AS BIGINT) FROM holds
        WHERE holds.call = legs.call AND holds.visit = legs.visit AND holds.leg = legs.position) AS hold_us
FROM visits JOIN calls USING (call) JOIN legs ON legs.call = visits.call AND legs.visit = visits.position
WHERE joined_us >= :start AND joined_us < :until AND project = :project AND test = 0
ORDER BY visits.call, visits.position, legs.position
"""


class Leg(NamedTuple):
    """One leg. `talk_us`, from answer to end, is None until it has ended; `hold_us` is the part of it on hold;
    `wrap_up_us` is 0 when there was none, None while it goes on.
    """

    number: str
    queue: str
    agent: str
    outcome: str
    at_us: Micros
    talk_us: int | None
    hold_us: int
    wrap_up_us: int | None


def legs(store: Store, project: str, window: Window) -> Iterator[Leg]:
    """Yield the legs of visits that joined inside the window."""
    values: dict[str, str | int] = {"project": project, "start": micros(window.start), "until": micros(window.end)}
    rows = list(store.select(_LEGS, values))
    passed = Passed(store, project, window)
    for row in rows:
        yield Leg(
            passed.number(row), row["queue"], row["agent"], row["outcome"], row["joined_us"],
            _span(row["answered_us"], row["ended_us"]), row["hold_us"], _wrap_up(row),
        )  # fmt: skip


def _span(start: Micros | None, end: Micros | None) -> int | None:
    return None if start is None or end is None else end - start


def _wrap_up(row: Read) -> int | None:
    started: Micros | None = row["wrap_up_started_us"]
    return 0 if started is None else _span(started, row["wrap_up_ended_us"])


def table(found: Iterator[Leg], project: str, intervals: Sequence[Interval]) -> pa.Table:
    """Return the legs as the Arrow table that the metrics read.

    Columns: project, number, queue, agent, outcome (text); interval, the place in `intervals` of the one the
    visit joined in; talk_us, hold_us, wrap_up_us (whole microseconds).
    """
    starts = [micros(interval.start) for interval in intervals]
    rows = [
        (
            project, leg.number, leg.queue, leg.agent, leg.outcome, bisect_right(starts, leg.at_us) - 1,
            leg.talk_us, leg.hold_us, leg.wrap_up_us,
        )
        for leg in found
    ]  # fmt: skip
    texts = ("project", "number", "queue", "agent", "outcome")
    return arrow(rows, texts, ("interval", "talk_us", "hold_us", "wrap_up_us"))
