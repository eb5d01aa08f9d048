"""Reads what can be read of a file that is not YAML as a whole: each section for itself, else each entry of it.

A syntax error leaves the parser unable to say anything about the rest of the file. Sections begin at the very left,
so each is parsed alone; of one that fails, each of its entries. What fails again is left out, and its section is
named in `Builder.unread`: nobody may conclude anything from what is missing in it.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import yaml

from cctoolkit.spec.builder import Builder, StopReading
from cctoolkit.spec.problem import MAX_PROBLEMS, Problem

# A line that begins an entry: its indentation, then a dash, or a key (plain or quoted) and a colon, or a key that has
# lost its colon.
_HEAD = re.compile(
    r"""( *)(?:(-)(?:\s|$)|("[^"]*"|'[^']*'|[^\s"'#&*!|>%@`{}\[\],-][^:#]*?) *:(?=\s|$)|([\w-]+)\s*(?:\#.*)?$)"""
)
_ALONE = re.compile(r":\s*(#.*)?$")
_NOTHING = re.compile(r"\s*(#.*)?$|---\s*$")

_MARK = yaml.Mark("", 0, 0, 0, "", 0)

Complain = Callable[[yaml.YAMLError, str, int], Problem]
"""Makes a problem of a parser's error in a text, and of the number of lines before that text."""


class _Block(msgspec.Struct, frozen=True):
    """The lines of one entry; `first` counts the lines of the file before them."""

    lines: Sequence[str]
    first: int
    name: str

    @property
    def text(self) -> str:
        return "\n".join(self.lines) + "\n"


def salvage(builder: Builder, lines: Sequence[str], complain: Complain) -> bool:
    """Fill an empty builder with every entry that can be read, and with a problem for each that cannot.

    Return False when no entry is at fault: then the error lies between them, and nothing was understood.
    """
    blocks, listed = _split(lines, 0)
    before = lines[: blocks[0].first] if blocks else lines
    if not blocks or not all(map(_NOTHING.match, before)):
        return False
    builder.take(yaml.DocumentStartEvent())
    builder.take(_opening(listed))
    for block in blocks:
        _read(builder, block, listed, complain)
    builder.take(_closing(listed))
    return bool(builder.unread)


def _split(lines: Sequence[str], first: int) -> tuple[list[_Block], bool]:
    """Return the entries that stand farthest left, and whether it is a list they make."""
    heads = [(number, found) for number, line in enumerate(lines) if (found := _HEAD.match(line))]
    if not heads:
        return [], False
    outer = min((found for _, found in heads), key=lambda found: len(found[1]))
    kind = outer[1], bool(outer[2])
    # A key among the items of a list is a section that slipped to the right: what follows is not of this list.
    beyond = next((n for n, found in heads if kind[1] and found[1] == kind[0] and not found[2]), len(lines))
    starts = [(n, found) for n, found in heads if n < beyond and (found[1], bool(found[2])) == kind]
    ends = [*(n for n, _ in starts[1:]), len(lines)]
    blocks = [_Block(lines[n:end], first + n, _name(found)) for (n, found), end in zip(starts, ends, strict=True)]
    return blocks, kind[1]


def _name(found: re.Match[str]) -> str:
    return (found[3] or found[4] or "").strip("\"'")


def _read(builder: Builder, block: _Block, listed: bool, complain: Complain) -> None:
    """Feed one entry; of one that cannot be read its own entries, or only say what is wrong with it."""
    builder.first_line, before = block.first, builder.depth()
    section = builder.section() or block.name
    if len(builder.problems) > MAX_PROBLEMS:
        builder.unread.add(section)
        return
    try:
        for event in _inside(block.text, listed):
            builder.take(event)
    except StopReading as stop:
        if stop.final:
            raise
        builder.cut_back(before)
        problem = stop.problem
    except yaml.YAMLError as error:
        problem = complain(error, block.text, block.first)
    else:
        return
    if builder.section() or not _read_entries(builder, block, complain):
        builder.problems.append(problem)
        # What else begins in these lines may be a section that slipped to the right.
        heads = (found for line in block.lines if (found := _HEAD.match(line)))
        builder.unread.update((section, *filter(None, map(_name, heads))))


def _read_entries(builder: Builder, block: _Block, complain: Complain) -> bool:
    """Feed the entries of a section one by one; return False, and keep nothing, when none of them is at fault."""
    blocks, listed = _split(block.lines[1:], block.first + 1)
    if not blocks or not _ALONE.search(block.lines[0]):
        return False
    before = builder.depth()
    for event in (*_inside(block.lines[0] + "\n", listed=False)[:1], _opening(listed)):
        builder.take(event)
    for part in blocks:
        _read(builder, part, listed, complain)
    builder.take(_closing(listed))
    if block.name in builder.unread:
        return True
    builder.cut_back(before)
    return False


def _inside(text: str, listed: bool) -> list[Any]:
    """Return the events of a mapping's or list's content, without those of the mapping or list itself."""
    events = list(yaml.parse(text, Loader=yaml.CSafeLoader))
    kind = yaml.SequenceStartEvent if listed else yaml.MappingStartEvent
    if not isinstance(events[2], kind):
        raise yaml.YAMLError("not an entry")
    return events[3:-3]


def _opening(listed: bool) -> yaml.Event:
    kind = yaml.SequenceStartEvent if listed else yaml.MappingStartEvent
    return kind(None, None, True, _MARK, _MARK)


def _closing(listed: bool) -> yaml.Event:
    return (yaml.SequenceEndEvent if listed else yaml.MappingEndEvent)(_MARK, _MARK)
