"""Official holidays of a country, as law and government fix them: a value of the package, never of today's date.

Which years there are depends on nothing but the `holidays` package: a spec rendered tomorrow has the same dates, and
a newer package shows as a change in the plan. Russia's government moves days off each autumn for the year after: the
years whose moves the package knows are here, and one more with the days that the law itself names. Poland's days are
computed; a law may change them, so they end too.

Sources: Labour Code of Russia, articles 95 and 112; Polish law of 18 January 1951 on days off, as amended in 2024.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from itertools import count, takewhile
from typing import Any, Literal

from msgspec import Struct

HolidayCountry = Literal["RU", "PL"]

FIRST_YEAR = 2026
_COMPUTED_UNTIL = 2030
_LANGUAGES = {"RU": "ru", "PL": "pl"}


class Official(Struct, frozen=True):
    """`days` off by date, with their names; `feasts` are those of the law itself, whose eves may be short; `moved` are
    working days of a weekend, each with the weekday that is off instead. Complete to the end of `known_until`, a year;
    of the year after it only what the law names.
    """

    days: Mapping[date, str]
    feasts: frozenset[date]
    moved: Mapping[date, date]
    known_until: int


@cache
def official(country: HolidayCountry) -> Official:
    """Return what is known of a country, in its language."""
    import holidays  # slow to load, and most calendars have none

    known = holidays.country_holidays(country)
    moves: Mapping[int, Any] = getattr(known, "special_public_holidays", {})
    announced = country == "RU"
    told = takewhile(moves.__contains__, count(FIRST_YEAR)) if announced else [_COMPUTED_UNTIL]
    last = max(told, default=FIRST_YEAR - 1)
    years = range(FIRST_YEAR, last + 1 + announced)
    days = holidays.country_holidays(country, years=years, language=_LANGUAGES[country])
    by_law = holidays.country_holidays(country, years=years, language=_LANGUAGES[country], observed=False)
    off = dict(_moved(moves, years))
    return Official(
        days=dict(sorted(days.items())),
        feasts=frozenset(by_law) - off.keys(),
        # What was a holiday itself stays one: only a plain day of a weekend becomes a working day.
        moved={work: day for day, work in sorted(off.items()) if work in days.weekend_workdays},
        known_until=last,
    )


def _moved(moves: Mapping[int, Any], years: range) -> Iterator[tuple[date, date]]:
    """Yield (day off, day it was moved from). The package writes month, day, month, day, and a year when it differs;
    one alone is not in a list.
    """
    for year in years:
        listed = moves.get(year, ())
        for month, day, from_month, from_day, *other in (listed,) if listed and isinstance(listed[0], int) else listed:
            yield date(year, month, day), date(other[0] if other else year, from_month, from_day)
