"""How a document speaks: its words, and numbers, durations and dates as its readers write them (CLDR, by
babel).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import phonenumbers
from babel import Locale, dates, numbers, units

from cctoolkit.document.words import en, pl, ru
from cctoolkit.errors import ToolkitBug, UsageError

_TABLES: dict[str, tuple[str, Mapping[str, str]]] = {
    "ru": ("ru_RU", ru.WORDS),
    "pl": ("pl_PL", pl.WORDS),
    # British: dates as 2 November 2026 and the 24-hour clock, which the readers of all three languages share.
    "en": ("en_GB", en.WORDS),
}
LANGUAGES = tuple(_TABLES)
"""The languages a document can speak."""

NOTHING = "\N{EN DASH}"
"""Stands where there is no value: nobody called, or nobody waited."""


class Language:
    """One language: its words and its ways to write values. Get one from `language`."""

    def __init__(self, name: str, locale: str, words: Mapping[str, str]) -> None:
        self.name = name
        self._locale = Locale.parse(locale)
        self._words = words

    def word(self, key: str, **values: str) -> str:
        """Return the words for a key with the values put in. Raises ToolkitBug for a key no table has."""
        if key not in self._words:
            raise ToolkitBug(f"no words for {key!r} in {self.name!r}", expected="the key in every document/words/*.py")
        return self._words[key].format(**values)

    def count(self, value: float | None) -> str:
        """Return a whole number with the language's grouping."""
        return NOTHING if value is None else str(numbers.format_decimal(round(value), locale=self._locale))

    def percent(self, ratio: float | None, digits: int = 1) -> str:
        """Return a ratio (0 to 1) in per cent, with at most so many digits after the point."""
        if ratio is None:
            return NOTHING
        pattern = self._locale.percent_formats[None].pattern.replace("0", "0." + "#" * digits)
        return str(numbers.format_percent(ratio, pattern, locale=self._locale))

    def points(self, ratio: float) -> str:
        """Return a difference of ratios in percentage points with one digit after the point, a tiny one with more."""
        pattern = "0.#" if not ratio or ratio * 100 >= 0.05 else "0.####"
        value = str(numbers.format_decimal(ratio * 100, pattern, locale=self._locale))
        return self.word("unit.points", value=value)

    def duration(self, seconds: float | None) -> str:
        """Return seconds as `7.8 s`, `42 s` or `2 min 3 s`: a tenth below a minute, whole seconds above."""
        if seconds is None:
            return NOTHING
        if round(seconds, 1) < 60:
            return self._unit(seconds, "second", "0.#")
        minutes, rest = divmod(round(seconds), 60)
        hours, minutes = divmod(minutes, 60)
        shown = [(hours, "hour"), (minutes, "minute"), (rest, "second")]
        return "\N{NO-BREAK SPACE}".join(self._unit(n, name, "0") for n, name in shown if n)

    def hours(self, seconds: float | None) -> str:
        """Return a long time as hours and minutes, `7:58`: for columns of them."""
        if seconds is None:
            return NOTHING
        hours, minutes = divmod(round(seconds / 60), 60)
        return f"{hours}:{minutes:02}"

    def decimal(self, value: float | None) -> str:
        """Return a number with one digit after the point."""
        return NOTHING if value is None else str(numbers.format_decimal(value, "#,##0.0", locale=self._locale))

    def date(self, at: datetime, time_zone: str) -> str:
        """Return the day of an aware moment in figures, `02.11`, for the axis of a chart."""
        return f"{at.astimezone(ZoneInfo(time_zone)):%d.%m}"

    def _unit(self, value: float, name: str, pattern: str) -> str:
        text = units.format_unit(value, name, length="short", format=pattern, locale=self._locale)
        return str(text).replace(" ", "\N{NO-BREAK SPACE}")

    def moment(self, at: datetime, time_zone: str) -> str:
        """Return an aware moment as date and time to the minute on the wall of the time zone."""
        # The month in letters: 03/11 is March to some of the readers.
        local = at.astimezone(ZoneInfo(time_zone))
        return f"{dates.format_date(local, 'medium', self._locale)}, {local:%H:%M}"

    def clock(self, at: datetime, time_zone: str, *, day: bool) -> str:
        """Return an aware moment to the second on the wall of the time zone, with day and month if asked."""
        text = f"{at.astimezone(ZoneInfo(time_zone)):{'%d.%m %H:%M:%S' if day else '%H:%M:%S'}}"
        return text.replace(" ", "\N{NO-BREAK SPACE}")

    def period(self, start: datetime, end: datetime, time_zone: str) -> str:
        """Return a period whose end is outside it: a day, whole days, or moments when it is not of whole
        days.
        """
        zone = ZoneInfo(time_zone)
        first, after = start.astimezone(zone), end.astimezone(zone)
        if any((at.hour, at.minute, at.second, at.microsecond) != (0, 0, 0, 0) for at in (first, after)):
            return f"{self.moment(start, time_zone)} \N{EN DASH} {self.moment(end, time_zone)}"
        last = (after - timedelta(days=1)).date()
        if first.date() == last:
            return str(dates.format_date(last, "long", self._locale))
        return str(dates.format_interval(first.date(), last, "yMMMd", locale=self._locale))

    def phone(self, number: str) -> str:
        """Return an E.164 number in the groups its country writes; anything else as it is."""
        try:
            parsed = phonenumbers.parse(number)
        except phonenumbers.NumberParseException:
            return number
        text = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
        return text.replace(" ", "\N{NO-BREAK SPACE}").replace("-", "\N{NON-BREAKING HYPHEN}")


@cache
def language(name: str) -> Language:
    """Return the language of that name. Raises UsageError when documents do not speak it."""
    if name not in _TABLES:
        raise UsageError(f"no document speaks {name!r}", expected=f"one of {', '.join(LANGUAGES)}")
    return Language(name, *_TABLES[name])
