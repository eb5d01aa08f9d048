"""A spec as it is laid out: the tree of its YAML with the text of every value, comment and empty line.

`source` reads what a spec says; this reads how it is written, so that it can be written again, tidier, by `emit`.
Read from the same events as `source`, after it found no mistake: depth and size are bounded there.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

import msgspec
import yaml

from cctoolkit.errors import ToolkitBug
from cctoolkit.spec.raw import BREAK

_COMMENT = re.compile(r"(?<!\S)#.*")


class Leaf(msgspec.Struct):
    """A scalar or an alias: `text` as it is written, with quotes and anchor; `value` is None for an alias."""

    text: str
    value: str | None
    plain: bool = False
    simple: bool = False
    """Whether it may be written in another way: in one line, without an anchor."""


class Item(msgspec.Struct):
    """An entry of a collection. `above` are comments and empty lines before it, `beside` the comment on its line."""

    key: Leaf | None
    value: "Node"
    column: int = 0
    above: list[str] = msgspec.field(default_factory=list)
    beside: str = ""


class Flow(msgspec.Struct):
    """A collection in braces or brackets; only one that is `simple`, in one line, is written from its items."""

    text: str
    mapping: bool
    simple: bool
    items: list[Item] = msgspec.field(default_factory=list)


class Block(msgspec.Struct):
    """A collection of lines; `after` are comments at its end that belong to it."""

    mapping: bool
    anchor: str
    items: list[Item] = msgspec.field(default_factory=list)
    after: list[str] = msgspec.field(default_factory=list)


Node = Leaf | Flow | Block


class Layout(msgspec.Struct):
    """A whole file: what stands above its first section, and the sections."""

    head: list[str]
    root: Node
    anchors: bool
    comments: tuple[str, ...]


class _Line(NamedTuple):
    number: int
    column: int
    text: str


def read(text: str) -> Layout:
    """Read a text that `source` could read."""
    reader = _Reader(text)
    root = reader.node(reader.next())
    loose = [line.text for line in reader.loose]
    if isinstance(root, Block):
        root.after += loose
    head = _head(root) if isinstance(root, Block) else []
    return Layout(head, root, reader.anchors, tuple(sorted(reader.comments)))


def _head(root: Block) -> list[str]:
    """Take what belongs to the file off its first section: the editor's line, and all up to the last empty line."""
    above = root.items[0].above if root.items else []
    ends = [n for n, text in enumerate(above, 1) if not text or text.startswith("# yaml-language-server")]
    head, above[:] = above[: max(ends, default=0)], above[max(ends, default=0) :]
    return head


class _Reader:
    """Takes events one after another, and between them the lines that hold no data."""

    def __init__(self, text: str) -> None:
        self.lines = BREAK.split(text)
        events = list(yaml.parse(text, Loader=yaml.CSafeLoader))
        self.ends: dict[int, int] = {}
        self._last = 0
        self.anchors = any(getattr(event, "anchor", None) for event in events)
        inside = self._covered(events)
        self.loose = [
            _Line(number, len(line) - len(line.lstrip(" ")), line.strip())
            for number, line in enumerate(self.lines)
            if number not in inside and (not line.strip() or line.lstrip(" ").startswith("#"))
        ]
        self.comments = [line.text for line in self.loose if line.text]
        self._events: Iterator[yaml.Event] = (
            e for e in events if isinstance(e, yaml.NodeEvent | yaml.CollectionEndEvent)
        )

    def _covered(self, events: list[yaml.Event]) -> set[int]:
        """Note where each line's data ends; return the lines that a text or a pair of brackets runs over."""
        covered: set[int] = set()
        opened: list[yaml.Event] = []
        for event in events:
            if isinstance(event, yaml.CollectionStartEvent):
                opened.append(event)
            start = opened.pop() if isinstance(event, yaml.CollectionEndEvent) else event
            if isinstance(event, yaml.ScalarEvent | yaml.AliasEvent) or getattr(start, "flow_style", False):
                last, column = _end(event)
                while last > _start(start).line and not self.lines[last][:column].strip():
                    last, column = last - 1, len(self.lines[last - 1])
                self.ends[last] = max(column, self.ends.get(last, 0))
                covered.update(range(_start(start).line, last + 1) if last > _start(start).line else ())
        return covered

    def next(self) -> yaml.Event:
        return next(self._events)

    def node(self, event: yaml.Event, around: int = -1) -> Node:
        """Read a value; `around` is the column of the entry it stands in."""
        if isinstance(event, yaml.CollectionStartEvent):
            return self._flow(event) if event.flow_style else self._block(event, around)
        text = self._slice(event, event)
        self._last = _start(event).line + text.count("\n")
        if isinstance(event, yaml.AliasEvent):
            return Leaf(text, None)
        if not isinstance(event, yaml.ScalarEvent):
            raise ToolkitBug(f"{type(event).__name__} where a value begins")
        simple = "\n" not in text and not event.anchor and bool(text)
        return Leaf(text, event.value, plain=bool(event.implicit[0]), simple=simple)

    def _slice(self, start: yaml.Event, end: yaml.Event) -> str:
        first, last = _start(start), _end(end)
        if first.line == last.line:
            return self.lines[first.line][first.column : last.column]
        middle = self.lines[first.line + 1 : last.line]
        return "\n".join(
            [self.lines[first.line][first.column :], *middle, self.lines[last.line][: last.column]]
        ).rstrip()

    def _flow(self, start: yaml.CollectionStartEvent) -> Flow:
        mapping = isinstance(start, yaml.MappingStartEvent)
        items: list[Item] = []
        while not isinstance(event := self.next(), yaml.CollectionEndEvent):
            key = self._key(event) if mapping else None
            items.append(Item(key, self.node(self.next() if mapping else event)))
        text = self._slice(start, event)
        self._last = _end(event).line
        whole = all(_simple(item.value) and (item.key is None or item.key.simple) for item in items)
        return Flow(text, mapping, "\n" not in text and text[0] in "{[" and whole, items)

    def _key(self, event: yaml.Event) -> Leaf:
        key = self.node(event)
        if not isinstance(key, Leaf):
            raise ToolkitBug("a key that is no scalar, which source lets nobody read")
        return key

    def _block(self, start: yaml.CollectionStartEvent, around: int) -> Block:
        mapping = isinstance(start, yaml.MappingStartEvent)
        block = Block(mapping, f"&{start.anchor}" if start.anchor else "")
        while not isinstance(event := self.next(), yaml.CollectionEndEvent):
            block.items.append(self._item(event, start, mapping=mapping))
        column = block.items[0].column
        # A list may stand no deeper than its own key: then a comment there is about the next key.
        block.after = self._tail(_start(event).line, column + (column == around))
        return block

    def _item(self, event: yaml.Event, start: yaml.CollectionStartEvent, *, mapping: bool) -> Item:
        line, column = _start(event).line, _start(event).column
        above = self._before(line)
        if not mapping:
            text = self.lines[line]
            column = _start(start).column if not start.anchor else len(text) - len(text.lstrip(" "))
            return self._beside(Item(None, self.node(event, column), column, above), line)
        key = self._key(event)
        return self._beside(Item(key, self.node(self.next(), column), column, above), line)

    def _beside(self, item: Item, line: int) -> Item:
        """Find the comment on the line where an entry ends, or on its first if its value is lines of its own."""
        last = (line if item.key else -1) if isinstance(item.value, Block) else self._last
        rest = self.lines[last][self.ends.get(last, 0) :] if last >= 0 else ""
        if found := _COMMENT.search(rest):
            # As far from the data as it was: comments below one another stay so.
            item.beside = rest[: found.start()][len(rest[: found.start()].rstrip()) :] + found[0].rstrip()
            self.comments.append(found[0].rstrip())
        return item

    def _before(self, line: int) -> list[str]:
        found = [loose.text for loose in self.loose if loose.number < line]
        del self.loose[: len(found)]
        return found

    def _tail(self, line: int, column: int) -> list[str]:
        """Take the comments that stand as deep as the entries before them: they belong to these."""
        size = 0
        for n, loose in enumerate(self.loose, 1):
            if loose.number >= line or (loose.text and loose.column < column):
                break
            size = n if loose.text else size
        found = [loose.text for loose in self.loose[:size]]
        del self.loose[:size]
        return found


class _Place(NamedTuple):
    line: int
    column: int


def _start(event: yaml.Event) -> _Place:
    """Return where an event begins, counted from 0."""
    return _place(event.start_mark)


def _end(event: yaml.Event) -> _Place:
    return _place(event.end_mark)


def _place(mark: object) -> _Place:
    # The parser's C marks have no type of their own.
    return _Place(getattr(mark, "line", 0), getattr(mark, "column", 0))


def _simple(node: Node) -> bool:
    return not isinstance(node, Block) and node.simple
