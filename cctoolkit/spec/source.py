"""YAML as YAML 1.2 reads it, with the place of every key and value.

PyYAML resolves scalars as YAML 1.1 does (10:00 is 600, on is true, 010 is 8), so only its C event parser is used and
scalars are resolved here: only true/false, null, plain decimal integers and decimals are anything but text.
The document is built without recursion, so that depth, aliases and size are bounded before they cost anything.
Source: YAML 1.2.2, chapter 10.3 (core schema), narrowed as the language reference says.
"""

import re
from pathlib import Path
from typing import Any

import msgspec
import yaml

from cctoolkit.spec.problem import Mark, Problem

MAX_BYTES = 2 * 1024 * 1024
MAX_DEPTH = 40
MAX_NODES = 200_000

_INT = re.compile(r"-?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+([eE][-+]?[0-9]+)?")
_WORDS: dict[str, object] = {"": None, "~": None, "null": None, "true": True, "false": False}

Path_ = tuple[str | int, ...]


class Document(msgspec.Struct):
    """One YAML file: plain data, and where each path stands. `keys` marks a mapping's key, `values` its value."""

    file: str
    data: Any
    keys: dict[Path_, Mark]
    values: dict[Path_, Mark]

    def mark(self, path: Path_, *, key: bool = False) -> Mark:
        """Return where `path` stands, or its nearest parent that is written down."""
        while True:
            found = (self.keys.get(path) if key else None) or self.values.get(path)
            if found or not path:
                return found or Mark()
            path = path[:-1]


class _Stop(Exception):  # noqa: N818 - never leaves this module
    def __init__(self, problem: Problem) -> None:
        self.problem = problem


def load(path: Path, shown_as: str = "") -> tuple[Document | None, list[Problem]]:
    """Read one file; return the document (None when it cannot be read at all) and every problem found."""
    file = shown_as or str(path)
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            return None, [Problem("file-too-large", f"the file has {size} bytes", file, expected=f"at most {MAX_BYTES}")]
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        return None, [Problem("file-unreadable", f"cannot be read: {error.strerror}", file)]
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        return None, [Problem("not-utf8", f"byte {error.start} is not UTF-8", file, Mark(line), hint="save it as UTF-8")]
    return parse(text, file)


def parse(text: str, file: str) -> tuple[Document | None, list[Problem]]:
    """Read YAML text; see `load`."""
    builder = _Builder(file)
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):  # noqa: S506 - events only, nothing is constructed
            builder.take(event)
    except _Stop as stop:
        return None, [*builder.problems, stop.problem]
    except yaml.MarkedYAMLError as error:
        return None, [*builder.problems, _syntax(error, text, file)]
    except yaml.YAMLError as error:
        return None, [Problem("yaml-syntax", f"not YAML: {str(error).splitlines()[0]}", file)]
    return builder.document(), builder.problems


def _syntax(error: yaml.MarkedYAMLError, text: str, file: str) -> Problem:
    place = error.problem_mark or error.context_mark
    mark = Mark(place.line + 1, place.column + 1) if place else Mark()
    lines = text.split("\n")
    line = lines[mark.line - 1] if mark.line <= len(lines) else ""
    if "\t" in line[: mark.column] and not line[: mark.column].strip("\t "):
        return Problem("yaml-tab", "a tab in the indentation", file, mark, hint="indent with spaces")
    what = ", ".join(part for part in (error.context, error.problem) if part)
    return Problem("yaml-syntax", f"not YAML: {what}", file, mark, hint="look at this line and the one above it")


class _Frame(msgspec.Struct):
    """An open mapping or list while its content arrives."""

    value: Any
    path: Path_
    anchor: str | None
    key: str | None = None


class _Builder:
    """Folds parser events into a Document."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.keys: dict[Path_, Mark] = {}
        self.values: dict[Path_, Mark] = {}
        self.root: Any = None
        self.stack: list[_Frame] = []
        self.anchors: dict[str, tuple[Any, int]] = {}
        self.nodes = 0
        self.documents = 0

    def document(self) -> Document:
        return Document(self.file, self.root, self.keys, self.values)

    def take(self, event: yaml.Event) -> None:
        mark = Mark(event.start_mark.line + 1, event.start_mark.column + 1)
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                raise self._stop("yaml-many-documents", "a second document starts here", mark)
        elif isinstance(event, yaml.ScalarEvent):
            self._scalar(event, mark)
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event, mark)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._open({} if isinstance(event, yaml.MappingStartEvent) else [], event.anchor, mark)
        elif isinstance(event, yaml.CollectionEndEvent):
            frame = self.stack.pop()
            if frame.anchor:
                self.anchors[frame.anchor] = (frame.value, _weigh(frame.value))

    def _stop(self, code: str, message: str, mark: Mark, hint: str = "") -> _Stop:
        return _Stop(Problem(code, message, self.file, mark, hint=hint))

    def _count(self, weight: int, mark: Mark) -> None:
        self.nodes += weight
        if self.nodes > MAX_NODES:
            raise self._stop("yaml-too-many-nodes", f"more than {MAX_NODES} values, aliases counted out", mark)

    def _open(self, value: Any, anchor: str | None, mark: Mark) -> None:
        if len(self.stack) >= MAX_DEPTH:
            raise self._stop("yaml-too-deep", f"nested deeper than {MAX_DEPTH} levels", mark)
        if self.stack and self._expects_key():
            raise self._stop("yaml-key-not-text", "a key that is itself a list or mapping", mark)
        self._count(1, mark)
        path = self._place(value, mark)
        self.stack.append(_Frame(value, path, anchor))

    def _expects_key(self) -> bool:
        return isinstance(self.stack[-1].value, dict) and self.stack[-1].key is None

    def _scalar(self, event: yaml.ScalarEvent, mark: Mark) -> None:
        if self.stack and self._expects_key():
            self._key(event, mark)
            return
        self._count(1, mark)
        value = resolve(event.value) if event.implicit[0] else event.value
        if event.anchor:
            self.anchors[event.anchor] = (value, 1)
        self._place(value, mark)

    def _key(self, event: yaml.ScalarEvent, mark: Mark) -> None:
        frame = self.stack[-1]
        name = event.value
        if event.implicit[0] and not isinstance(resolve(name), str):
            self.problems.append(
                Problem("yaml-key-not-text", f"the key {name} is not text", self.file, mark, hint=f'write "{name}"')
            )
        elif name in frame.value:
            first = self.keys[(*frame.path, name)]
            self.problems.append(
                Problem(
                    "yaml-duplicate-key", f'the key "{name}" stands twice', self.file, mark,
                    hint=f"the first is in line {first.line}",
                )
            )  # fmt: skip
        frame.key = name
        self.keys[(*frame.path, name)] = mark

    def _alias(self, event: yaml.AliasEvent, mark: Mark) -> None:
        if event.anchor not in self.anchors:
            raise self._stop("yaml-unknown-alias", f"*{event.anchor} names no anchor before it", mark)
        if self.stack and self._expects_key():
            raise self._stop("yaml-key-not-text", "an alias as a key", mark)
        value, weight = self.anchors[event.anchor]
        self._count(weight, mark)
        self._place(value, mark)

    def _place(self, value: Any, mark: Mark) -> Path_:
        if not self.stack:
            self.root, path = value, ()
        else:
            frame = self.stack[-1]
            if isinstance(frame.value, dict):
                path = (*frame.path, frame.key or "")
                frame.value[frame.key or ""] = value
                frame.key = None
            else:
                path = (*frame.path, len(frame.value))
                frame.value.append(value)
        self.values[path] = mark
        return path


def _weigh(value: Any) -> int:
    """Count the values an alias of `value` stands for; stops early once the limit is certain to be passed."""
    total, todo = 0, [value]
    while todo and total <= MAX_NODES:
        item = todo.pop()
        total += 1
        todo.extend(item.values() if isinstance(item, dict) else item if isinstance(item, list) else ())
    return total


def resolve(text: str) -> Any:
    """Give a plain scalar its value: null, true, false, a decimal number, else the text itself."""
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text) if len(text) < 19 else text
    return float(text) if _FLOAT.fullmatch(text) else text
