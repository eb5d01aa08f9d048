"""Says of a thing that is missing that it is, once: not of every name of it, in every place where it is named."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec.structs import replace

from cctoolkit.model.build import Parts
from cctoolkit.spec.builder import Route
from cctoolkit.spec.problem import Problem, nearest
from cctoolkit.spec.source import Document

UNKNOWN_STEP = "unknown-step"
_HOLDS: dict[str, Route] = {
    UNKNOWN_STEP: ("flow",), "unknown-queue": ("queues",), "unknown-calendar": ("calendars",),
    "unknown-trunk": ("trunks",), "unknown-team": ("teams",), "unknown-field": ("crm", "card"),
}  # fmt: skip
"""Where names are looked for, by the code of one that is not there."""
_FEW = 2
"""So many places may be wrong each for itself; more have one reason."""
_LISTED = 8


def once(parts: Parts, document: Document, problems: Iterable[Problem]) -> Iterator[Problem]:
    """Yield the problems; of a section that is missing, and of a name that many places have, one of many."""
    said: set[str] = set() if "flow" in parts.sections else {UNKNOWN_STEP}
    groups: dict[tuple[str, str], list[Problem]] = {}
    for problem in problems:
        place = _HOLDS.get(problem.code)
        if place is None:
            yield problem
        elif place[0] in parts.sections:
            groups.setdefault((problem.code, problem.message), []).append(problem)
        elif problem.code not in said:
            said.add(problem.code)
            yield replace(problem, hint=f'the section "{place[0]}" is missing: write it')
    mentioned: frozenset[str] | None = None
    for group in groups.values():
        if len(group) <= _FEW:
            yield from group
            continue
        mentioned = _texts(document.data) if mentioned is None else mentioned
        yield _told(group, document, mentioned)


def _told(group: Sequence[Problem], document: Document, mentioned: frozenset[str]) -> Problem:
    """Return the one problem of many: where the name is defined, if it is wrong there, else where it is first."""
    first, name = min(group, key=lambda problem: problem.place), group[0].message.split('"')[1]
    place = _HOLDS[first.code]
    near = nearest(name, [key for key in document.mapping(*place) if key not in mentioned])
    if near is not None:
        what = f'"{near}" is named nowhere, and "{name}", which is not there, in {len(group)} places'
        mark = document.mark((*place, near), key=True)
        return replace(first, message=what, file=document.file, mark=mark, expected="", hint=f'did you mean "{name}"?')
    others = sorted({problem.mark.line for problem in group} - {first.mark.line})
    more = ", …" if len(others) > _LISTED else ""
    also = f"it is named in line {', '.join(map(str, others[:_LISTED]))}{more} too"
    return replace(first, hint=" ".join(part for part in (first.hint, also) if part))


def _texts(data: object) -> frozenset[str]:
    """Return every text that is a value anywhere."""
    found: set[str] = set()
    todo: list[Any] = [data]
    while todo:
        value = todo.pop()
        if isinstance(value, str):
            found.add(value)
        todo += value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return frozenset(found)
