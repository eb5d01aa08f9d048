"""Official days as governments fixed them, what a calendar makes of them, and what stays as the spec says."""

from datetime import date, datetime

import msgspec
import pytest

from cctoolkit.model.calendar import Calendar, timetable
from cctoolkit.model.holidays import official


def calendar(**fields) -> Calendar:
    weekly = {"mon-fri": ["09:00-18:00"], "sat": ["10:00-16:00"]}
    return msgspec.convert({"hours": weekly, **fields}, Calendar)


RUSSIAN = timetable(calendar(holidays="RU", shortened={"by": "1h"}))
POLISH = timetable(calendar(holidays="PL"))


def asked(table, text: str) -> str:
    return table.answer(datetime.fromisoformat(text))


@pytest.mark.parametrize(
    ("at", "answer", "why"),
    [
        # Production calendar of 2026: days off 9 January, 9 March, 11 May, 31 December; short 30 April, 8 May, 11 June, 3 November.
        ("2026-01-09 12:00", "holiday", "Выходной (перенесено с 03.01.2026)"),
        ("2026-03-09 12:00", "holiday", "Международный женский день (выходной)"),
        ("2026-05-11 12:00", "holiday", "День Победы (выходной)"),
        ("2026-11-04 12:00", "holiday", "День народного единства"),
        ("2026-12-31 12:00", "holiday", "Выходной (перенесено с 04.01.2026)"),
        ("2026-04-30 16:59", "open", "shortened day, before Праздник Весны и Труда"),
        ("2026-04-30 17:00", "closed", "shortened day, before Праздник Весны и Труда"),
        ("2026-11-03 17:00", "closed", "shortened day, before День народного единства"),
        # A Thursday before a day off that was only moved there is no eve.
        ("2026-12-30 17:30", "open", ""),
        # 20 February 2027, a Saturday, is worked instead of Monday the 22nd, which is the eve of the 23rd.
        ("2027-02-20 09:00", "open", "moved working day, instead of 2027-02-22, shortened"),
        ("2027-02-20 16:59", "open", "moved working day, instead of 2027-02-22, shortened"),
        ("2027-02-20 17:00", "closed", "moved working day, instead of 2027-02-22, shortened"),
        ("2027-02-22 12:00", "holiday", "Выходной (перенесено с 20.02.2027)"),
        ("2027-02-19 17:30", "open", ""),
        # A Saturday with hours of its own is an eve too, of a Sunday.
        ("2027-05-08 15:30", "closed", "shortened day, before День Победы"),
        # Of a year whose moves are not announced, what the law itself names.
        ("2028-01-08 12:00", "holiday", "Новогодние каникулы"),
    ],
)
def test_russia(at, answer, why):
    """Feasts, days off moved, working Saturdays and eves are those of the production calendars."""
    assert (asked(RUSSIAN, at), RUSSIAN.day(datetime.fromisoformat(at).date()).why) == (answer, why)


@pytest.mark.parametrize(
    ("at", "why"),
    [
        ("2027-03-28", "Niedziela Wielkanocna"), ("2027-03-29", "Poniedziałek Wielkanocny"), ("2027-05-27", "Dzień Bożego Ciała"),
        ("2026-12-24", "Wigilia Bożego Narodzenia"), ("2030-04-22", "Poniedziałek Wielkanocny"),
    ],
)  # fmt: skip
def test_poland(at, why):
    """Feasts that move with Easter, and Christmas Eve, are closed, and named in Polish."""
    day = POLISH.day(date.fromisoformat(at))
    assert (day.holiday, day.why) == (True, why)


def test_only_what_is_asked_for():
    """Without `shortened` no day is cut, though a working Saturday has the hours of the day it stands for."""
    table = timetable(calendar(holidays="RU"))
    assert asked(table, "2026-11-03 17:30") == "open"
    assert asked(table, "2027-02-20 17:30") == "open"
    assert asked(timetable(calendar()), "2026-11-04 12:00") == "open"


def test_own_dates_win():
    """A date of the calendar's own is as it says, whatever the country has that day."""
    own = [{"date": "2026-11-04", "hours": ["10:00-12:00"]}, {"date": "2026-11-03"}, {"date": "2027-02-20"}]
    table = timetable(calendar(holidays="RU", shortened={"by": "1h"}, dates=own))
    said = [asked(table, f"{day} 11:00") for day in ("2026-11-04", "2026-11-03", "2027-02-20")]
    assert said == ["open", "holiday", "holiday"]
    assert table.day(date(2026, 11, 4)).why == ""


def test_shortened_over_a_break():
    """What is cut is work: a break between two ranges does not count, and a day cut to nothing is closed, no holiday."""
    weekly = {"mon-sun": ["09:00-12:00", "13:00-13:30"]}
    table = timetable(calendar(hours=weekly, holidays="RU", shortened={"by": "1h"}))
    assert table.day(date(2026, 11, 3)).spans == ((540, 690),)
    table = timetable(calendar(hours=weekly, holidays="RU", shortened={"by": "4h"}))
    assert asked(table, "2026-11-03 09:00") == "closed"


def test_the_language_is_the_country_s(monkeypatch):
    """Names do not follow the language of the machine: the same spec is the same bytes everywhere."""
    monkeypatch.setenv("LANGUAGE", "en_US")
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    official.cache_clear()
    assert official("RU").days[date(2026, 11, 4)] == "День народного единства"
    official.cache_clear()


def test_what_is_known():
    """The package knows the moves of 2026 and 2027; one more year has what the law names; nothing begins earlier."""
    russia = official("RU")
    assert russia.known_until >= 2027
    assert russia.moved[date(2027, 2, 20)] == date(2027, 2, 22)
    assert min(russia.days).year == 2026
    assert max(russia.days).year == russia.known_until + 1
    assert min(RUSSIAN.special).year == 2026
