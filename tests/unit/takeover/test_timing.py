"""Times of GotoIfTime as calendars: open exactly when the rule holds."""

from datetime import date

import pytest

from cctoolkit.takeover import timing

TODAY = date(2026, 11, 29)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("09:00-18:00,mon-fri,*,*", {"mon-fri": ["09:00-18:01"]}),
        ("09:00-17:59|mon-fri|*|*", {"mon-fri": ["09:00-18:00"]}),
        ("9:00-17:59,sat,*,*", {"sat": ["09:00-18:00"]}),
        ("*,*,*,*", {"mon-sun": ["00:00-24:00"]}),
        ("00:00-23:59,*,*,*", {"mon-sun": ["00:00-24:00"]}),
        ("22:00-05:59,*,*,*", {"mon-sun": ["00:00-06:00", "22:00-24:00"]}),
        ("12:30,*,*,*", {"mon-sun": ["12:30-12:31"]}),
        ("*,sat-mon,*,*", {"mon": ["00:00-24:00"], "sat-sun": ["00:00-24:00"]}),
        ("*,FRI,*,*", {"fri": ["00:00-24:00"]}),
    ],
)
def test_weekly(text, hours):
    """The last minute belongs to a range of times; midnight and the end of the week may be crossed."""
    rule = timing.read(text, TODAY)
    assert rule is not None
    assert rule.calendar == {"hours": hours}


def test_dates_are_written_out():
    """A rule that names days of months holds every year: its dates are listed up to two years ahead."""
    rule = timing.read("10:00-11:59,*,30-2,dec-jan", TODAY)
    assert rule is not None
    assert rule.dated
    dates = rule.calendar["dates"]
    assert [one["date"] for one in dates][:4] == ["2026-12-01", "2026-12-02", "2026-12-30", "2026-12-31"]
    assert dates[-1] == {"date": "2028-12-31", "hours": ["10:00-12:00"]}


@pytest.mark.parametrize(
    "text", ["25:00-26:00,*,*,*", "x", "*,nonday,*,*", "*,*,32,*", "*,*,*,juli", "*,*,30,feb", "a,b,c,d,e,f", ""]
)
def test_what_is_not_understood(text):
    """Nothing is guessed of times that are none; nothing at all holds always, as on the switch."""
    assert timing.read(text, TODAY) == (timing.read("*,*,*,*", TODAY) if not text else None)


def test_union():
    """Two rules that lead to the same are one calendar; spans that touch are one."""
    rules = [
        timing.read(text, TODAY) for text in ("09:00-11:59,mon-fri,*,*", "12:00-13:59,wed,*,*", "10:00-11:59,sat,*,*")
    ]
    first, second, third = (rule for rule in rules if rule)
    found = timing.union(timing.union(first, second), third)
    assert found.calendar == {
        "hours": {
            "mon-tue": ["09:00-12:00"],
            "wed": ["09:00-14:00"],
            "thu-fri": ["09:00-12:00"],
            "sat": ["10:00-12:00"],
        }
    }
