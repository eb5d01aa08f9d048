"""Times in words, as people plan shifts: "weekdays 18:00-19:00 from 1 Dec 2026"."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from cctoolkit.model.calendar import clock_time
from cctoolkit.model.words import DAYS

Minutes = tuple[tuple[int, int], ...]
"""(first minute, minute after the last) of a local day, in order."""

_DAY = timedelta(days=1)
_WHOLE: Minutes = ((0, 1440),)
_WEEKLY = 8
"""So many days, or more, may be a weekly habit; fewer are dates."""
_SHOWN = 4
"""So many dates or runs of them are named; more are counted."""


def in_words(found: Iterable[tuple[datetime, int]], zone: ZoneInfo, first: date, last: date) -> str:
    """Say when stretches (first minute, how many) are, which no local midnight cuts; `first` to `last` are all days
    that were looked at.
    """
    alike: dict[Minutes, list[date]] = {}
    for day, minutes in sorted(_days(found, zone).items()):
        alike.setdefault(minutes, []).append(day)
    return "; ".join(_phrase(minutes, days, first, last) for minutes, days in alike.items())


def _days(found: Iterable[tuple[datetime, int]], zone: ZoneInfo) -> dict[date, Minutes]:
    days: dict[date, list[tuple[int, int]]] = {}
    for at, minutes in found:
        local = at.astimezone(zone)
        start = local.hour * 60 + local.minute
        days.setdefault(local.date(), []).append((start, start + minutes))
    return {day: _merged(spans, day, zone) for day, spans in days.items()}


def _merged(spans: list[tuple[int, int]], day: date, zone: ZoneInfo) -> Minutes:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        # Minutes that the clock skips on this day part nothing.
        if merged and (start <= merged[-1][1] or _skipped(day, merged[-1][1], start, zone)):
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return tuple(merged)


def _skipped(day: date, start: int, end: int, zone: ZoneInfo) -> bool:
    locals_ = (datetime.combine(day, time(n // 60, n % 60), zone) for n in (start, end - 1))
    return all(local.astimezone(UTC).astimezone(zone).replace(fold=0) != local for local in locals_)


def _phrase(minutes: Minutes, days: Sequence[date], first: date, last: date) -> str:
    hours = "" if minutes == _WHOLE else ", ".join(f"{clock_time(a)}-{clock_time(b)}" for a, b in minutes)
    which = _weekly(days, hours, first, last) or _dates(days, hours)
    return "at any time" if which == "every day" else which


def _weekly(days: Sequence[date], hours: str, first: date, last: date) -> str:
    """Say a weekly habit, from and to when, and without which days; nothing when it is none."""
    kinds = {day.isoweekday() for day in days}
    habit = [day for day in _between(first, last) if day.isoweekday() in kinds]
    within = [day for day in habit if days[0] <= day <= days[-1]]
    known = set(days)
    missing = [day for day in within if day not in known]
    if len(days) < _WEEKLY or len(missing) * 3 > len(days):
        return ""
    words = [_kinds(kinds), hours]
    words += [f"from {_date(days[0])}"] if days[0] != habit[0] else []
    words += [f"to {_date(days[-1])}"] if days[-1] != habit[-1] else []
    words += [f"except {_listed(missing, habit)}"] if missing else []
    return " ".join(filter(None, words))


def _dates(days: Sequence[date], hours: str) -> str:
    return " ".join(filter(None, [_listed(days, list(_between(days[0], days[-1]))), hours]))


def _listed(days: Sequence[date], calendar: Sequence[date]) -> str:
    """Name days; those that follow one another in the calendar are one run."""
    place = {day: n for n, day in enumerate(calendar)}
    runs: list[list[date]] = []
    for day in days:
        if runs and place[day] - place[runs[-1][-1]] == 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    shown = [f"{_date(run[0])} to {_date(run[-1])}" if len(run) > 1 else _date(run[0]) for run in runs[:_SHOWN]]
    more = sum(map(len, runs[_SHOWN:]))
    return ", ".join([*shown, f"{more} more days" if more > 1 else "1 more day"] if more else shown)


def _between(first: date, last: date) -> Iterable[date]:
    return (first + n * _DAY for n in range((last - first).days + 1))


def _kinds(kinds: set[int]) -> str:
    """Return weekdays (ISO, 1 is Monday) as ranges: Mon-Wed, Sat."""
    known = {(1, 2, 3, 4, 5): "weekdays", (6, 7): "weekends", (1, 2, 3, 4, 5, 6, 7): "every day"}
    ordered = sorted(kinds)
    if name := known.get(tuple(ordered)):
        return name
    starts = [day for day in ordered if day - 1 not in kinds]
    ends = [day for day in ordered if day + 1 not in kinds]
    names = [day.capitalize() for day in DAYS]
    return ", ".join(
        names[a - 1] if a == b else f"{names[a - 1]}-{names[b - 1]}" for a, b in zip(starts, ends, strict=True)
    )


def _date(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
