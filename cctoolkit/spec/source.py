"""YAML as YAML 1.2 reads it, with the place of every key and value.

PyYAML resolves scalars as YAML 1.1 does (10:00 is 600, on is true, 010 is 8), so only its C event parser is
used; `builder` makes the data. Source: YAML 1.2.2; libyaml for what a syntax error says.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
import yaml

from cctoolkit.spec.builder import Builder, Route, StopReading, place
from cctoolkit.spec.problem import Mark, Problem, bounded

MAX_BYTES = 2 * 1024 * 1024

Spans = Sequence[tuple[Mark, Mark]]

# YAML 1.2.2, production 1 (c-printable).
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")  # what libyaml counts as the end of a line

_HINTS = (
    (
        "mapping values are not allowed",
        "text with a colon and a space goes in quotes; else look at the indentation",
    ),
    ("scanning an alias", 'a text that begins with a star goes in quotes: "*"'),
    ("cannot start any token", "a text that begins with @, ` or % goes in quotes"),
    ("expected ',' or", "a bracket, a brace or a comma is missing, or a # must go in quotes"),
    ("scanning a quoted scalar", "the closing quote is missing"),
)


class Document(msgspec.Struct):
    """One YAML file: plain data, and where each path stands. `keys` marks a mapping's key, `values` its
    value.
    """

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
            return None, [
                Problem("file-too-large", f"the file has {size} bytes", file, expected=f"at most {MAX_BYTES}")
            ]
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
    stopped = _fold(builder, text)
    problems = bounded(chain(builder.problems, [stopped] if stopped else _tabs(text, builder.scalars, file)))
    document = Document(file, builder.root, builder.keys, builder.values)
    return None if stopped else document, problems


def _fold(builder: Builder, text: str) -> Problem | None:
    """Feed the builder; return what made reading on impossible."""
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            builder.take(event)
    except StopReading as stop:
        return stop.problem
    except yaml.MarkedYAMLError as error:
        return _syntax(error, text, builder.file)
    except yaml.YAMLError as error:
        return Problem("yaml-syntax", f"not YAML: {str(error).splitlines()[0]}", builder.file)
    return None


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


def _tabs(text: str, scalars: Spans, file: str) -> Iterator[Problem]:
    """Find tabs outside texts and comments: YAML allows some of them, and every editor shows them
    differently.
    """
    if "\t" not in text:
        return
    for number, line in enumerate(_BREAK.split(text), 1):
        if "\t" not in line:
            continue
        for found in re.finditer(r"\t+|(?<!\S)#", line):
            mark = Mark(number, found.start() + 1)
            if _inside(mark, scalars):
                continue
            if found[0] == "#":
                break
            yield Problem("yaml-tab", "a tab", file, mark, hint="use spaces")


def _inside(mark: Mark, spans: Spans) -> bool:
    before = bisect_right(spans, mark, key=lambda span: span[0]) - 1
    return before >= 0 and mark < spans[before][1]
