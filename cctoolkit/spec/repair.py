"""What the author most likely meant: slips of typing undone, and offered only when the result is of the right form.

Each repair turns a text into another one; nobody needs to know which form it is for, since a repair that does not
lead to the form is not offered.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from cctoolkit.spec.problem import LOOK_ALIKE

Repair = Callable[[str], str]

_ENDING = re.compile(r"\.(wav|gsm|alaw|ulaw|al|ul|sln[0-9]*|g722|mp3|ogg|opus)$", re.IGNORECASE)
_PHONE = re.compile(r"\+?[0-9][0-9 ()./-]{5,}")
_HOST = re.compile(r"(?:[a-z]+:(?://)?)?([^:/@]+)(?::[0-9]{1,5})?/?")
_SITE = re.compile(r"[A-Za-z0-9-]+\.[^@:]+")
_MAIL = re.compile(r".*<([^<>]+)>")
_DASHES = re.compile("[\u2010-\u2015\u2212]")
_QUOTES = re.compile("[\u2018-\u201f\u00ab\u00bb\"'`]")
_UNITS = (
    (r"ms|msec|мс", "ms"), (r"d|days?|д|дн(?:я|ей)?|день|dni|dzień", "d"),
    (r"h|hrs?|hours?|ч|час(?:а|ов)?|godz", "h"),
    (r"m|mins?|minutes?|мин|минут[аы]?|minut[ay]?", "m"),
    (r"s|secs?|seconds?|с|сек|секунд[аы]?|sekund[ay]?", "s"),
)  # fmt: skip
_LARGER = {"ms": ("s", 1, 1000), "d": ("h", 24, 1)}
"""Units no duration is written in: the next that is, and how many of it they are."""
_DAYS = {
    "mon": ("пн", "понедельник", "pn", "poniedziałek"), "tue": ("вт", "вторник", "wt", "wtorek"),
    "wed": ("ср", "среда", "śr", "środa"), "thu": ("чт", "четверг", "czw", "czwartek"),
    "fri": ("пт", "пятница", "pt", "piątek"), "sat": ("сб", "суббота", "sob", "sobota"),
    "sun": ("вс", "воскресенье", "nd", "niedz", "niedziela"),
}  # fmt: skip
_ENGLISH = re.compile("(mon|tue|wed|thu|fri|sat|sun)[a-z]*")


def repaired(text: str, schema: Mapping[str, Any], matches: Callable[[str, str], bool]) -> str:
    """Return a text of the form `schema` wants that `text` may be a slip for, or ""."""
    pattern = schema.get("pattern")
    if not isinstance(pattern, str) or len(text) > 100:
        return ""
    # What is not a name is free text: changing its letters would change what it says.
    attempts = _attempts(text) if not pattern.startswith("^[^") else iter(())
    found = (made for made in attempts if made != text and matches(pattern, made))
    return next(found, "")


def _attempts(text: str) -> Iterator[str]:
    plain = _QUOTES.sub("", _DASHES.sub("-", text)).strip()
    yield from (plain, plain.translate(LOOK_ALIKE), plain.lower(), plain.upper())
    yield from (_ENDING.sub("", plain), re.sub(r"[ ()./-]", "", plain) if _PHONE.fullmatch(plain) else plain)
    yield from (found[1] for form in (_HOST, _MAIL) if (found := form.fullmatch(plain)))
    yield f"https://{plain}" if _SITE.fullmatch(plain) else plain
    joined = re.sub(r"\s*-\s*", "-", plain)
    yield from (joined, _clock(joined), _date(joined), _days(joined.lower()), _duration(plain.lower()))
    name = re.sub(r"[\s_.-]+", "-", re.sub(r"(?<=[a-z])(?=[A-Z])", "-", plain.translate(LOOK_ALIKE)))
    yield name.strip("-").lower()


def _clock(text: str) -> str:
    """9:00-18.30 is 09:00-18:30."""
    return re.sub(r"\b([0-9]{1,2})[:.]([0-9]{2})\b", lambda m: f"{m[1]:0>2}:{m[2]}", text)


def _date(text: str) -> str:
    """31.12.2026, 2026/12/31 and 2026-1-9 are 2026-12-31 and 2026-01-09."""
    parts = re.split(r"[./-]", text)
    if len(parts) != 3:
        return text
    year, month, day = parts if len(parts[0]) == 4 else reversed(parts)
    return f"{year}-{month:0>2}-{day:0>2}"


def _days(text: str) -> str:
    """Monday-Friday and пн-пт are mon-fri."""
    for day, words in _DAYS.items():
        for word in words:
            text = re.sub(rf"\b{word}\b", day, text)
    return _ENGLISH.sub(r"\1", text)


def _duration(text: str) -> str:
    """20 sec and 1.5 min are 20s and 1m30s."""
    for words, unit in _UNITS:
        text = re.sub(rf"(?<=[0-9])\s*(?:{words})\b\.?\s*", unit, text)
        if half := re.search(rf"([0-9]+)[.,]5{unit}", text):
            text = text.replace(half[0], _half(int(half[1]), unit))
    return re.sub(r"\b([0-9]+)(ms|d)$", _in_larger, text.strip())


def _in_larger(found: re.Match[str]) -> str:
    unit, many, of = _LARGER[found[2]]
    count, rest = divmod(int(found[1]) * many, of)
    return found[0] if rest else f"{count}{unit}"


def _half(whole: int, unit: str) -> str:
    smaller = {"h": "m", "m": "s"}.get(unit)
    return f"{whole or ''}{unit if whole else ''}30{smaller}" if smaller else ""
