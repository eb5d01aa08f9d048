"""Spans of time as commands say them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from cctoolkit import clock
from cctoolkit.errors import UsageError


def between(first: str, last: str, time_zone: str, *, today: bool) -> tuple[datetime | None, datetime | None]:
    """Return from when to when two texts say, aware: days, whole, or moments of the zone's clock; what is not written
    is open, or where `today` is said the day that the other names, or today.
    """
    zone = ZoneInfo(time_zone)
    if today and not (first and last):
        first = first or last[:10] or clock.now().astimezone(zone).date().isoformat()
        last = last or first[:10]
    start = _moment(first, zone) if first else None
    # A day that ends is over when the next begins.
    end = _moment(last, zone, days=1 if len(last) == len("2026-11-22") else 0) if last else None
    if start and end and end <= start:
        raise UsageError(f"{last} is before {first}", where="--to", expected="a later day or time than --from says")
    return start, end


def _moment(text: str, zone: ZoneInfo, days: int = 0) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{text!r} is no date or time", expected="a day such as 2026-11-22, or a time such as 2026-11-22T09:30"
        ) from None
    local = found if found.tzinfo else found.replace(tzinfo=zone)
    return (local + timedelta(days=days)).astimezone(UTC)


def day(text: str) -> date:
    """Return the date a text says; raise UsageError for what is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{text!r} is no date", expected="a day such as 2026-11-22, or a month such as 2026-11"
        ) from None
