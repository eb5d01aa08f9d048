"""Rules across sections that no schema can say; each finds every offence, at its place, with the cure.

A rule is a function from a project and its document to problems; `RULES` is all of them, so a new rule is one function.
"""

from collections.abc import Callable, Iterator, Sequence
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cctoolkit import marks
from cctoolkit.model import phone
from cctoolkit.model.project import Project
from cctoolkit.model.site import Site
from cctoolkit.model.words import span, weekdays
from cctoolkit.spec.problem import Problem, did_you_mean
from cctoolkit.spec.source import Document, Path_

Rule = Callable[[Project, Document], Iterator[Problem]]


def _unknown(document: Document, path: Path_, code: str, what: str, name: str, known: Sequence[str]) -> Problem:
    return Problem(
        code, f'there is no {what} "{name}"', document.file, document.mark(path),
        expected="one of " + ", ".join(sorted(known)) if known else f"a {what} defined in this project",
        hint=did_you_mean(name, known),
    )  # fmt: skip


def unknown_steps(project: Project, document: Document) -> Iterator[Problem]:
    """Entries and outcomes must name steps of the flow."""
    steps = list(project.flow)
    for index, number in enumerate(project.numbers):
        if number.entry not in project.flow:
            yield _unknown(document, ("numbers", index, "entry"), "unknown-step", "step", number.entry, steps)
    for name, raw in document.data["flow"].items():
        for group in ("next", "keys"):
            for outcome, target in (raw.get(group) or {}).items():
                if target is not None and target not in project.flow:
                    yield _unknown(document, ("flow", name, group, outcome), "unknown-step", "step", target, steps)


def unknown_references(project: Project, document: Document) -> Iterator[Problem]:
    """Steps and agents must name calendars and queues of the project."""
    for name, step in project.flow.items():
        for section, wanted in step.refers():
            known = getattr(project, section)
            if wanted not in known:
                what = section.removesuffix("s")
                yield _unknown(document, ("flow", name, what), f"unknown-{what}", what, wanted, list(known))
    for index, agent in enumerate(project.agents):
        for place, queue in enumerate(agent.queues):
            if queue not in project.queues:
                path = ("agents", index, "queues", place)
                yield _unknown(document, path, "unknown-queue", "queue", queue, list(project.queues))


def numbers(project: Project, document: Document) -> Iterator[Problem]:
    """Numbers must be possible in their country, and no form may enter twice."""
    seen: dict[str, int] = {}
    for index, number in enumerate(project.numbers):
        path: Path_ = ("numbers", index, "number")
        texts = [(path, number.number), *((("numbers", index, "arrives_as", n), t) for n, t in enumerate(number.arrives_as))]
        for where, text in texts:
            if phone.e164(text, number.country) is None:
                yield Problem("impossible-number", f'"{text}" is no phone number of {number.country}', document.file,
                              document.mark(where), hint="check the digits, or set country")  # fmt: skip
            for form in phone.forms(text, number.country):
                if seen.setdefault(form, index) != index:
                    yield Problem("number-twice", f'calls to "{form}" already enter with number {seen[form] + 1} of the list',
                                  document.file, document.mark(where), hint="one number enters the flow once")  # fmt: skip
                    break


def calendars(project: Project, document: Document) -> Iterator[Problem]:
    """Hours run forward, do not overlap, and no weekday or date stands twice."""
    for name, calendar in project.calendars.items():
        taken: dict[int, str] = {}
        for days, ranges in calendar.hours.items():
            path: Path_ = ("calendars", name, "hours", days)
            for day in weekdays(days):
                if day in taken:
                    yield Problem("weekday-twice", f'"{days}" has a day that "{taken[day]}" already has', document.file,
                                  document.mark(path, key=True), hint="each weekday stands once")  # fmt: skip
                    break
                taken[day] = days
            yield from _ranges(document, path, ranges)
        dates: set[str] = set()
        for index, special in enumerate(calendar.dates):
            path = ("calendars", name, "dates", index)
            if special.date in dates:
                yield Problem("date-twice", f"{special.date} stands twice", document.file, document.mark((*path, "date")))
            dates.add(special.date)
            yield from _ranges(document, (*path, "hours"), special.hours)


def _ranges(document: Document, path: Path_, ranges: Sequence[str]) -> Iterator[Problem]:
    before = 0
    for index, (first, end) in enumerate(map(span, ranges)):
        mark = document.mark((*path, index))
        if first >= end:
            yield Problem("hours-backwards", f'"{ranges[index]}" ends before it begins', document.file, mark,
                          hint="for hours over midnight write two ranges, up to 24:00 and from 00:00")  # fmt: skip
        elif first < before:
            yield Problem("hours-overlap", f'"{ranges[index]}" begins before the range above it ends', document.file, mark)
        before = max(before, end)


def names(project: Project, document: Document) -> Iterator[Problem]:
    """The time zone exists; the folder has the project's name; contexts fit Asterisk's 79 characters."""
    zone = project.project.time_zone
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield Problem("unknown-time-zone", f'"{zone}" is no time zone', document.file,
                      document.mark(("project", "time_zone")), expected="an IANA name such as Europe/Moscow")  # fmt: skip
    for step in project.flow:
        size = len(marks.context(project.id, "0" * 8, step))
        if size > marks.MAX_NAME:
            yield Problem("name-too-long", f'the context of step "{step}" would have {size} characters', document.file,
                          document.mark(("flow", step), key=True), expected=f"at most {marks.MAX_NAME}",
                          hint="shorten the project's id or the step's name")  # fmt: skip


def agents_twice(project: Project, document: Document) -> Iterator[Problem]:
    """An agent stands once in a project."""
    seen: set[str] = set()
    for index, agent in enumerate(project.agents):
        if agent.agent in seen:
            yield Problem("agent-twice", f'"{agent.agent}" stands twice', document.file, document.mark(("agents", index, "agent")))
        seen.add(agent.agent)


RULES: tuple[Rule, ...] = (unknown_steps, unknown_references, numbers, calendars, names, agents_twice)


def project_problems(project: Project, document: Document) -> list[Problem]:
    """Run every rule; return the problems in the file's order."""
    return sorted((p for rule in RULES for p in rule(project, document)), key=lambda p: p.mark)


def site_problems(site: Site, projects: Sequence[tuple[Project, Document]]) -> list[Problem]:
    """Check what only shows when projects meet on a site: the roster, and numbers claimed twice."""
    roster = [entry.agent for entry in site.roster]
    found = []
    claimed: dict[str, str] = {}
    for project, document in projects:
        for index, agent in enumerate(project.agents):
            if agent.agent not in roster:
                path = ("agents", index, "agent")
                found.append(_unknown(document, path, "unknown-agent", "agent on the site's roster", agent.agent, roster))
        for index, number in enumerate(project.numbers):
            for text in (number.number, *number.arrives_as):
                for form in phone.forms(text, number.country):
                    if claimed.setdefault(form, project.id) != project.id:
                        found.append(Problem("number-claimed", f'"{form}" is claimed by project {claimed[form]} too', document.file,
                                             document.mark(("numbers", index, "number"))))  # fmt: skip
    return found
