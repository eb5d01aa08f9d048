"""YAML as YAML 1.2 reads it, with the place of every key and value.

PyYAML resolves scalars as YAML 1.1 does (10:00 is 600, on is true, 010 is 8), so only its C event parser is
used; `builder` makes the data. Source: YAML 1.2.2; libyaml for what a syntax error says.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
import yaml

from cctoolkit.spec.builder import Builder, Route, StopReading
from cctoolkit.spec.problem import Mark, Problem, bounded
from cctoolkit.spec.raw import BREAK, read, unprintable
from cctoolkit.spec.salvage import salvage
from cctoolkit.spec.spelling import has_odd_indentation, plain_indentation, syntax, tabs


class Document(msgspec.Struct):
    """One document of YAML, in one file or in several: plain data, and where each path stands.

    `keys` marks a mapping's key, `values` its value. `unread` names the sections that could not be read wholly:
    what is missing there may well be written. `files` are all files it was read from, `file` first; `shared` are
    those of them that other projects use too. `misnamed` are names that are none: who refers to one has made no
    second mistake.
    """

    file: str
    data: Any
    keys: dict[Route, Mark]
    values: dict[Route, Mark]
    unread: frozenset[str] = frozenset()
    files: tuple[str, ...] = ()
    shared: frozenset[str] = frozenset()
    misnamed: frozenset[str] = frozenset()

    def at(self, path: Route) -> Any:  # noqa: ANN401 - whatever the author wrote
        """Return what is written at `path`, None when nothing is."""
        found = self.data
        for part in path:
            try:
                found = found[part]
            except (KeyError, IndexError, TypeError):
                return None
        return found

    def mapping(self, *path: str | int) -> dict[str, Any]:
        """Return the mapping that is written at `path`; an empty one when there is none, or something else."""
        found = self.at(path)
        return found if isinstance(found, dict) else {}

    def mark(self, path: Route, *, key: bool = False) -> Mark:
        """Return where `path` stands, or its nearest parent that is written down."""
        while True:
            found = (self.keys.get(path) if key else None) or self.values.get(path)
            if found or not path:
                return found or Mark()
            path = path[:-1]

    def where(self, path: Route, *, key: bool = False) -> str:
        """Return `file:line` of a path."""
        mark = self.mark(path, key=key)
        return f"{mark.file or self.file}:{mark.line}"


def load(
    path: Path, shown_as: str = "", section: str = "", *, part: bool = False
) -> tuple[Document | None, list[Problem]]:
    """Read one file; return the document (None when it cannot be read at all) and every problem found.

    A `part` will join a larger document, so its marks name the file; with `section` its content is that section.
    """
    file = shown_as or str(path)
    try:
        return parse(read(path, file), file, section, part=part)
    except StopReading as stop:
        return None, [stop.problem]


def parse(text: str, file: str, section: str = "", *, part: bool = False) -> tuple[Document | None, list[Problem]]:
    """Read YAML text; see `load`."""
    if bad := unprintable(text, file):
        return None, [bad]
    odd: list[Problem] = []
    make = partial(Builder, file, (section,) if section else (), file if part or section else "")
    builder, stopped = _fold(text, make)
    if has_odd_indentation(text):
        text, odd = plain_indentation(text, builder.scalars, file)
        builder, stopped = _fold(text, make)
    last = [stopped] if stopped else tabs(text, builder.scalars, file)
    problems = bounded(_once(chain(odd, builder.problems, last)))
    data = {section: builder.root} if section else builder.root
    document = Document(file, data, builder.keys, builder.values, frozenset(builder.unread), (file,))
    return None if stopped else document, problems


def _once(problems: Iterable[Problem]) -> Iterator[Problem]:
    """Leave out what was found a second time in the same line."""
    seen: set[tuple[str, int]] = set()
    for problem in problems:
        if problem.code != "yaml-tab" or (problem.code, problem.mark.line) not in seen:
            yield problem
        seen.add((problem.code, problem.mark.line))


def _fold(text: str, make: Callable[[], Builder]) -> tuple[Builder, Problem | None]:
    """Feed a builder; return it, and what made reading on impossible."""
    builder = make()
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            builder.take(event)
    except StopReading as stop:
        stopped, final = stop.problem, stop.final
    except yaml.YAMLError as error:
        stopped, final = syntax(error, text, 0, builder.file), False
    else:
        return builder, None
    rest = None if final else _salvaged(text, make())
    return (rest, None) if rest else (builder, stopped)


def _salvaged(text: str, builder: Builder) -> Builder | None:
    try:
        found = salvage(builder, BREAK.split(text), partial(syntax, file=builder.file))
    except StopReading:
        return None
    return builder if found else None
