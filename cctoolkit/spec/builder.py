"""Folds the events of a YAML parser into plain data and the place of every key and value.

Built without recursion, so that depth, aliases and size are bounded before they cost anything.
Source: YAML 1.2.2, chapter 10.3 (core schema), narrowed: true, false, null, decimal numbers, all else is
text.
"""

import re
from typing import Any

import msgspec
import yaml

from cctoolkit.spec.problem import MAX_PROBLEMS, Mark, Problem, show
from cctoolkit.spec.scalar import resolve

MAX_DEPTH = 40
MAX_NODES = 30_000

Route = tuple[str | int, ...]
"""Where a value stands in the data: keys and list indices from the top."""


class StopReading(Exception):
    """The entry this stands in cannot be read with sense; when it is `final`, nothing of the file can."""

    def __init__(self, problem: Problem, *, final: bool = False) -> None:
        self.problem = problem
        self.final = final
        super().__init__(problem.message)


class _Frame(msgspec.Struct):
    """An open mapping or list while its content arrives."""

    value: dict[str, Any] | list[Any]
    path: Route
    anchor: str | None
    key: str | None = None
    again: list[str] = []


class Builder:
    """Takes events one by one; `root`, `keys`, `values` and `problems` are the result.

    `base` is where the file's content stands in its document; `own` the name its marks carry, where the document
    has several files. `unread` collects the sections that could not be read wholly.
    """

    def __init__(self, file: str, base: Route = (), own: str = "") -> None:
        self.file = file
        self.base = base
        self.own = own
        self.first_line = 0
        self.problems: list[Problem] = []
        self.keys: dict[Route, Mark] = {base: Mark(file=own)} if base else {}
        self.values: dict[Route, Mark] = dict(self.keys)
        self.root: object = None
        self.unread: set[str] = set()
        self.scalars: list[tuple[Mark, Mark, bool]] = []
        self._stack: list[_Frame] = []
        self._anchors: dict[str, tuple[object, int, int]] = {}
        self._nodes = 0
        self._documents = 0

    def take(self, event: yaml.Event) -> None:
        """Fold one event in; raise StopReading where reading on makes no sense."""
        mark = self.place(event.start_mark)
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise self._stop("yaml-many-documents", "a second document starts here", mark,
                                 "one file, one document", final=True)  # fmt: skip
        elif isinstance(event, yaml.CollectionEndEvent):
            frame = self._stack.pop()
            if isinstance(frame.value, dict):
                for name in frame.again:
                    # What was cut back is not there any more.
                    frame.value.pop(name, None)
            if frame.anchor:
                self._anchors[frame.anchor] = (frame.value, *_weigh(frame.value))
        elif isinstance(event, yaml.NodeEvent):
            self._node(event, mark)

    def _node(self, event: yaml.NodeEvent, mark: Mark) -> None:
        tag = getattr(event, "tag", None)
        if tag not in (None, "!"):
            self._problem("yaml-tag", f"the tag {show(tag)}", mark, "write the plain value; a spec has no tags")
        if isinstance(event, yaml.ScalarEvent):
            self.scalars.append((mark, self.place(event.end_mark), not event.style))
            self._scalar(event, mark)
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event, mark)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._open({} if isinstance(event, yaml.MappingStartEvent) else [], event.anchor, mark)

    def _problem(self, code: str, message: str, mark: Mark, hint: str) -> None:
        if len(self.problems) <= MAX_PROBLEMS:
            self.problems.append(Problem(code, message, self.file, mark, hint=hint))

    def _stop(self, code: str, message: str, mark: Mark, hint: str = "", *, final: bool = False) -> StopReading:
        return StopReading(Problem(code, message, self.file, mark, hint=hint), final=final)

    def place(self, mark: object) -> Mark:
        """Return a parser's mark, which counts from 0, as one that counts from 1 and knows its file."""
        return Mark(getattr(mark, "line", 0) + 1 + self.first_line, getattr(mark, "column", 0) + 1, self.own)

    def section(self) -> str:
        """Return the section the parser is in, or "" at the top."""
        inside = self._stack[-1].path if self._stack else self.base
        return str(inside[0]) if inside else ""

    def depth(self) -> tuple[int, int]:
        """Return how many mappings and lists are open, and how much the innermost holds, for `cut_back`."""
        return len(self._stack), len(self._stack[-1].value) if self._stack else 0

    def cut_back(self, depth: tuple[int, int]) -> None:
        """Forget what has come since `depth` was asked, as if it were not written."""
        del self._stack[depth[0] :]
        frame = self._stack[-1]
        frame.key = None
        if len(frame.value) > depth[1]:
            last = frame.value.popitem()[0] if isinstance(frame.value, dict) else len(frame.value) - 1
            if isinstance(frame.value, list):
                frame.value.pop()
            gone = (*frame.path, last)
            for places in (self.keys, self.values):
                for path in [path for path in places if path[: len(gone)] == gone]:
                    del places[path]

    def _count(self, weight: int, mark: Mark) -> None:
        self._nodes += weight
        if self._nodes > MAX_NODES:
            raise self._stop("yaml-too-many-nodes", f"more than {MAX_NODES} values, aliases counted out", mark,
                             final=True)  # fmt: skip

    def _open(self, value: dict[str, Any] | list[Any], anchor: str | None, mark: Mark) -> None:
        if len(self._stack) >= MAX_DEPTH:
            raise self._stop("yaml-too-deep", f"nested deeper than {MAX_DEPTH} levels", mark, final=True)
        if self._expects_key():
            raise self._stop("yaml-key-not-text", "a key that is itself a list or mapping", mark,
                             "braces and brackets of a text go in quotes")  # fmt: skip
        self._count(1, mark)
        self._stack.append(_Frame(value, self._place(value, mark), anchor))

    def _expects_key(self) -> bool:
        return bool(self._stack) and isinstance(self._stack[-1].value, dict) and self._stack[-1].key is None

    def _scalar(self, event: yaml.ScalarEvent, mark: Mark) -> None:
        if self._expects_key():
            self._key(event, mark)
            return
        self._count(1, mark)
        if self._decimal_comma(event):
            return
        tagged = event.tag not in (None, "!", "tag:yaml.org,2002:str")
        value = resolve(event.value) if event.implicit[0] or tagged else event.value
        if event.anchor:
            self._anchors[event.anchor] = (value, 1, 0)
        self._place(value, mark)

    def _key(self, event: yaml.ScalarEvent, mark: Mark) -> None:
        frame, name = self._stack[-1], event.value
        path = (*frame.path, name)
        if event.implicit[0] and not isinstance(resolve(name), str):
            what = f"the key {name} is not text" if name else "a key is missing before the colon"
            self._problem("yaml-key-not-text", what, mark, f'write "{name}"' if name else "")
        elif path in self.keys:
            hint = f"the first is in line {self.keys[path].line}"
            self._problem("yaml-duplicate-key", f"the key {show(name)} stands twice", mark, hint)
            # The first one counts. The second is read under a name nobody can write, and dropped when its mapping ends.
            name = f"\0{len(frame.again)}"
            frame.again.append(name)
        if event.anchor:
            self._anchors[event.anchor] = (name, 1, 0)
        frame.key = name
        self.keys[(*frame.path, name)] = mark

    def _decimal_comma(self, event: yaml.ScalarEvent) -> bool:
        """Read {ratio: 0,8} as 0.8, with a problem: to YAML the comma begins an entry with the key 8."""
        frame, spans = self._stack[-1] if self._stack else None, self.scalars[-3:]
        if frame is None or not isinstance(frame.value, dict) or event.value or not frame.value or len(spans) < 3:
            return False
        name, whole = next(reversed(frame.value.items()))
        ((first, end, _), (key, _, _), _), digits = spans, frame.key or ""
        follows = (key.line, key.column) == (end.line, end.column + 1)
        bare = any(problem.mark == key and problem.code == "yaml-key-not-text" for problem in self.problems)
        if type(whole) is not int or not re.fullmatch("[0-9]{1,9}", digits) or not follows or not bare:
            return False
        meant = f"{whole}.{digits}"
        self.problems = [problem for problem in self.problems if problem.mark != key]
        self._problem("schema-type", f'"{whole},{digits}" is no number', first, f"write {meant}")
        frame.value[name] = float(meant)
        del self.keys[(*frame.path, digits)]
        frame.key = None
        return True

    def _alias(self, event: yaml.AliasEvent, mark: Mark) -> None:
        name = event.anchor or ""
        if name not in self._anchors:
            raise self._stop("yaml-unknown-alias", f"*{name} names no anchor before it", mark,
                             f'a text that begins with a star goes in quotes: "*{name}"')  # fmt: skip
        if self._expects_key():
            raise self._stop("yaml-key-not-text", "an alias as a key", mark)
        value, weight, depth = self._anchors[name]
        if len(self._stack) + depth > MAX_DEPTH:
            raise self._stop("yaml-too-deep", f"nested deeper than {MAX_DEPTH} levels", mark, final=True)
        self._count(weight, mark)
        self._place(value, mark)

    def _place(self, value: object, mark: Mark) -> Route:
        path: Route = self.base
        if not self._stack:
            self.root = value
        else:
            frame = self._stack[-1]
            if isinstance(frame.value, dict):
                name, frame.key = frame.key or "", None
                path = (*frame.path, name)
                frame.value[name] = value
            else:
                path = (*frame.path, len(frame.value))
                frame.value.append(value)
        self.values[path] = mark
        return path


def _weigh(value: object) -> tuple[int, int]:
    """Return how many values an alias of `value` stands for, and how many levels they have.

    Stops early once the limit of values is certain to be passed.
    """
    total, depth, todo = 0, 0, [(value, 1)]
    while todo and total <= MAX_NODES:
        item, level = todo.pop()
        total += 1
        if isinstance(item, dict | list):
            depth = max(depth, level)
            inner = item.values() if isinstance(item, dict) else item
            todo.extend((one, level + 1) for one in inner)
    return total, depth
