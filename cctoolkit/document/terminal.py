"""Tables on a terminal: colour only there, and nothing of them cut off."""

import sys
from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

_WIDE = 100_000
"""Columns of an output that is no terminal: nothing is wrapped in what a program reads."""


def console() -> Console:
    """Return the console for standard output."""
    return Console() if sys.stdout.isatty() else Console(width=_WIDE)


def table(titles: Sequence[str], rows: Iterable[Sequence[str]], left: int) -> Table:
    """Return a table whose first `left` columns are texts and whose other columns are numbers.

    Titles may break between words; cells do not.
    """
    cells = [list(row) for row in rows]
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold", collapse_padding=True)
    for place, title in enumerate(titles):
        # Text objects: a title or an id with square brackets in it is no markup.
        head = Text(title.replace("_", " "))
        width = max([*map(len, head.plain.split()), *(len(row[place]) for row in cells)])
        made.add_column(head, justify="left" if place < left else "right", vertical="bottom", min_width=width)
    for row in cells:
        made.add_row(*map(Text, row))
    return made


def show(titles: Sequence[str], rows: Iterable[Sequence[str]], left: int) -> None:
    """Print such a table to standard output: in a narrow terminal with broken titles, then closer together, and at
    last over the terminal's edge.
    """
    made, to = table(titles, rows, left), console()
    least = [column.min_width or 0 for column in made.columns]
    gaps = 2 * (len(titles) - 1)
    if sum(map(max, zip(least, map(len, titles), strict=True))) + gaps > to.width:
        for column, width in zip(made.columns, least, strict=True):
            column.width = width
    if sum(least) + gaps > to.width:
        made.padding = (0, 0, 0, 0)
    to.width = max(to.width, sum(least) + gaps)
    to.print(made, crop=False, soft_wrap=True)
