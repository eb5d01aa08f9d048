"""Time as the proof sees it: classes of minutes in which every calendar answers alike, and how long steps last."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache
from typing import get_args, get_type_hints
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct

from cctoolkit.flow.graph import FlowGraph
from cctoolkit.model.calendar import Spans, Timetable, timetable
from cctoolkit.model.guard import OVERRIDES, HoursOutcome, Override
from cctoolkit.model.project import Project
from cctoolkit.model.step import Step
from cctoolkit.model.words import seconds

HORIZON = timedelta(days=397)
"""Thirteen months: a year of holidays, both changes of the clock, and a month to enter the next ones."""

_MINUTE = timedelta(minutes=1)
_DAY = 1440

Answers = tuple[HoursOutcome, ...]
Stretch = tuple[datetime, int, Answers]
"""The first minute (UTC), how many minutes, and what the calendars answer in each of them."""


class TimeClass(Struct, frozen=True):
    """A largest set of minutes in which all calendars give these answers (by calendar); `first` is the earliest of
    its `minutes`. With an override the supervisor answers for every calendar, at any hour.
    """

    answers: Mapping[str, HoursOutcome]
    first: datetime
    minutes: int
    override: Override | None = None


def time_classes(graph: FlowGraph, since: datetime, until: datetime) -> tuple[TimeClass, ...]:
    """Put every minute from `since` to before `until` into one class, earliest class first; overrides come last.

    `since` counts from the beginning of its minute: calendars know no seconds.
    """
    used = graph.calendars_asked()
    begin = since.astimezone(UTC).replace(second=0, microsecond=0)
    found: dict[Answers, tuple[datetime, int]] = {}
    for first, minutes, answers in stretches(graph, begin, until.astimezone(UTC)):
        earliest, so_far = found.get(answers, (first, 0))
        found[answers] = earliest, so_far + minutes
    classes = [
        TimeClass(dict(zip(used, answers, strict=True)), first, minutes) for answers, (first, minutes) in found.items()
    ]
    said = OVERRIDES.items() if used else ()
    return (*classes, *(TimeClass(dict.fromkeys(used, outcome), begin, 0, word) for word, outcome in said))


def stretches(graph: FlowGraph, begin: datetime, until: datetime) -> Iterator[Stretch]:
    """Yield stretches of equal answers of the calendars asked that together are every minute, in order; none goes over
    a local midnight.
    """
    tables = [timetable(graph.calendars[name]) for name in graph.calendars_asked()]
    zone = ZoneInfo(graph.time_zone)
    edges = sorted({0, _DAY}.union(*(table.edges() for table in tables)))
    days: dict[tuple[tuple[Spans, bool], ...], list[tuple[int, int, Answers]]] = {}
    day = begin.astimezone(zone).date()
    while (midnight := _midnight(day, zone)) < until:
        end = _midnight(day + timedelta(days=1), zone)
        if midnight < begin or end > until or end - midnight != _MINUTE * _DAY:
            # The first day and the last are not whole, and where the clock changes a minute of the day is skipped or
            # comes twice: there, every minute is asked.
            yield from _minutes(tables, max(midnight, begin), min(end, until), zone)
        else:
            # Days on which every calendar has the same hours are alike: a year has a handful of kinds.
            kind = tuple((hours.spans, hours.holiday) for hours in (table.day(day) for table in tables))
            if kind not in days:
                days[kind] = _parts(tables, day, edges)
            yield from ((midnight + first * _MINUTE, minutes, answers) for first, minutes, answers in days[kind])
        day += timedelta(days=1)


def _minutes(tables: list[Timetable], begin: datetime, end: datetime, zone: tzinfo) -> Iterator[Stretch]:
    while begin < end:
        yield begin, 1, _ask(tables, begin.astimezone(zone))
        begin += _MINUTE


def _parts(tables: list[Timetable], day: date, edges: list[int]) -> list[tuple[int, int, Answers]]:
    """Return (first minute of the day, minutes, answers) between the edges of a whole day."""
    begins = [datetime.combine(day, time(edge // 60, edge % 60)) for edge in edges[:-1]]
    return [
        (edge, after - edge, _ask(tables, local))
        for edge, after, local in zip(edges, edges[1:], begins, strict=False)
    ]  # fmt: skip


def _ask(tables: Iterable[Timetable], local: datetime) -> Answers:
    return tuple(table.answer(local) for table in tables)


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def longest_waits(project: Project) -> dict[str, int]:
    """Return how many seconds each step may keep a caller: all durations among its options, at every attempt.

    What a prompt or a talk lasts is not in a spec.
    """
    return {
        name: step.waits()
        * sum(
            seconds(value)
            for option in _durations(type(step))
            if option not in step.elsewhere() and (value := getattr(step, option))
        )
        for name, step in project.flow.items()
    }


@cache
def _durations(kind: type[Step]) -> tuple[str, ...]:
    """Return the options of a step type that are durations: their schema says that their unit is the second."""
    hints = get_type_hints(kind, include_extras=True)
    return tuple(name for name in kind.__struct_fields__ if _in_seconds(hints[name]))


def _in_seconds(hint: object) -> bool:
    if any(isinstance(m, Meta) and (m.extra_json_schema or {}).get("x-unit") == "s"
           for m in getattr(hint, "__metadata__", ())):  # fmt: skip
        return True
    return any(_in_seconds(part) for part in get_args(hint) if part is not hint)
