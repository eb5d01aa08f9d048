"""Intervals follow the clock on the project's wall."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from cctoolkit.errors import UsageError
from cctoolkit.kpi.interval import DAY, Window, intervals, parse_step, window

HALF_HOUR = timedelta(minutes=30)


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [
        (date(2026, 3, 29), "Europe/Warsaw", 23),
        (date(2026, 10, 25), "Europe/Warsaw", 25),
        (date(2026, 11, 2), "Europe/Moscow", 24),
        (date(2026, 4, 24), "Africa/Cairo", 23),
        (date(2026, 4, 5), "Australia/Lord_Howe", 24.5),
    ],
)
def test_days_of_every_length(day, zone, hours):
    """A day has as many half hours as the clock on the wall shows, without gap or overlap, its change at any
    hour.
    """
    pieces = list(intervals(window(day, day, zone), HALF_HOUR))
    assert len(pieces) == hours * 2
    assert {piece.end - piece.start for piece in pieces} == {HALF_HOUR}
    assert all(one.end == two.start for one, two in pairwise(pieces))
    (whole,) = intervals(window(day, day, zone), DAY)
    assert whole.end - whole.start == timedelta(hours=hours)


def test_the_hour_that_comes_twice_is_two_intervals():
    """In Warsaw on 2026-10-25 the hour from two o'clock comes twice, and both are there."""
    pieces = intervals(window(date(2026, 10, 25), date(2026, 10, 25), "Europe/Warsaw"), timedelta(hours=1))
    shown = [piece.start.astimezone(ZoneInfo("Europe/Warsaw")).hour for piece in pieces]
    assert shown == [0, 1, 2, *range(2, 24)]


def test_the_hour_that_does_not_exist_is_none():
    """In Warsaw on 2026-03-29 there is no interval at two o'clock."""
    pieces = intervals(window(date(2026, 3, 29), date(2026, 3, 29), "Europe/Warsaw"), timedelta(hours=1))
    shown = [piece.start.astimezone(ZoneInfo("Europe/Warsaw")).hour for piece in pieces]
    assert shown == [0, 1, *range(3, 24)]


def test_cut_to_the_window():
    """The first and the last interval are cut to a window that begins or ends inside them."""
    start = datetime(2026, 11, 2, 6, 10, tzinfo=UTC)
    pieces = list(intervals(Window(start, start + timedelta(minutes=40), "Europe/Moscow"), HALF_HOUR))
    assert [(p.end - p.start).total_seconds() / 60 for p in pieces] == [20, 20]


@pytest.mark.parametrize("text", ["", "30", "7m", "0m", "2h", "2d", "30 m", "-5m"])
def test_steps_that_no_wall_clock_shows(text):
    """A step that neither divides the hour nor is a day is refused."""
    with pytest.raises(UsageError, match="no interval"):
        parse_step(text)


def test_steps():
    """Steps are read as people write them; 24h is a day."""
    assert [parse_step(text) for text in ("30m", "1h", "60m", "1d", "24h")[:4]] == [
        HALF_HOUR, HALF_HOUR * 2, HALF_HOUR * 2, DAY,
    ]  # fmt: skip
