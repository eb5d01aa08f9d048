"""Rules about calendars: hours run forward and do not overlap, days and dates stand once."""

import re
from collections.abc import Iterator, Sequence
from datetime import date

from cctoolkit.model.build import Parts
from cctoolkit.model.calendar import week
from cctoolkit.model.holidays import official
from cctoolkit.model.project import Project
from cctoolkit.model.words import DAYS, seconds, span, weekdays
from cctoolkit.spec.builder import Route
from cctoolkit.spec.problem import Problem
from cctoolkit.spec.source import Document

_DAYS = re.compile(rf"({'|'.join(DAYS)})(-({'|'.join(DAYS)}))?")


def hours(parts: Parts, document: Document) -> Iterator[Problem]:
    """Weekly hours run forward, do not overlap, and no weekday stands twice."""
    for name, weekly in parts.hours.items():
        taken: dict[int, str] = {}
        for days, ranges in weekly.items():
            if not _DAYS.fullmatch(days):
                continue
            path: Route = ("calendars", name, "hours", days)
            before = next((taken[day] for day in weekdays(days) if day in taken), None)
            if before:
                yield Problem(
                    "weekday-twice",
                    f'"{days}" has a day that "{before}" already has',
                    document.file,
                    document.mark(path, key=True),
                    hint="each weekday stands once",
                )
            taken.update(dict.fromkeys(weekdays(days), days))
            yield from _ranges(document, path, ranges)


def dates(parts: Parts, document: Document) -> Iterator[Problem]:
    """No date stands twice in a calendar; its hours run forward."""
    for name, listed in parts.dates.items():
        seen: dict[str, Route] = {}
        for index, special in listed.items():
            path = ("calendars", name, "dates", index)
            if special.date in seen:
                first = document.mark(seen[special.date]).line
                yield Problem(
                    "date-twice",
                    f"{special.date} stands twice",
                    document.file,
                    document.mark((*path, "date")),
                    hint=f"the first is in line {first}",
                )
            seen.setdefault(special.date, (*path, "date"))
            yield from _ranges(document, (*path, "hours"), special.hours)


def shortened(_parts: Parts, document: Document) -> Iterator[Problem]:
    """Days are shortened before official holidays: without a country there are none."""
    for name, calendar in document.mapping("calendars").items():
        if isinstance(calendar, dict) and "shortened" in calendar and "holidays" not in calendar:
            yield Problem(
                "shortened-without-holidays",
                f'calendar "{name}" has no official holidays whose eves could be shortened',
                document.file,
                document.mark(("calendars", name, "shortened"), key=True),
                "holidays: RU or PL beside it",
                "a day of its own goes into dates with its hours",
            )


def never_open(project: Project, document: Document) -> Iterator[Problem]:
    """Warn of a calendar without any hours, and of one that is shut where it was to end earlier."""
    for name, calendar in project.calendars.items():
        weekly = week(calendar)
        if not any(weekly.values()) and not any(one.hours for one in calendar.dates):
            yield Problem("never-open", f'the calendar "{name}" is never open', document.file,
                          document.mark(("calendars", name), key=True),
                          hint='write hours, such as mon-fri: ["09:00-18:00"]')  # fmt: skip
            continue
        by = calendar.shortened.by if calendar.shortened else "0s"
        shut = [DAYS[day - 1] for day, spans in weekly.items() if 0 < sum(b - a for a, b in spans) * 60 <= seconds(by)]
        if shut:
            yield Problem("never-open", f"{by} earlier leaves nothing of the hours of {', '.join(shut)}",
                          document.file, document.mark(("calendars", name, "shortened", "by")),
                          "less than a day's hours", "a day that is off goes into dates")  # fmt: skip


def unknown_years(project: Project, document: Document, until: date) -> Iterator[Problem]:
    """Warn of official days that nobody knows yet though they begin before `until`."""
    for name, calendar in project.calendars.items():
        known = official(calendar.holidays).known_until if calendar.holidays else until.year
        if known < until.year:
            yield Problem(
                "holidays-unknown",
                f'calendar "{name}": which days {calendar.holidays} moves after {known} is not known to this version; '
                "only the days that the law names are there",
                document.file,
                document.mark(("calendars", name, "holidays")),
                hint="install a newer version of the package holidays when the moves are announced, or write dates",
            )


def _ranges(document: Document, path: Route, ranges: Sequence[str]) -> Iterator[Problem]:
    before = 0
    for index, (first, end) in enumerate(map(span, ranges)):
        mark = document.mark((*path, index))
        if first >= end:
            yield Problem(
                "hours-backwards",
                f'"{ranges[index]}" does not end after it begins',
                document.file,
                mark,
                hint="for hours over midnight write two ranges, up to 24:00 and from 00:00",
            )
        elif first < before:
            yield Problem(
                "hours-overlap",
                f'"{ranges[index]}" begins before the range above it ends',
                document.file,
                mark,
                hint="write ranges in order, each after the end of the one before",
            )
        before = max(before, end)
