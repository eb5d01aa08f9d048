"""A calendar in words: `пн–пт 09:00–18:00, сб 10:00–16:00`, and the dates that differ."""

from collections.abc import Iterator
from datetime import date, timedelta

from msgspec.structs import replace

from cctoolkit.flow.words import FlowWords
from cctoolkit.model.calendar import Calendar, Spans, clock_time, special, week

_DASH = "\N{EN DASH}"
_TIED = "\N{NO-BREAK SPACE}"
_DAY = ((0, 1440),)


def week_said(calendar: Calendar, words: FlowWords) -> str:
    """Say the weekly hours; days in a row with the same hours are said together."""
    hours = {day: spans for day, spans in week(calendar).items() if spans}
    if not hours:
        return words.word("hours.never")
    if len(hours) == 7 and set(hours.values()) == {_DAY}:
        return words.word("hours.always")
    runs: list[tuple[int, int, Spans]] = []
    for day, spans in hours.items():
        if runs and runs[-1][1:] == (day - 1, spans):
            runs[-1] = runs[-1][0], day, spans
        else:
            runs.append((day, day, spans))
    return ", ".join(f"{_run(words.day(first), words.day(last))}{_TIED}{_spans(spans)}" for first, last, spans in runs)


def dates_said(calendar: Calendar, words: FlowWords) -> Iterator[str]:
    """Say the dates with hours of their own, and the days off, days in a row together; official ones by country."""
    if calendar.holidays:
        yield words.word(f"calendar.official.{calendar.holidays}") + _shortened(calendar, words)
    dates = {day: one.spans for day, one in special(replace(calendar, holidays=None)).items()}
    if changed := [f"{_date(day, words)}{_TIED}{_spans(spans)}" for day, spans in sorted(dates.items()) if spans]:
        yield f"{words.word('calendar.dates')}: {', '.join(changed)}"
    runs: list[tuple[date, date]] = []
    for day in sorted(day for day, spans in dates.items() if not spans):
        if runs and runs[-1][1] == day - timedelta(days=1):
            runs[-1] = runs[-1][0], day
        else:
            runs.append((day, day))
    if runs:
        said = ", ".join(_run(_date(first, words), _date(last, words)) for first, last in runs)
        yield f"{words.word('calendar.free')}: {said}"


def _shortened(calendar: Calendar, words: FlowWords) -> str:
    return (
        f", {words.word('calendar.shortened', by=words.duration(calendar.shortened.by))}" if calendar.shortened else ""
    )


def _run(first: str, last: str) -> str:
    return first if first == last else f"{first}{_DASH}{last}"


def _date(day: date, words: FlowWords) -> str:
    return words.word("date", day=f"{day:%d}", month=f"{day:%m}", year=f"{day:%Y}")


def _spans(spans: Spans) -> str:
    return ", ".join(f"{clock_time(first)}{_DASH}{clock_time(end)}" for first, end in spans)
