"""Times in words say exactly which minutes they mean, as people plan shifts."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from cctoolkit.flow.prove_when import in_words

WARSAW = ZoneInfo("Europe/Warsaw")
FIRST, LAST = date(2026, 11, 23), date(2027, 12, 24)
DAYS = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]


def words(*spans: tuple[date, int, int]) -> str:
    stretches = [
        (datetime(day.year, day.month, day.day, start // 60, start % 60, tzinfo=WARSAW).astimezone(UTC), end - start)
        for day, start, end in spans
    ]
    return in_words(stretches, WARSAW, FIRST, LAST)


def every(wanted, *spans: tuple[int, int]) -> str:
    return words(*((day, *span) for day in DAYS if wanted(day) for span in spans))


@pytest.mark.parametrize(
    ("wanted", "spans", "said"),
    [
        (lambda _: True, [(0, 1440)], "at any time"),
        (lambda _: True, [(0, 540), (540, 1440)], "at any time"),
        (lambda _: True, [(1080, 1140)], "every day 18:00-19:00"),
        (lambda day: day.isoweekday() < 6, [(1080, 1140), (0, 60)], "weekdays 00:00-01:00, 18:00-19:00"),
        (lambda day: day.isoweekday() < 6 and day >= date(2026, 12, 1), [(1080, 1140)], "weekdays 18:00-19:00 from 1 Dec 2026"),
        (lambda day: day.isoweekday() == 6 and day < date(2027, 6, 1), [(0, 1440)], "Sat to 29 May 2027"),
        (lambda day: day.isoweekday() in (1, 2, 3, 6), [(0, 60)], "Mon-Wed, Sat 00:00-01:00"),
        (lambda day: day.isoweekday() > 5 and day != date(2027, 1, 2), [(0, 1440)], "weekends except 2 Jan 2027"),
        (lambda day: day.isoweekday() < 6 and not date(2026, 12, 31) <= day < date(2027, 1, 9), [(0, 60)],
         "weekdays 00:00-01:00 except 31 Dec 2026 to 8 Jan 2027"),
        (lambda day: day == date(2026, 12, 31), [(1110, 1111)], "31 Dec 2026 18:30-18:31"),
        (lambda day: day in (date(2027, 1, 1), date(2027, 1, 2), date(2027, 5, 3)), [(0, 1440)], "1 Jan 2027 to 2 Jan 2027, 3 May 2027"),
        (lambda day: day.day == 13, [(0, 60)], "13 Dec 2026, 13 Jan 2027, 13 Feb 2027, 13 Mar 2027, 9 more days 00:00-01:00"),
    ],
)  # fmt: skip
def test_words(wanted, spans, said):
    """Habits by the week, from and to when and but for which days; else dates and runs of them."""
    assert every(wanted, *spans) == said


def test_other_hours_on_other_days():
    """Days of different hours stand one after another."""
    found = [(day, 540, 1080) if day.isoweekday() < 6 else (day, 600, 900) for day in DAYS]
    assert words(*found) == "weekdays 09:00-18:00; weekends 10:00-15:00"


def test_the_hour_that_is_skipped():
    """On the day on which summer time begins, an hour that stands on no clock parts nothing; nor does one that is twice."""
    found = []
    for day in DAYS:
        begin = datetime(day.year, day.month, day.day, tzinfo=WARSAW).astimezone(UTC)
        after = day + timedelta(days=1)
        end = datetime(after.year, after.month, after.day, tzinfo=WARSAW).astimezone(UTC)
        minutes = int((end - begin) / timedelta(minutes=1))
        found += [(begin + timedelta(minutes=n), 1) for n in range(minutes)] if minutes != 1440 else [(begin, 1440)]
    assert in_words(found, WARSAW, FIRST, LAST) == "at any time"
