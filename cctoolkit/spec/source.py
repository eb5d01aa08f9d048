"""YAML as YAML 1.2 reads it, with the place of every key and value.

PyYAML resolves scalars as YAML 1.1 does (10:00 is 600, on is true, 010 is 8), so only its C event parser is used;
`builder` makes the data. Source: YAML 1.2.2; libyaml for what a syntax error says.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import yaml

from cctoolkit.spec.builder import Builder, Route, StopReading, place
from cctoolkit.spec.problem import Mark, Problem, bounded

MAX_BYTES = 2 * 1024 * 1024

# YAML 1.2.2, production 1 (c-printable).
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")  # what libyaml counts as the end of a line

_HINTS = (
    ("mapping values are not allowed", "text with a colon and a space goes in quotes; else look at the indentation"),
    ("scanning an alias", 'a text that begins with a star goes in quotes: "*"'),
    ("cannot start any token", "a text that begins with @, ` or % goes in quotes"),
    ("expected ',' or", "a bracket, a brace or a comma is missing, or a # must go in quotes"),
    ("scanning a quoted scalar", "the closing quote is missing"),
)


class Document(msgspec.Struct):
    """One YAML file: plain data, and where each path stands. `keys` marks a mapping's key, `values` its value."""

    file: str
    data: Any
    keys: dict[Route, Mark]
    values: dict[Route, Mark]

    def mark(self, path: Route, *, key: bool = False) -> Mark:
        """Return where `path` stands, or its nearest parent that is written down."""
        while True:
            found = (self.keys.get(path) if key else None) or self.values.get(path)
            if found or not path:
                return found or Mark()
            path = path[:-1]


def load(path: Path, shown_as: str = "") -> tuple[Document | None, list[Problem]]:
    """Read one file; return the document (None when it cannot be read at all) and every problem found."""
    file = shown_as or str(path)
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            return None, [Problem("file-too-large", f"the file has {size} bytes", file, expected=f"at most {MAX_BYTES}")]
        raw = path.read_bytes()
        return parse(raw.decode("utf-8-sig"), file)
    except OSError as error:
        return None, [Problem("file-unreadable", f"cannot be read: {error.strerror}", file)]
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8-sig", errors="replace")
        return None, [Problem("not-utf8", f"byte {error.start} of the file is not UTF-8", file, _end(before),
                              hint="save the file as UTF-8")]  # fmt: skip


def parse(text: str, file: str) -> tuple[Document | None, list[Problem]]:
    """Read YAML text; see `load`."""
    if bad := _UNPRINTABLE.search(text):
        what = f"the character U+{ord(bad[0]):04X}"
        return None, [Problem("yaml-character", what, file, _end(text[: bad.start()]), hint="delete it")]
    builder = Builder(file)
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            builder.take(event)
    except StopReading as stop:
        return None, [*builder.problems, stop.problem]
    except yaml.MarkedYAMLError as error:
        return None, [*builder.problems, _syntax(error, text, file)]
    except yaml.YAMLError as error:
        return None, [*builder.problems, Problem("yaml-syntax", f"not YAML: {str(error).splitlines()[0]}", file)]
    problems = [*builder.problems, *_tabs(text, builder.scalars, file)]
    return Document(file, builder.root, builder.keys, builder.values), bounded(iter(problems))


def _end(text: str) -> Mark:
    """Return the place just after `text`."""
    lines = _BREAK.split(text)
    return Mark(len(lines), len(lines[-1]) + 1)


def _syntax(error: yaml.MarkedYAMLError, text: str, file: str) -> Problem:
    mark = place(error.problem_mark or error.context_mark)
    lines = _BREAK.split(text)
    before = lines[mark.line - 1][: mark.column] if mark.line <= len(lines) else ""
    if "\t" in before and not before.strip():
        return Problem("yaml-tab", "a tab in the indentation", file, mark, hint="indent with spaces")
    what = ", ".join(part for part in (error.context, error.problem) if part)
    hint = next((hint for part, hint in _HINTS if part in what), "look at this line and the one above it")
    return Problem("yaml-syntax", f"not YAML: {what}", file, mark, hint=hint)


def _tabs(text: str, scalars: list[tuple[Mark, Mark]], file: str) -> Iterator[Problem]:
    """Find tabs outside texts and comments: YAML allows some of them, and every editor shows them differently."""
    if "\t" not in text:
        return
    for number, line in enumerate(_BREAK.split(text), 1):
        for tab in re.finditer("\t+", line):
            mark = Mark(number, tab.start() + 1)
            inside = any(start <= mark < end for start, end in scalars)
            if not inside and not _commented(line, number, mark.column, scalars):
                yield Problem("yaml-tab", "a tab", file, mark, hint="use spaces")


def _commented(line: str, number: int, column: int, scalars: list[tuple[Mark, Mark]]) -> bool:
    return any(
        not any(start <= Mark(number, hash_.start() + 1) < end for start, end in scalars)
        for hash_ in re.finditer(r"(?<!\S)#", line[: column - 1])
    )
