"""Why a calendar answers as it does at a moment: the weekday's hours or the special date, and where they stand."""

from datetime import datetime

from cctoolkit.model.calendar import Calendar, clock_time, special
from cctoolkit.model.holidays import official
from cctoolkit.model.words import span, weekdays


def asked(calendar: Calendar, local: datetime) -> tuple[str, tuple[str | int, ...]]:
    """Return the reason, such as `Thu 31 Dec 16:30 is after 09:00-15:00 (special date)`, and the place in the calendar
    that it comes from.
    """
    when = f"{local:%a} {local.day} {local:%b %H:%M}"
    for index, one in enumerate(calendar.dates):
        if one.date == f"{local:%Y-%m-%d}":
            place = ("dates", index)
            if not one.hours:
                return f"{when} is a day off (special date)", place
            return f"{when} is {_beside(local, one.hours)} (special date)", place
    if day := special(calendar).get(local.date()):
        country = f"country holidays {calendar.holidays}"
        if day.holiday:
            return f"{when} is holiday: {day.why} ({country})", ("holidays",)
        hours = _beside(local, tuple(map(_range, day.spans)))
        return f"{when} is {hours} ({day.why}; {country})", (_section(calendar, local),)
    for days, ranges in calendar.hours.items():
        if local.isoweekday() in weekdays(days) and ranges:
            return f"{when} is {_beside(local, _of_day(calendar, local))} ({days})", ("hours", days)
    return f"{when}: no hours on this weekday", ("hours",)


def _of_day(calendar: Calendar, local: datetime) -> tuple[str, ...]:
    found = [one for days, ranges in calendar.hours.items() if local.isoweekday() in weekdays(days) for one in ranges]
    return tuple(sorted(found))


def _section(calendar: Calendar, local: datetime) -> str:
    """Return which option makes a working day of the country's differ from its weekday."""
    moved = calendar.holidays and local.date() in official(calendar.holidays).moved
    return "holidays" if moved else "shortened"


def _range(minutes: tuple[int, int]) -> str:
    """Return the TimeRange of a span."""
    return "-".join(map(clock_time, minutes))


def _beside(local: datetime, ranges: tuple[str, ...]) -> str:
    """Say how a minute lies to the hours of its day: within some, before all, after all, or between."""
    minute = local.hour * 60 + local.minute
    for one in ranges:
        first, end = span(one)
        if first <= minute < end:
            return f"within {one}"
    if not ranges:
        return "on a day without hours"
    said = ", ".join(ranges)
    if all(minute < span(one)[0] for one in ranges):
        return f"before {said}"
    return f"after {said}" if all(minute >= span(one)[1] for one in ranges) else f"between {said}"
