"""One project from all its files: `project.yaml`, the sections that stand in files beside it, and its libraries.

`flow.yaml` beside `project.yaml` is the section `flow`. A library, named under `library`, is a file of
`projects/library/` whose sections join the project's own, name by name; of its steps only those are taken that the
project leads to. Marks say which file a thing stands in.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from cctoolkit.spec import schema
from cctoolkit.spec.builder import Route
from cctoolkit.spec.misfiled import sort_out
from cctoolkit.spec.problem import Problem, did_you_mean, nearest, one_of
from cctoolkit.spec.source import Document, load

PROJECT_FILE = "project.yaml"
LIBRARY = "library"
ENDING = ".yaml"

MAX_LIBRARIES = 20
_NAME = re.compile(r"[a-z0-9-]{1,40}")

Shown = Callable[[Path], str]
"""How a path is written in messages."""


def load_whole(path: Path, shown: Shown) -> tuple[Document, list[Problem]]:
    """Read a project and everything it consists of; sections that could not be read are `unread`."""
    first, problems = load(path, shown(path))
    if first is not None:
        problems += schema.shape(first, "project")
    if first is None or not isinstance(first.data, dict):
        nothing = frozenset(schema.names("project"))
        first = Document(shown(path), {}, {}, {}, nothing, (shown(path),))
    document = replace(first, data=dict(first.data))
    if path.name == PROJECT_FILE:
        problems += _sections(document, path.parent, shown)
    document.unread |= schema.misplaced(document, "project")
    problems += _libraries(document, Path(os.path.realpath(path)).parent.parent / LIBRARY, shown)
    return document, problems


def _sections(document: Document, folder: Path, shown: Shown) -> Iterator[Problem]:
    """Take in the sections that stand in files of their own."""
    known = [name for name in schema.names("project") if name != "project"]
    for file in sorted(folder.iterdir()):
        if file.suffix not in (ENDING, ".yml") or file.name == PROJECT_FILE or file.name.startswith("."):
            continue
        if file.suffix == ENDING and file.stem in known:
            yield from _section(document, file, shown)
        elif file.suffix == ENDING or file.stem in known:
            files = [name + ENDING for name in known]
            document.unread |= {near} if (near := nearest(file.stem, known)) and near not in document.data else set()
            yield Problem("unknown-file", f'"{file.name}" is no section of a project', shown(file),
                          expected=one_of(files), hint=did_you_mean(file.name, files))  # fmt: skip


def _section(document: Document, file: Path, shown: Shown) -> Iterator[Problem]:
    section = file.stem
    part, problems = load(file, shown(file), section)
    yield from problems
    document.files += (shown(file),)
    found, problems = sort_out(part, section) if part else ({}, [])
    yield from problems
    if section not in found:
        document.unread |= {section}
    for name, one in found.items():
        if name not in document.data:
            _join(document, one, {name: one.data[name]}, 1)
            continue
        if name == section:
            mark = document.mark((name,), key=True)
            yield Problem("section-twice", f'the section "{name}" has a file of its own too', document.file, mark,
                          hint=f"leave it here or in {one.file}, not in both")  # fmt: skip
        yield from schema.check_section(one, "project", name)


def _join(document: Document, part: Document, data: Mapping[str, Any], depth: int) -> None:
    """Take over data and the marks of what begins with the routes to it, `depth` names long."""
    if depth == 1:
        document.data.update(data)
        wanted: set[Route] = {(section,) for section in data}
    else:
        for section, entries in data.items():
            document.data[section] = {**document.data.get(section, {}), **entries}
        wanted = {(section, name) for section, entries in data.items() for name in entries}
    for mine, theirs in ((document.keys, part.keys), (document.values, part.values)):
        for route, mark in theirs.items():
            if route[:depth] in wanted:
                mine[route] = mark
            elif len(route) == 1 and route[0] in data:
                mine.setdefault(route, mark)
    document.unread |= part.unread


def libraries(document: Document) -> list[Any]:
    """Return what a project names under `library`; nothing when that is no list."""
    named = document.data.get(LIBRARY)
    return named if isinstance(named, list) else []


def _libraries(document: Document, folder: Path, shown: Shown) -> Iterator[Problem]:
    """Take in what the libraries hold that the project names."""
    found: list[Document] = []
    for index, name in enumerate(libraries(document)[:MAX_LIBRARIES]):
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            continue
        part, problems = _library(document, index, folder, shown)
        yield from problems
        if part is not None:
            yield from _twice(document, index, part, found)
            found.append(part)
    for part in found:
        _join(document, part, _wanted(document, found, part), 2)


def _library(document: Document, index: int, folder: Path, shown: Shown) -> tuple[Document | None, list[Problem]]:
    name = document.data[LIBRARY][index]
    file = folder / (name + ENDING)
    if not file.is_file():
        document.unread |= frozenset(schema.sections(LIBRARY))
        known = [path.stem for path in folder.glob("*" + ENDING)]
        return None, [Problem("unknown-library", f'there is no library "{name}"', document.file,
                              document.mark((LIBRARY, index)), one_of(known) or f"a file {shown(file)}",
                              did_you_mean(name, known))]  # fmt: skip
    part, problems = load(file, shown(file), part=True)
    document.files += (shown(file),)
    document.shared |= {shown(file)}
    if part is None or (wrong := schema.shape(part, LIBRARY)):
        document.unread |= frozenset(schema.sections(LIBRARY))
        return None, problems + (wrong if part else [])
    return part, problems + schema.check(part, LIBRARY)


def _entries(part: Document) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the sections of a library that may join a project's."""
    for section, entries in part.data.items():
        if section in schema.sections(LIBRARY) and isinstance(entries, dict):
            yield section, entries


def _twice(document: Document, index: int, part: Document, others: list[Document]) -> Iterator[Problem]:
    """A name has one meaning: the project's or one library's."""
    for section, entries in _entries(part):
        own = document.data.get(section)
        for name in entries:
            route, where = (section, name), part.where((section, name), key=True)
            if isinstance(own, dict) and name in own:
                mark = document.mark(route, key=True)
                yield Problem("library-twice", f'"{name}" stands in the library too', document.file, mark,
                              hint=f"the library's is in {where}: rename one of them")  # fmt: skip
            for other in others:
                if name in (other.data.get(section) or ()):
                    first = other.where(route, key=True)
                    yield Problem("library-twice", f'"{name}" stands in two libraries', document.file,
                                  document.mark((LIBRARY, index)), hint=f"in {first} and in {where}")  # fmt: skip


def _wanted(document: Document, libraries: list[Document], part: Document) -> dict[str, dict[str, Any]]:
    """Return what of a library joins: all but the project's own names, and of its steps those that are led to."""
    led = _led_to(document, libraries)
    found: dict[str, dict[str, Any]] = {}
    for section, entries in _entries(part):
        own = document.data.get(section, {})
        if isinstance(own, dict):
            found[section] = {
                name: entry for name, entry in entries.items() if name not in own and (section != "flow" or name in led)
            }
    return {section: entries for section, entries in found.items() if entries}


def _led_to(document: Document, libraries: list[Document]) -> set[str]:
    """Return the names a call may be led to, from numbers and the project's own steps on.

    Step types are not known here: every text inside a step counts but those of its own options.
    """
    steps: dict[str, Any] = {}
    for one in (*libraries, document):
        flow = one.data.get("flow")
        steps.update(flow if isinstance(flow, dict) else {})
    own = document.data.get("flow")
    todo = [*_texts(document.data.get("numbers")), *(own if isinstance(own, dict) else ())]
    seen: set[str] = set()
    while todo:
        name = todo.pop()
        if name in steps and name not in seen:
            seen.add(name)
            step = steps[name]
            todo += [text for value in (step.values() if isinstance(step, dict) else ()) for text in _texts(value, 1)]
    return seen


def _texts(value: object, depth: int = 0) -> Iterator[str]:
    """Yield every text inside a value; the value itself does not count when it is an option of a step."""
    if isinstance(value, str) and depth != 1:
        yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for one in inner:
        yield from _texts(one, depth + 1 if depth else 0)
