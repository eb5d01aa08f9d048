"""Finds what stands in the wrong file: a section's own name once more above it, and other sections below it.

A queue may well be called "queues", a step "numbers": of two readings the one that makes fewer mistakes was meant.
"""

from msgspec.structs import replace

from cctoolkit.spec import schema
from cctoolkit.spec.builder import Route
from cctoolkit.spec.problem import Mark, Problem
from cctoolkit.spec.source import Document


def sort_out(part: Document, section: str) -> tuple[dict[str, Document], list[Problem]]:
    """Return what a file of a section holds, by section, and a problem for each name that is out of place."""
    content = part.data[section]
    named = [name for name in content if name in schema.names("project")] if isinstance(content, dict) else []
    if not named:
        return {section: part}, []
    found = {name: _below(part, (section, name)) for name in named}
    rest = {name: entry for name, entry in content.items() if name not in named}
    if rest:
        own = found.get(section)
        entries = own.data[section] if own and isinstance(own.data[section], dict) else {}
        marks = (own.keys, own.values) if own else ({}, {})
        data = {section: rest | entries}
        found[section] = replace(part, data=data, keys=part.keys | marks[0], values=part.values | marks[1])
    if not _was_meant(part, section, found):
        return {section: part}, []
    return found, [_problem(part, section, name) for name in named]


def _below(part: Document, path: Route) -> Document:
    """Return what stands below a name as a document in which the name is a section."""

    def moved(marks: dict[Route, Mark]) -> dict[Route, Mark]:
        return {route[1:]: mark for route, mark in marks.items() if route[:2] == path}

    return replace(part, data={path[1]: part.at(path)}, keys=moved(part.keys), values=moved(part.values))


def _was_meant(part: Document, section: str, found: dict[str, Document]) -> bool:
    below = sum(_mistakes(document, name) for name, document in found.items())
    as_is = _mistakes(part, section)
    inner = part.at((section, section))
    alone = list(part.data[section]) == [section]
    nested = alone and isinstance(inner, dict) and all(isinstance(one, dict) for one in inner.values())
    return below < as_is or (nested and below == as_is > 0)


def _mistakes(document: Document, section: str) -> int:
    return sum(1 for _ in schema.check_section(document, "project", section))


def _problem(part: Document, section: str, name: str) -> Problem:
    mark = part.mark((section, name), key=True)
    if name != section:
        return Problem("section-misplaced", f'"{name}" is another section than "{section}"', part.file, mark,
                       hint=f"move it to {name}.yaml, or to project.yaml")  # fmt: skip
    return Problem("section-repeated", f'the file is the section "{section}" already', part.file, mark,
                   hint=f'leave out the line "{section}:" and move what follows it to the left')  # fmt: skip
