"""Calendars: what a spec says, and what they answer at a moment of their local time."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated

from msgspec import Meta, Struct

from cctoolkit.model.guard import HoursOutcome
from cctoolkit.model.words import Date, Days, Section, TimeRange, span, weekdays

Spans = tuple[tuple[int, int], ...]
"""(first minute, minute after the last) of a day."""


class SpecialDate(Section, frozen=True, kw_only=True):
    """A date that differs from its weekday: closed (a holiday), or open at other hours."""

    date: Date
    hours: Annotated[tuple[TimeRange, ...], Meta(description="Hours of that day; none: a holiday.")] = ()


class Calendar(Section, frozen=True, kw_only=True):
    """Weekly hours and the dates that differ; every other minute is closed."""

    hours: Annotated[dict[Days, tuple[TimeRange, ...]], Meta(description="Hours by weekday.")]
    dates: Annotated[tuple[SpecialDate, ...], Meta(description="Dates that differ from their weekday.")] = ()


class Timetable(Struct, frozen=True):
    """A calendar made ready to be asked often: spans by ISO weekday, and by date where it differs."""

    week: Mapping[int, Spans]
    special: Mapping[date, Spans]

    def answer(self, local: datetime) -> HoursOutcome:
        """Return the outcome for a wall-clock time in the calendar's zone; seconds do not count."""
        spans = self.special.get(local.date())
        if spans == ():
            return "holiday"
        if spans is None:
            spans = self.week.get(local.isoweekday(), ())
        minute = local.hour * 60 + local.minute
        return "open" if any(first <= minute < end for first, end in spans) else "closed"

    def edges(self) -> frozenset[int]:
        """Return the minutes of a day at which the answer may change."""
        days = [*self.week.values(), *self.special.values()]
        return frozenset(minute % 1440 for spans in days for span_ in spans for minute in span_)


def week(calendar: Calendar) -> dict[int, Spans]:
    """Return the hours by ISO weekday 1 to 7, in order."""
    found: dict[int, Spans] = {}
    for days, ranges in calendar.hours.items():
        for day in weekdays(days):
            found[day] = found.get(day, ()) + tuple(map(span, ranges))
    return {day: tuple(sorted(spans)) for day, spans in sorted(found.items())}


def special(calendar: Calendar) -> dict[date, Spans]:
    """Return the dates that differ from their weekday; no spans means a holiday."""
    return {date.fromisoformat(d.date): tuple(map(span, d.hours)) for d in calendar.dates}


def timetable(calendar: Calendar) -> Timetable:
    """Make a calendar ready to be asked often."""
    return Timetable(week(calendar), special(calendar))


def answer(calendar: Calendar, local: datetime) -> HoursOutcome:
    """Ask a calendar once; see `Timetable.answer`."""
    return timetable(calendar).answer(local)
