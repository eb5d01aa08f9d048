"""Cuts a span of time into intervals as a project's clock on the wall shows them.

Days have 23 or 25 hours where daylight saving begins or ends: an hour that comes twice is two intervals, an
hour that does not exist is none. Steps divide the hour, or are the whole day, so that every boundary is a
round time on the wall whatever the day's length.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from cctoolkit.errors import UsageError

DAY = timedelta(days=1)
"""The step of a whole calendar day, however many hours it has."""

_STEP = re.compile(r"(\d{1,4})([mhd])")
_MINUTES = {"m": 1, "h": 60, "d": 24 * 60}


class Window(msgspec.Struct, frozen=True):
    """A span of time: `start` is in it, `end` is not (both aware); `time_zone` is an IANA name."""

    start: datetime
    end: datetime
    time_zone: str


class Interval(msgspec.Struct, frozen=True):
    """One piece of a window, `start` in it and `end` not, both aware, in UTC."""

    start: datetime
    end: datetime


def parse_step(text: str) -> timedelta:
    """Return the length that `30m`, `1h` or `1d` names.

    Raises UsageError unless it is a day, or divides an hour.
    """
    match = _STEP.fullmatch(text)
    minutes = int(match[1]) * _MINUTES[match[2]] if match else 0
    if minutes and (60 % minutes == 0 or minutes == _MINUTES["d"]):
        return timedelta(minutes=minutes)
    raise UsageError(
        f"{text!r} is no interval", expected="minutes that divide an hour (15m, 30m, 1h), or 1d", where="--by"
    )


def window(first: date, last: date, time_zone: str) -> Window:
    """Return the window of whole local days from `first` to `last`, both in it."""
    zone = ZoneInfo(time_zone)
    return Window(_midnight(first, zone), _midnight(last + DAY, zone), time_zone)


def intervals(span: Window, step: timedelta) -> Iterator[Interval]:
    """Yield the window's intervals in order, without gaps; the first and the last are cut to the window."""
    zone = ZoneInfo(span.time_zone)
    day = span.start.astimezone(zone).date()
    while (start := _midnight(day, zone)) < span.end:
        day += DAY
        for piece in _of_day(start, _midnight(day, zone), step):
            if piece.end > span.start and piece.start < span.end:
                yield Interval(max(piece.start, span.start), min(piece.end, span.end))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    # In UTC, because differences of local times ignore the change of the clock.
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _of_day(start: datetime, end: datetime, step: timedelta) -> Iterator[Interval]:
    if step == DAY:
        yield Interval(start, end)
        return
    while start < end:
        yield Interval(start, min(start + step, end))
        start += step
