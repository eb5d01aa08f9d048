"""Rules about lists and names as such: nothing stands twice in a list, nothing is defined and never used."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from cctoolkit.model.build import Parts
from cctoolkit.model.project import Number, Project
from cctoolkit.model.queue import QueueOptions
from cctoolkit.spec.builder import Route
from cctoolkit.spec.problem import Problem
from cctoolkit.spec.source import Document

_ONCE = frozenset(
    ("queues", "shared_with", "recipients", "mail", "proved", "by", "choices", "codecs", "library", "values")
)
"""Keys whose lists hold each thing once; a prompt, say, may be played twice."""

_USED = (("calendars", "calendar", "no step asks it"), ("queues", "queue", "no call waits in it"),
         ("trunks", "trunk", "no step transfers over it"))  # fmt: skip


def listed(_parts: Parts, document: Document) -> Iterator[Problem]:
    """What stands in a list of names or addresses stands there once."""
    todo: list[tuple[Route, Any]] = [((), document.data)]
    while todo:
        path, value = todo.pop()
        if isinstance(value, dict):
            todo += [((*path, key), inner) for key, inner in value.items()]
        elif isinstance(value, list):
            todo += [((*path, index), inner) for index, inner in enumerate(value)]
            if path and path[-1] in _ONCE:
                yield from _twice(document, path, value)


def _twice(document: Document, path: Route, values: list[Any]) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for index, value in enumerate(values):
        if isinstance(value, str) and seen.setdefault(value, index) != index:
            yield Problem("listed-twice", f'"{value}" stands twice in "{path[-1]}"', document.file,
                          document.mark((*path, index)), hint="leave one out")  # fmt: skip


def unused(parts: Parts, document: Document) -> Iterator[Problem]:
    """Warn of calendars, queues and trunks that no step refers to."""
    if not parts.whole_flow:
        return
    used = {reference for step in parts.flow.values() for reference in step.refers()}
    for section, what, why in _USED:
        for name in parts.names[section]:
            mark = document.mark((section, name), key=True)
            # What stands in a library is there for other projects too.
            if (section, name) not in used and mark.file not in document.shared:
                yield Problem("never-used", f'the {what} "{name}" is never used: {why}', document.file, mark,
                              hint="delete it, or lead calls to it")  # fmt: skip


def proved(parts: Parts, document: Document) -> Iterator[Problem]:
    """What the launch is to prove is there."""
    for check, section in (("scripts", "scripts"), ("certification", "agents")):
        missing = section not in parts.unread and not document.data.get(section)
        if parts.launch and check in parts.launch.proved and missing:
            yield Problem("nothing-to-prove", f'there are no {section} to prove', document.file,
                          document.mark(("launch", "proved", parts.launch.proved.index(check))),
                          f'the section "{section}"')  # fmt: skip


def shared(parts: Parts, document: Document) -> Iterator[Problem]:
    """A number or queue is shared with other projects."""
    mine = parts.info.id if parts.info else None
    for path, name in shares(parts.numbers, parts.queues):
        if name == mine:
            mark = document.mark(path)
            yield Problem("shared-with-itself", f'"{mine}" is this project', document.file, mark, "another project")


def shares(numbers: Mapping[int, Number], queues: Mapping[str, QueueOptions]) -> Iterator[tuple[Route, str]]:
    """Yield every project that a number or queue is shared with, and where it is named."""
    things: list[tuple[Route, tuple[str, ...]]] = [(("numbers", i), n.shared_with) for i, n in numbers.items()]
    things += [(("queues", name), queue.shared_with) for name, queue in queues.items()]
    for path, names in things:
        yield from (((*path, "shared_with", index), name) for index, name in enumerate(names))


def past(project: Project, document: Document, today: date) -> Iterator[Problem]:
    """Warn of a calendar whose dates are all over: nobody has written those to come."""
    for name, calendar in project.calendars.items():
        last = max((one.date for one in calendar.dates), default="")
        if last and last < today.isoformat() and not calendar.holidays:
            yield Problem("dates-past", f'the last date of the calendar "{name}" was {last}', document.file,
                          document.mark(("calendars", name, "dates"), key=True),
                          hint="write the dates to come, or delete those that are over")  # fmt: skip


RULES = (listed, proved, shared)
