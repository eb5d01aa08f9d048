"""A picture in graphviz' language, to be laid out by its `dot`.

Labels are graphviz' HTML-like ones, in which only &, <, > and the quote have a meaning:
https://graphviz.org/doc/info/shapes.html#html. Fonts are named in the order in which a reader has one with Cyrillic.
"""

import textwrap
from collections.abc import Iterable, Iterator
from itertools import pairwise

from cctoolkit.flow.draw import Box, Picture, Way
from cctoolkit.flow.draw_colours import INK, LINE, MARKED, UNREACHED, colour
from cctoolkit.flow.draw_rows import SMALL, Rows, cut

_FONT = "DejaVu Sans"
_BOX_WIDTH = 26
_WAY_WIDTH = 18
_CLOSE, _APART = 0.15, 0.25
"""Inches between boxes side by side; between rows there is room for what is said of a turn."""
_STRAIGHT = 50
"""How much more a row is to be straight than short."""
_FACT_WIDTH = 110
_LEGEND_ROW = 6


def dot(drawn: Picture) -> str:
    """Return the picture as a directed graph."""
    drawn, rows = cut(drawn)
    direction = "LR" if rows or len(drawn.boxes) > SMALL else "TB"
    lines = [
        "digraph flow {",
        f"  graph [rankdir={direction}, nodesep={_APART if rows else _CLOSE}, ranksep=0.2, margin=0.2,"
        f' fontname="{_FONT}", fontsize=12, fontcolor="{INK}",'
        f" labelloc=b, labeljust=l, label=<{_below(drawn)}>];",
        f'  node [shape=box, style="rounded,filled", margin="0.14,0.08", fontname="{_FONT}", fontsize=11,'
        f' fontcolor="{INK}", color="{LINE}"];',
        f'  edge [fontname="{_FONT}", fontsize=9.5, fontcolor="{INK}", color="{LINE}", arrowsize=0.7];',
        *map(_box, drawn.boxes),
        *(_way(way, rows) for way in drawn.ways),
        *(_turned(rows, drawn) if rows else ()),
    ]
    return "\n".join([*lines, "}"]) + "\n"


def _box(box: Box) -> str:
    options = [f"label=<{_box_label(box)}>", f'fillcolor="{colour(box.kind) if box.reached else UNREACHED}"']
    if box.kind == "entry":
        options += ["shape=box", 'style="rounded,filled,bold"']
    if box.walked:
        options += [f'color="{MARKED}"', "penwidth=3"]
    return f"  {_id(box.id)} [{', '.join(options)}];"


def _box_label(box: Box) -> str:
    """Return the name and the lines below it; under a rule the ways that are written in the box."""
    rows = [f"<TR><TD><B>{_text(line)}</B></TD></TR>" for line in _wrapped([box.name], _BOX_WIDTH)]
    rows += [f"<TR><TD>{_small(line)}</TD></TR>" for line in _wrapped(box.lines, _BOX_WIDTH)]
    if box.written:
        rows += ["<HR/>", *(row for way in box.written for row in _written(way))]
    return f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="1" CELLPADDING="0">{"".join(rows)}</TABLE>'


def _written(way: Way) -> Iterator[str]:
    for line in _wrapped([", ".join(way.lines)], _BOX_WIDTH):
        yield f'<TR><TD ALIGN="LEFT">{_small(line)}</TD></TR>'
    arrow = _small("\N{RIGHTWARDS ARROW} ")
    yield f'<TR><TD ALIGN="LEFT">{arrow}<B>{_small(way.target)}</B></TD></TR>'


def _small(line: str) -> str:
    return f'<FONT POINT-SIZE="9.5">{_text(line)}</FONT>'


def _way(way: Way, rows: Rows | None) -> str:
    options, ends = [], [_id(way.source), _id(way.target)]
    if lines := list(_wrapped(way.lines, _WAY_WIDTH)):
        # Room on both sides: a label touches neither its own line nor the next one.
        said = "".join(f'  {_text(line)} <BR ALIGN="LEFT"/>' for line in lines)
        # What is said of a way round a row's end stands beside it: there is no room on it.
        options.append(f"{'xlabel' if rows and rows.turns(way) else 'label'}=<{said}>")
    if way.walked:
        options += [f'color="{MARKED}"', f'fontcolor="{MARKED}"', "penwidth=3"]
    if rows and rows.turns(way):
        options.append("constraint=false")
    elif rows:
        options.append(f"weight={_STRAIGHT}")
    if rows and not rows.turns(way) and rows.leftwards(way):
        ends.reverse()
        options.append("dir=back")
    return f"  {' -> '.join(ends)} [{', '.join(options)}];"


def _turned(rows: Rows, drawn: Picture) -> Iterator[str]:
    """Keep each row together, and the rows below each other: graphviz orders boxes of one rank by lines they have."""
    for row in range(len(rows.starts)):
        inside = " ".join(f"{_id(box.id)};" for box in drawn.boxes if rows.row(box.id) == row)
        yield f'  subgraph cluster_{row} {{ style=invis; label=""; {inside} }}'
    for stack in rows.stacks():
        yield f"  {{ rank=same; {' '.join(f'{_id(box)};' for boxes in stack for box in boxes)} }}"
        for above, below in pairwise(stack):
            yield f"  {_id(above[-1])} -> {_id(below[0])} [style=invis];"


def _below(drawn: Picture) -> str:
    """Return title, calendars and legend as a table."""
    rows = [f'<TR><TD ALIGN="LEFT"><FONT POINT-SIZE="15"><B>{_text(drawn.title)}</B></FONT></TD></TR>']
    for fact in drawn.facts:
        rows += [f'<TR><TD ALIGN="LEFT">{_text(line)}</TD></TR>' for line in _wrapped(fact, _FACT_WIDTH)]
    for first in range(0, len(drawn.legend), _LEGEND_ROW):
        keys = "".join(_legend_entry(kind, said) for kind, said in drawn.legend[first : first + _LEGEND_ROW])
        rows.append(
            '<TR><TD ALIGN="LEFT"><TABLE BORDER="0" CELLBORDER="1" CELLSPACING="6" CELLPADDING="4">'
            f"<TR>{keys}</TR></TABLE></TD></TR>"
        )
    return f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="1">{"".join(rows)}</TABLE>'


def _legend_entry(kind: str, said: str) -> str:
    border = f'COLOR="{MARKED}" BORDER="3"' if kind == "walked" else f'COLOR="{LINE}"'
    return f'<TD BGCOLOR="{colour(kind)}" {border}>{_text(said)}</TD>'


def _wrapped(lines: Iterable[str], width: int) -> Iterator[str]:
    for line in lines:
        yield from textwrap.wrap(line, width)


def _text(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def _id(name: str) -> str:
    return f'"{name}"'
