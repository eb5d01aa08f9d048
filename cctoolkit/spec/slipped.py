"""Finds a key that stands as deep as what belongs to it: all of that reads as part of the entry above.

One line slipped, and every line below it would be a mistake of its own.
"""

from collections.abc import Collection, Iterator, Sequence

from msgspec import Struct

from cctoolkit.spec import schema
from cctoolkit.spec.builder import Route
from cctoolkit.spec.problem import Mark, Problem
from cctoolkit.spec.source import Document

_AGAIN = "\0"
"""Begins the names under which `builder` reads keys that stand twice."""


class Slip(Struct, frozen=True):
    """A key without content that others follow as deep; `until` is the last line of the mapping it fell into."""

    route: Route
    mark: Mark
    file: str
    until: int

    def covers(self, problem: Problem) -> bool:
        """Tell whether a problem is in the lines that nobody can read."""
        return problem.file == self.file and self.mark.line <= problem.mark.line <= self.until


def slips(document: Document, kind: str) -> list[Slip]:
    """Return the keys that slipped in a document of `kind` ("project" or "site")."""
    inside: dict[Route, list[Route]] = {route[:-1]: [] for route in document.keys if document.at(route) is None}
    for route in document.keys if inside else ():
        if route[:-1] in inside:
            inside[route[:-1]].append(route)
    return [slip for parent, routes in inside.items() if parent for slip in _in(document, kind, parent, routes)]


def _in(document: Document, kind: str, parent: Route, routes: Sequence[Route]) -> Iterator[Slip]:
    routes = sorted(routes, key=document.keys.__getitem__)
    for place, route in enumerate(routes):
        mark, after = document.keys[route], routes[place + 1 :]
        empty = route[-1] in document.mapping(*parent) and document.at(route) is None
        follows = [other for other in after if document.keys[other].column == mark.column]
        first = place == 0 and kind == "project" and parent[0] in schema.sections("library")
        if empty and follows and _reads_as_another(document, schema.names(kind), route, follows, first=first):
            last = max(one.line for path, one in document.values.items() if path[: len(parent)] == parent)
            yield Slip(route, mark, mark.file or document.file, max(last, document.keys[routes[-1]].line))
            return


def _reads_as_another(
    document: Document, sections: Collection[str], route: Route, follows: Sequence[Route], *, first: bool
) -> bool:
    """Tell whether an empty key begins an entry beside the mapping it is in, or above what follows it; `first` of a
    section that holds things by name.
    """
    if any(str(other[-1]).startswith(_AGAIN) for other in follows):
        return True
    if len(route) > 2:
        return False
    another = route[-1] in sections and route[-1] not in document.data
    return another or (first and not any(isinstance(document.at(other), dict) for other in follows))


def unread(found: Sequence[Slip]) -> frozenset[str]:
    """Return the sections of which nobody can say what is missing in them."""
    return frozenset(str(part) for slip in found for part in (slip.route[0], slip.route[-1]))


def told(found: Sequence[Slip], problems: Sequence[Problem]) -> list[Problem]:
    """Return one problem for each slip in place of all that it made."""
    return [problem for problem in problems if not any(slip.covers(problem) for slip in found)] + [
        Problem("yaml-indented", f'what follows "{slip.route[-1]}" stands no deeper than it', slip.file, slip.mark,
                hint="move this line to the left, or what belongs to it to the right")
        for slip in found
    ]  # fmt: skip
