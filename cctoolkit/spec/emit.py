"""Writes a layout: two spaces a level, lists a level deeper than their key, one empty line where there were several,
one between sections. Flow collections stay where they are, in their one line.
"""

from collections.abc import Iterator

from cctoolkit.spec.layout import Block, Flow, Item, Layout, Leaf, Node

_STEP = "  "


def emit(layout: Layout, *, sections: bool = True) -> str:
    """Return the file's text; with `sections` its outermost entries stand apart."""
    lines = [*layout.head, *_entries(layout.root, "", sections=sections)] if isinstance(layout.root, Block) else []
    lines = list(_single_gaps(lines)) or [inline(layout.root)]
    return "\n".join(lines) + "\n"


def _single_gaps(lines: list[str]) -> Iterator[str]:
    """Drop empty lines at the ends, and all but one of those in a row; but none inside a text, which has its \\n."""
    while lines and not lines[-1]:
        lines.pop()
    before = ""
    for line in lines:
        if line or before:
            yield line
        before = line


def _entries(block: Block, indent: str, *, sections: bool = False) -> Iterator[str]:
    for number, item in enumerate(block.items):
        above = _above(item)
        while above and not above[0] and not number:
            above.pop(0)
        if sections and number and "" not in above:
            above.insert(0, "")
        yield from (indent + text if text else "" for text in above)
        yield from _entry(item, indent)
    yield from (indent + text if text else "" for text in block.after)


def _joined(item: Item) -> bool:
    """Tell whether an entry of a list begins on the line of its dash."""
    return item.key is None and isinstance(item.value, Block) and not item.value.anchor and not item.beside


def _above(item: Item) -> list[str]:
    """Take what stands above an entry, and above the first entry on its line: there is no room below the dash."""
    above, item.above = list(item.above), []
    if _joined(item) and isinstance(item.value, Block):
        above += _above(item.value.items[0])
    return above


def _entry(item: Item, indent: str) -> Iterator[str]:
    head = f"{indent}{item.key.text}:" if item.key else f"{indent}-"
    value = item.value
    if isinstance(value, Block):
        anchor = f" {value.anchor}" if value.anchor else ""
        lines = list(_entries(value, indent + _STEP))
        if item.key or not _joined(item):
            yield head + anchor + item.beside
        else:
            lines[0] = f"{head} {lines[0].lstrip(' ')}"
        yield from lines
        return
    text = _moved(inline(value), len(indent) - item.column)
    yield (f"{head} {text}" if text else head) + item.beside


def inline(node: Node) -> str:
    """Return a value as it stands behind its key."""
    if isinstance(node, Leaf):
        return node.text
    if isinstance(node, Flow) and node.simple:
        inner = ", ".join(
            f"{item.key.text}: {inline(item.value)}" if item.key else inline(item.value) for item in node.items
        )
        return f"{{{inner}}}" if node.mapping else f"[{inner}]"
    return node.text if isinstance(node, Flow) else ""


def _moved(text: str, by: int) -> str:
    """Move the lines after the first with their entry."""
    first, *others = text.split("\n")
    moved = [(" " * by + line if line.strip() else "") if by >= 0 else _cut(line, -by) for line in others]
    return "\n".join([first, *(line.rstrip() for line in moved)])


def _cut(line: str, most: int) -> str:
    return line[min(most, len(line) - len(line.lstrip(" "))) :]
