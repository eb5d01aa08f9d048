"""GotoIfTime's times as a calendar that is open exactly then.

Source: main/pbx_timing.c of Asterisk 22: times, weekdays, days of the month, months, a time zone; the last minute of a
range of times belongs to it; a range may run over its end. A rule knows no year, so its dates are written out for the
years to come.
"""

import calendar
import re
from datetime import date, timedelta
from typing import Any

from msgspec import Struct

from cctoolkit.model.calendar import clock_time
from cctoolkit.model.words import DAYS, span, weekdays

YEARS_AHEAD = 2
_MONTHS = tuple(name.lower() for name in calendar.month_abbr)[1:]
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})")


class Rule(Struct, frozen=True):
    """What a rule says: a calendar section, the zone it names, and whether dates had to be written out."""

    calendar: dict[str, Any]
    zone: str
    dated: bool


def read(text: str, today: date) -> Rule | None:
    """Read times; None when they are not understood."""
    parts = [part.strip() for part in text.replace("|", ",").replace("&", ",&").split(",")]
    if any(part.startswith("&") for part in parts) or not 1 <= len(parts) <= 5:
        return None
    times, days, month_days, months, zone = (parts + ["*"] * 5)[:5]
    spans = _spans(times)
    of_week = _set(days.lower(), DAYS)
    of_month = _set(month_days, tuple(str(day) for day in range(1, 32)))
    of_year = _set(months.lower(), _MONTHS)
    if spans is None or of_week is None or of_month is None or of_year is None:
        return None
    ranges = [f"{clock_time(first)}-{clock_time(end)}" for first, end in spans]
    zone = "" if zone == "*" else zone
    if len(of_month) == 31 and len(of_year) == 12:
        return Rule({"hours": dict.fromkeys(_runs(of_week), ranges)}, zone, dated=False)
    end = date(today.year + YEARS_AHEAD, 12, 31)
    dates = [
        {"date": day.isoformat(), "hours": ranges}
        for day in (today + timedelta(days=n) for n in range((end - today).days + 1))
        if day.weekday() in of_week and day.day - 1 in of_month and day.month - 1 in of_year
    ]
    return Rule({"hours": {}, "dates": dates}, zone, dated=True) if dates else None


def _spans(text: str) -> list[tuple[int, int]] | None:
    """Return (first minute, minute after the last) of a day, in order; two where the range runs over midnight."""
    if text in ("*", ""):
        return [(0, 1440)]
    first, dash, last = text.partition("-")
    begin, end = _minute(first), _minute(last if dash else first)
    if begin is None or end is None:
        return None
    if begin <= end:
        return [(begin, end + 1)]
    return [(0, end + 1), (begin, 1440)]


def _minute(text: str) -> int | None:
    found = _TIME.fullmatch(text.strip())
    minute = int(found[1]) * 60 + int(found[2]) if found else 1440
    return minute if minute < 1440 else None


def _set(text: str, names: tuple[str, ...]) -> frozenset[int] | None:
    """Return the places of a name or a range of names; all of them for a star."""
    if text in ("*", ""):
        return frozenset(range(len(names)))
    first, dash, last = (part.strip() for part in text.partition("-"))
    first, last = _known(first, names), _known(last, names)
    if first not in names or (dash and last not in names):
        return None
    begin, end = names.index(first), names.index(last if dash else first)
    return frozenset((begin + n) % len(names) for n in range((end - begin) % len(names) + 1))


def _known(text: str, names: tuple[str, ...]) -> str:
    """Return a day's number without its zero, as Asterisk reads it."""
    return text.lstrip("0") if names[0] == "1" else text


def _runs(of_week: frozenset[int]) -> list[str]:
    """Return weekdays as a spec has them, days in a row together."""
    found: list[str] = []
    days = sorted(of_week)
    while days:
        length = next((n for n in range(1, len(days)) if days[n] != days[0] + n), len(days))
        found.append(DAYS[days[0]] if length == 1 else f"{DAYS[days[0]]}-{DAYS[days[length - 1]]}")
        days = days[length:]
    return found


def union(first: Rule, second: Rule) -> Rule:
    """Return two weekly rules of one zone as one that holds when either does."""
    days: dict[int, list[tuple[int, int]]] = {}
    for rule in (first, second):
        for names, ranges in rule.calendar["hours"].items():
            for day in weekdays(names):
                days.setdefault(day - 1, []).extend(span(one) for one in ranges)
    hours: dict[str, list[str]] = {}
    for spans in {tuple(_joined(found)) for found in days.values()}:
        alike = frozenset(day for day, found in days.items() if tuple(_joined(found)) == spans)
        hours |= {names: [f"{clock_time(a)}-{clock_time(b)}" for a, b in spans] for names in _runs(alike)}
    order = sorted(hours, key=lambda names: DAYS.index(names[:3]))
    return Rule({"hours": {names: hours[names] for names in order}}, first.zone, dated=False)


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return spans in order, those that touch as one."""
    found: list[tuple[int, int]] = []
    for first, end in sorted(spans):
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((first, end))
    return found
