"""Documents say everything in every language, and write values as its readers do."""

import re
import string
from datetime import UTC, date, datetime

import pytest

from cctoolkit.document.language import LANGUAGES, language
from cctoolkit.document.words import en, pl, ru
from cctoolkit.errors import ToolkitBug, UsageError
from cctoolkit.kpi.figure import discover
from cctoolkit.kpi.interval import window

TABLES = {"en": en.WORDS, "pl": pl.WORDS, "ru": ru.WORDS}


def plain(text: str) -> str:
    """Return a text without the spaces that CLDR puts round a dash in one version, and not in another."""
    return re.sub("\N{THIN SPACE}(?=\N{EN DASH})|(?<=\N{EN DASH})\N{THIN SPACE}", "", text).translate(
        {ord("\N{NO-BREAK SPACE}"): " ", ord("\N{NARROW NO-BREAK SPACE}"): " "}
    )


@pytest.mark.parametrize("name", ["pl", "ru"])
def test_every_language_has_every_word(name):
    """Each table has the keys of the English one, with the same values to put in, and no empty text."""
    assert set(LANGUAGES) == set(TABLES)
    assert list(TABLES[name]) == list(en.WORDS)
    for key, text in TABLES[name].items():
        assert text.strip(), key
        assert _slots(text) == _slots(en.WORDS[key]), key


def _slots(text: str) -> set[str | None]:
    return {slot for _, slot, _, _ in string.Formatter().parse(text)} - {None}


def test_every_outcome_and_formula_has_words():
    """Each outcome, and each variant of a figure whose formula is printed, can be said."""
    metrics = discover()
    for variant in metrics["outcomes"].variants:
        assert f"outcome.{variant.name}" in en.WORDS
    for metric in ("service_level", "average_wait"):
        for variant in metrics[metric].variants:
            assert f"formula.{metric}.{variant.name}" in en.WORDS


@pytest.mark.parametrize(
    ("name", "percent", "count", "duration", "moment"),
    [
        ("ru", "80,7 %", "12 345", "2 мин 3 с", "2 нояб. 2026 г., 12:05"),
        ("pl", "80,7%", "12 345", "2 min 3 sek.", "2 lis 2026, 12:05"),
        ("en", "80.7%", "12,345", "2 mins 3 secs", "2 Nov 2026, 12:05"),
    ],
)
def test_values(name, percent, count, duration, moment):
    """Numbers, shares, durations and moments follow the language, times the time zone."""
    words = language(name)
    assert plain(words.percent(0.8066)) == percent
    assert plain(words.count(12345)) == count
    assert plain(words.duration(123.4)) == duration
    assert plain(words.moment(datetime(2026, 11, 2, 9, 5, tzinfo=UTC), "Europe/Moscow")) == moment


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 secs"), (7.84, "7.8 secs"), (20, "20 secs"), (59.94, "59.9 secs"), (59.96, "1 min"),
        (3600, "1 hr"), (3725, "1 hr 2 mins 5 secs"), (None, "–"),
    ],
)  # fmt: skip
def test_durations(seconds, text):
    """A tenth below a minute, whole seconds above, nothing that is nought, a dash for no value."""
    assert plain(language("en").duration(seconds)) == text


def test_periods():
    """A day, several days, and a span that is not of whole days read as people write them."""
    words = language("en")
    day, last = date(2026, 11, 2), date(2026, 11, 30)
    one, many = window(day, day, "Europe/Warsaw"), window(day, last, "Europe/Warsaw")
    assert words.period(one.start, one.end, "Europe/Warsaw") == "2 November 2026"
    assert plain(words.period(many.start, many.end, "Europe/Warsaw")) == "2–30 Nov 2026"
    part = words.period(one.start, datetime(2026, 11, 2, 11, tzinfo=UTC), "Europe/Warsaw")
    assert part == "2 Nov 2026, 00:00 – 2 Nov 2026, 12:00"


def test_phone_numbers():
    """An E.164 number is grouped and does not break; what is no number stays as it is."""
    shown = language("ru").phone("+78001002030")
    assert plain(shown).replace("\N{NON-BREAKING HYPHEN}", "-") == "+7 800 100-20-30"
    assert language("ru").phone("anonymous") == "anonymous"


def test_unknown_language_and_word():
    """An unknown language is the caller's mistake, a missing word ours."""
    with pytest.raises(UsageError, match="'de'"):
        language("de")
    with pytest.raises(ToolkitBug, match=r"no\.such"):
        language("en").word("no.such")
