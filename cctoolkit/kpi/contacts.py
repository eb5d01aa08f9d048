"""Reads what figures are about from the store: visits by queue, whole calls by project and number.

By project and number the unit is the call and its wait the sum of its visits until an answer, so that
overflowing from queue to queue helps nobody's figure; its target is that of the queue it joined first. Test
calls are left out here.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from cctoolkit.cdr.columns import Read
from cctoolkit.cdr.records import PRECISION_SECONDS, Micros
from cctoolkit.cdr.store import Store, micros
from cctoolkit.kpi.arrow import arrow
from cctoolkit.kpi.figure import Targets
from cctoolkit.kpi.interval import Interval, Window
from cctoolkit.kpi.passed import Part, Passed

if TYPE_CHECKING:
    import pyarrow as pa

_COLUMNS = """
SELECT calls.call AS call, number, calls.outcome AS call_outcome, entered_us,
    queue, visits.outcome AS outcome, joined_us, joined_source, left_us, left_source
FROM calls
"""
_VISITS = f"""
{_COLUMNS} JOIN visits USING (call)
WHERE joined_us >= :start AND joined_us < :until AND project = :project AND test = 0
ORDER BY call, position
"""
# The first two lines find by index what the last two judge: a call belongs where it joined its first queue.
_OF_WINDOW = """
calls.call IN (SELECT call FROM visits WHERE joined_us >= :start AND joined_us < :until
    UNION SELECT call FROM calls WHERE project = :project AND entered_us >= :start AND entered_us < :until)
AND project = :project AND test = 0
AND coalesce((SELECT min(joined_us) FROM visits v WHERE v.call = calls.call), entered_us) >= :start
AND coalesce((SELECT min(joined_us) FROM visits v WHERE v.call = calls.call), entered_us) < :until
"""
_CALLS = f"{_COLUMNS} LEFT JOIN visits USING (call) WHERE {_OF_WINDOW} ORDER BY call, position"
_RELEASES = f"SELECT release FROM calls WHERE {_OF_WINDOW} GROUP BY release ORDER BY min(entered_us)"  # noqa: S608 - parts of ours
_IDS = f"SELECT entered_us, call FROM calls WHERE {_OF_WINDOW} ORDER BY entered_us, call"  # noqa: S608 - parts of ours
_ANSWERED = ("answered", "continued")


class Contact(NamedTuple):
    """One visit or call: `at_us` when it joined (or entered, when it never joined); `wait_us` None when
    unknown or never waiting; `precision_us` how far `wait_us` may be off.
    """

    number: str
    queue: str | None
    outcome: str
    at_us: Micros
    wait_us: int | None
    precision_us: int


def visits(store: Store, project: str, window: Window) -> Iterator[Contact]:
    """Yield the queue visits that joined inside the window."""
    # What comes meanwhile is known to who asks last: the parts of calls, and then the calls they are taken for.
    rows = list(store.select(_VISITS, _values(project, window)))
    passed = Passed(store, project, window)
    for row in rows:
        waited, precision = _wait(row), _precision(row)
        yield Contact(passed.number(row), row["queue"], row["outcome"], row["joined_us"], waited, precision)


def calls(store: Store, project: str, window: Window) -> Iterator[Contact]:
    """Yield the calls that joined their first queue, or entered when they joined none, inside the window."""
    rows = list(store.select(_CALLS, _values(project, window)))
    passed = Passed(store, project, window)
    for call, group in groupby(rows, itemgetter("call")):
        if call not in passed:
            yield _call(list(group))
    yield from (contact for _, contact in _passed(passed, window))


def _passed(passed: Passed, window: Window) -> Iterator[tuple[Part, Contact]]:
    """Yield those of the window's calls that nodes passed on, each with its first part."""
    for first, outcome, rows in passed.calls():
        contact = _call(rows)._replace(number=passed.number(rows[0]), outcome=outcome)
        if contact.queue is None:
            contact = contact._replace(at_us=first.entered_us)
        if micros(window.start) <= contact.at_us < micros(window.end):
            yield first, contact


def call_ids(store: Store, project: str, window: Window) -> tuple[str, ...]:
    """Return the ids of the same calls as `calls`, in the order they entered."""
    found = [(row["entered_us"], row["call"]) for row in store.select(_IDS, _values(project, window))]
    passed = Passed(store, project, window)
    found = [one for one in found if one[1] not in passed]
    found += [(first.entered_us, first.call) for first, _ in _passed(passed, window)]
    return tuple(call for _, call in sorted(found))


def releases(store: Store, project: str, window: Window) -> tuple[str, ...]:
    """Return the releases that let the window's calls in, in the order of their first calls."""
    return tuple(row["release"] for row in store.select(_RELEASES, _values(project, window)))


def _values(project: str, window: Window) -> dict[str, str | int]:
    return {"project": project, "start": micros(window.start), "until": micros(window.end)}


def _call(rows: Sequence[Read]) -> Contact:
    first = rows[0]
    if first["queue"] is None:
        return Contact(first["number"], None, first["call_outcome"], first["entered_us"], None, 0)
    until_answer = list(_until_answer(rows))
    waits = [_wait(row) for row in until_answer]
    whole = None if None in waits else sum(wait for wait in waits if wait is not None)
    precision = sum(map(_precision, until_answer))
    return Contact(first["number"], first["queue"], first["call_outcome"], first["joined_us"], whole, precision)


def _until_answer(rows: Iterable[Read]) -> Iterator[Read]:
    for row in rows:
        yield row
        if row["outcome"] in _ANSWERED:
            return


def _wait(row: Read) -> int | None:
    return None if row["left_us"] is None else int(row["left_us"] - row["joined_us"])


def _precision(row: Read) -> int:
    sources = [source for source in (row["joined_source"], row["left_source"]) if source]
    # Both edges are cut down to their unit, never up: the difference is off by less than the coarser unit.
    return max(round(PRECISION_SECONDS[source] * 1_000_000) for source in sources)


def table(contacts: Iterable[Contact], project: str, intervals: Sequence[Interval], targets: Targets) -> pa.Table:
    """Return the contacts as the Arrow table that the metrics read.

    Columns: project, number, queue, outcome (text); interval, the place in `intervals` of the one it joined
    in; wait_us, precision_us, within_us (its target, null without one), short_us (whole microseconds).
    """
    starts = [micros(interval.start) for interval in intervals]
    within = {target.queue: round(target.within_seconds * 1_000_000) for target in targets.queues}
    short = round(targets.short_abandon_seconds * 1_000_000)
    rows = [
        (
            project, one.number, one.queue, one.outcome, bisect_right(starts, one.at_us) - 1,
            one.wait_us, one.precision_us, within.get(one.queue or ""), short,
        )
        for one in contacts
    ]  # fmt: skip
    texts = ("project", "number", "queue", "outcome")
    return arrow(rows, texts, ("interval", "wait_us", "precision_us", "within_us", "short_us"))
