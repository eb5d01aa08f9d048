"""Calls that nodes passed on, as figures see them: a project's parts of one call are one contact, with the number by
which the call came to the project; visits and legs are counted where they were, under that number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter

import msgspec

from cctoolkit.cdr import passed
from cctoolkit.cdr.columns import Read
from cctoolkit.cdr.days import DAY, LONGEST_CALL
from cctoolkit.cdr.records import Micros
from cctoolkit.cdr.store import Store, micros
from cctoolkit.kpi.interval import Window

_NEAR = f"entered_us >= :start - {LONGEST_CALL * DAY} AND entered_us < :until + {LONGEST_CALL * DAY}"
_PARTS = f"""
SELECT calls.call, continues, hop, node, passed_to, number, calls.outcome AS call_outcome, entered_us, answered_us,
    queue, visits.outcome AS outcome, joined_us, joined_source, left_us, left_source
FROM calls LEFT JOIN visits USING (call)
WHERE project = :project AND test = 0 AND {_NEAR} AND (continues <> ''
    OR calls.call IN (SELECT continues FROM calls WHERE continues <> '' AND {_NEAR}))
ORDER BY call, position
"""  # noqa: S608 - numbers of ours


class Part(msgspec.Struct, frozen=True):
    """What one node told of a call; `rows` are those of its visits, or one without any."""

    call: str
    whole: str
    """The first node's call."""
    node: str
    hop: int
    passed_to: str
    answered: Micros | None
    entered_us: Micros
    rows: tuple[Read, ...]


class Passed:
    """A project's calls of a window, and of a day around it, that nodes passed on."""

    def __init__(self, store: Store, project: str, window: Window) -> None:
        values: dict[str, str | int] = {"project": project, "start": micros(window.start), "until": micros(window.end)}
        parts = (_part(list(rows)) for _, rows in groupby(store.select(_PARTS, values), itemgetter("call")))
        self._calls: dict[str, list[Part]] = {}
        for part in sorted(parts, key=lambda one: (one.hop, one.entered_us, one.call)):
            self._calls.setdefault(part.whole, []).append(part)
        self._numbers = {part.call: found[0].rows[0]["number"] for found in self._calls.values() for part in found}

    def __contains__(self, call: object) -> bool:
        return call in self._numbers

    def number(self, row: Read) -> str:
        """Return the number by which the call of a row came to the project."""
        return str(self._numbers.get(row["call"], row["number"]))

    def calls(self) -> Iterator[tuple[Part, str, list[Read]]]:
        """Yield each call: its first part, its outcome, and the rows of its visits, or one without any."""
        for found in self._calls.values():
            rows = [row for part in found for row in part.rows]
            outcomes = [row["call_outcome"] for row in rows]
            last = passed.way(found)[-1].rows[0]["call_outcome"]
            waited = [row for row in rows if row["queue"] is not None]
            yield found[0], "answered" if "answered" in outcomes else last, waited or rows[:1]


def _part(rows: Sequence[Read]) -> Part:
    row = rows[0]
    return Part(
        row["call"], row["continues"] or row["call"], row["node"], row["hop"] or 0, row["passed_to"] or "",
        row["answered_us"],
        row["entered_us"], tuple(rows),
    )  # fmt: skip
