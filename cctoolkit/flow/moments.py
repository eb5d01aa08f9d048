"""When to call: one moment for each combination of answers that a project's calendars ever give together.

A set of moments is a bit mask, so that a search through a flow can carry "when this is possible" from step to
step.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from msgspec import Struct

from cctoolkit.flow.graph import FlowGraph
from cctoolkit.model.calendar import Timetable, timetable
from cctoolkit.model.guard import Guard, InHours

HORIZON_DAYS = 400
"""How far ahead days that change the clock are looked for; dates that calendars name have no horizon."""

_NOON = 720


class Moments(Struct, frozen=True):
    """`times` in order (UTC); `possible` has, by calendar and outcome, the mask of the times with that
    answer.
    """

    times: tuple[datetime, ...]
    possible: Mapping[tuple[str, str], int]

    @property
    def all(self) -> int:
        """Return the mask of every moment."""
        return (1 << len(self.times)) - 1

    def within(self, mask: int, guard: Guard) -> int:
        """Return those moments of a mask at which the guard may hold. A supervisor may override at any."""
        if not isinstance(guard, InHours) or guard.outcome == "override":
            return mask
        return mask & self.possible.get((guard.calendar, guard.outcome), 0)

    def first(self, mask: int) -> datetime:
        """Return the earliest moment of a mask that is not empty."""
        return self.times[(mask & -mask).bit_length() - 1]


def moments(graph: FlowGraph, since: datetime) -> Moments:
    """Ask every calendar the flow uses at every minute at which one of them may change, from `since` on."""
    tables = {name: timetable(graph.calendars[name]) for name in graph.calendars_asked()}
    zone = ZoneInfo(graph.time_zone)
    found: dict[tuple[str, ...], datetime] = {}
    for local in _candidates(tables.values(), since.astimezone(zone), zone):
        found.setdefault(tuple(table.answer(local) for table in tables.values()), local)
    possible: dict[tuple[str, str], int] = {}
    for bit, answers in enumerate(found):
        for key in zip(tables, answers, strict=True):
            possible[key] = possible.get(key, 0) | 1 << bit
    return Moments(tuple(local.astimezone(UTC) for local in found.values()), possible)


def _candidates(tables: Collection[Timetable], local: datetime, zone: tzinfo) -> Iterator[datetime]:
    """Yield the present, then the first minute of every stretch between two changes, in order."""
    yield local
    edges = sorted({0, _NOON}.union(*(table.edges() for table in tables)))
    for day in _days(tables, local.date(), zone):
        # Where summer time begins, a stretch may lose its first minutes: on such days every minute is asked.
        for minute in range(1440) if _changes_clock(day, zone) else edges:
            moment = datetime.combine(day, time(minute // 60, minute % 60), zone)
            # A time that is skipped stands on no clock.
            if moment.astimezone(UTC).astimezone(zone).replace(fold=0) == moment:
                yield moment


def _days(tables: Collection[Timetable], today: date, zone: tzinfo) -> list[date]:
    """Return the days that differ: one of each weekday, all named by a calendar, all that change the clock."""
    named = {day for table in tables for day in table.special if day > today}
    ordinary: dict[int, date] = {}
    changes = set()
    for day in (today + timedelta(days=n) for n in range(1, HORIZON_DAYS)):
        if _changes_clock(day, zone):
            changes.add(day)
        elif day not in named:
            ordinary.setdefault(day.isoweekday(), day)
    return sorted(named | changes | set(ordinary.values()))


def _changes_clock(day: date, zone: tzinfo) -> bool:
    begin, end = (datetime.combine(d, time(), zone) for d in (day, day + timedelta(days=1)))
    return begin.utcoffset() != end.utcoffset()
