"""Calendars: what a spec says, and what they answer at a moment of their local time.

A date of the calendar's own wins over an official holiday, and that over the weekly hours. A weekend day that the
government made a working day has the hours of the weekday that is off instead, shortened if that is an eve: in Russia
the two days change places (Ministry of Labour, order 588n of 2009, 1).
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Annotated

from msgspec import Meta, Struct

from cctoolkit.model.guard import HoursOutcome
from cctoolkit.model.holidays import FIRST_YEAR, HolidayCountry, Official, official
from cctoolkit.model.words import Date, Days, Section, TimeRange, seconds, span, weekdays

Spans = tuple[tuple[int, int], ...]
"""(first minute, minute after the last) of a day."""

_DAY = timedelta(days=1)


class SpecialDate(Section, frozen=True, kw_only=True):
    """A date that differs from its weekday: closed (a holiday), or open at other hours."""

    date: Date
    hours: Annotated[tuple[TimeRange, ...], Meta(description="Hours of that day; none: a holiday.")] = ()


class Shortened(Section, frozen=True, kw_only=True):
    """The day before an official holiday ends earlier."""

    by: Annotated[
        str,
        Meta(
            pattern="^(?=[0-9hm]*[1-9])([0-9]{1,2}h)?([0-9]{1,3}m)?$",
            description="How much earlier, in hours and minutes.",
            examples=["1h"],
            extra_json_schema={"x-expected": 'hours and minutes, such as "1h" or "30m"'},
        ),
    ]


class Calendar(Section, frozen=True, kw_only=True):
    """Weekly hours and the dates that differ; every other minute is closed."""

    hours: Annotated[dict[Days, tuple[TimeRange, ...]], Meta(description="Hours by weekday.")]
    holidays: Annotated[
        HolidayCountry | None, Meta(description="Closed on this country's official holidays, days off moved included.")
    ] = None
    shortened: Annotated[
        Shortened | None, Meta(description="How much earlier the day before an official holiday ends.")
    ] = None
    dates: Annotated[
        tuple[SpecialDate, ...], Meta(description="Dates of its own; they win over official holidays.")
    ] = ()


class Day(Struct, frozen=True):
    """One day's hours; `holiday`: the whole day is one. `why` it is not as its weekday, "" where the spec says so."""

    spans: Spans
    holiday: bool = False
    why: str = ""

    def answer(self, minute: int) -> HoursOutcome:
        """Return the outcome for a minute of the day."""
        if self.holiday:
            return "holiday"
        return "open" if any(first <= minute < end for first, end in self.spans) else "closed"


class Timetable(Struct, frozen=True):
    """A calendar made ready to be asked often: spans by ISO weekday, and the dates that differ."""

    week: Mapping[int, Spans]
    special: Mapping[date, Day]

    def day(self, on: date) -> Day:
        """Return the hours of a date."""
        return self.special.get(on) or Day(self.week.get(on.isoweekday(), ()))

    def answer(self, local: datetime) -> HoursOutcome:
        """Return the outcome for a wall-clock time in the calendar's zone; seconds do not count."""
        return self.day(local.date()).answer(local.hour * 60 + local.minute)

    @property
    def has_holidays(self) -> bool:
        """Tell whether any date at all answers holiday."""
        return any(day.holiday for day in self.special.values())

    def edges(self) -> frozenset[int]:
        """Return the minutes of a day at which the answer may change."""
        days = [*self.week.values(), *(day.spans for day in self.special.values())]
        return frozenset(minute % 1440 for spans in days for span_ in spans for minute in span_)


def clock_time(minute: int) -> str:
    """Return a minute of the day as "HH:MM"."""
    return f"{minute // 60:02}:{minute % 60:02}"


def week(calendar: Calendar) -> dict[int, Spans]:
    """Return the hours by ISO weekday 1 to 7, in order."""
    found: dict[int, Spans] = {}
    for days, ranges in calendar.hours.items():
        for day in weekdays(days):
            found[day] = found.get(day, ()) + tuple(map(span, ranges))
    return {day: tuple(sorted(spans)) for day, spans in sorted(found.items())}


def special(calendar: Calendar) -> dict[date, Day]:
    """Return the dates that differ from their weekday, in order."""
    found = dict(_official(calendar, official(calendar.holidays))) if calendar.holidays else {}
    for own in calendar.dates:
        found[date.fromisoformat(own.date)] = Day(tuple(map(span, own.hours)), holiday=not own.hours)
    return dict(sorted(found.items()))


def _official(calendar: Calendar, country: Official) -> Iterator[tuple[date, Day]]:
    weekly = week(calendar)
    by = seconds(calendar.shortened.by) // 60 if calendar.shortened else 0
    for day, name in country.days.items():
        yield day, Day((), holiday=True, why=name)
    for day, off in country.moved.items():
        # The day off of the pair may itself be an eve: then its hours, which are worked here, are those of an eve.
        cut = by if off + _DAY in country.feasts else 0
        why = f"moved working day, instead of {off}" + (", shortened" if cut else "")
        yield day, Day(_earlier(weekly.get(off.isoweekday(), ()), cut), why=why)
    for feast in sorted(country.feasts) if by else ():
        eve = feast - _DAY
        spans = weekly.get(eve.isoweekday(), ())
        if spans and eve.year >= FIRST_YEAR and eve not in country.days and eve not in country.moved:
            yield eve, Day(_earlier(spans, by), why=f"shortened day, before {country.days[feast]}")


def _earlier(spans: Spans, minutes: int) -> Spans:
    """Cut minutes of work off a day's end; a break between two ranges is no work."""
    left = list(spans)
    while left and minutes:
        first, end = left.pop()
        kept = max(first, end - minutes)
        minutes -= end - kept
        if kept > first:
            left.append((first, kept))
    return tuple(left)


def timetable(calendar: Calendar) -> Timetable:
    """Make a calendar ready to be asked often."""
    return Timetable(week(calendar), special(calendar))


def answer(calendar: Calendar, local: datetime) -> HoursOutcome:
    """Ask a calendar once; see `Timetable.answer`."""
    return timetable(calendar).answer(local)
