"""What a calendar answers at a moment of its local time."""

from datetime import date, datetime

from cctoolkit.model.guard import HoursOutcome
from cctoolkit.model.project import Calendar
from cctoolkit.model.words import span, weekdays

Spans = tuple[tuple[int, int], ...]


def week(calendar: Calendar) -> dict[int, Spans]:
    """Return the hours by ISO weekday 1 to 7 as (first minute, minute after the last), in order."""
    found: dict[int, Spans] = {}
    for days, ranges in calendar.hours.items():
        for day in weekdays(days):
            found[day] = found.get(day, ()) + tuple(map(span, ranges))
    return {day: tuple(sorted(spans)) for day, spans in sorted(found.items())}


def special(calendar: Calendar) -> dict[date, Spans]:
    """Return the dates that differ from their weekday; no spans means a holiday."""
    return {date.fromisoformat(d.date): tuple(map(span, d.hours)) for d in calendar.dates}


def answer(calendar: Calendar, local: datetime) -> HoursOutcome:
    """Return open, closed or holiday for a wall-clock time in the calendar's zone; seconds do not count."""
    dates = special(calendar)
    spans = dates.get(local.date())
    if spans == ():
        return "holiday"
    if spans is None:
        spans = week(calendar).get(local.isoweekday(), ())
    minute = local.hour * 60 + local.minute
    return "open" if any(first <= minute < end for first, end in spans) else "closed"
