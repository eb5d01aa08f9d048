"""Long flows in rows, as an ox ploughs: left to right, a row below back to the left, and so on.

A flow of many steps in a row is a ribbon that no sheet holds. Where it would be one, its columns are cut into rows; a
call turns at a row's end, and every line but those that jump stays short.
"""

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import pairwise

import networkx as nx
from msgspec import Struct
from msgspec.structs import replace

from cctoolkit.flow.draw import Picture, Way

SMALL = 24
"""Flows of so many boxes stand, larger ones lie: so both come nearest to the shape of a sheet of paper."""
_COLUMN, _BOX = 200, 110
"""About how wide a column with what stands on its lines is, and how high a box with its distance, in points."""
_LONGEST = 1500
"""Points: half its size on the long side of A4 a picture can still be read."""
_RIBBON = 4
"""So many times as long as wide it is one."""
_NEAR = 3
"""So many columns on are round the corner, in the next row."""
_SHEET = 1.5
"""The shape of the whole: a little wider than A4, which has a title below the picture."""


class Rows(Struct, frozen=True):
    """The column of each box, counted as if there were one row, and with which column each row begins."""

    columns: Mapping[str, int]
    starts: tuple[int, ...]

    def row(self, box: str) -> int:
        """Return the row a box stands in, counted from 0."""
        return bisect_right(self.starts, self.columns[box]) - 1

    def turns(self, way: Way) -> bool:
        """Tell whether a way leads into another row."""
        return self.row(way.source) != self.row(way.target)

    def leftwards(self, way: Way) -> bool:
        """Tell whether a way within a row is drawn from right to left, as every second row is."""
        back = self.columns[way.source] > self.columns[way.target]
        return back != (self.row(way.source) % 2 == 1)

    def far(self, way: Way) -> bool:
        """Tell whether a way leads into another row, and not round its end."""
        return self.turns(way) and abs(self.columns[way.source] - self.columns[way.target]) > _NEAR

    def stacks(self) -> Iterator[list[list[str]]]:
        """Yield the boxes that stand below each other, each stack by rows; where a row ends the next one begins."""
        begins = [0]
        for row, (start, end) in enumerate(pairwise(self.starts)):
            begins.append(begins[-1] + (end - 1 - start) * (-1 if row % 2 else 1))
        found: dict[int, dict[int, list[str]]] = {}
        for box, column in self.columns.items():
            row = self.row(box)
            place = begins[row] + (column - self.starts[row]) * (-1 if row % 2 else 1)
            found.setdefault(place, {}).setdefault(row, []).append(box)
        yield from ([boxes for _, boxes in sorted(stack.items())] for stack in found.values())


def cut(drawn: Picture) -> tuple[Picture, Rows | None]:
    """Cut a long flow into rows; one that fits a sheet stays as it is. Ways that lead far are written into the boxes
    they leave, unless they are marked: lines across the rows would hide them.
    """
    rows = _rows(drawn)
    if rows is None:
        return drawn, None
    far = {way: None for way in drawn.ways if rows.far(way) and not way.walked}
    boxes = tuple(
        replace(box, written=(*box.written, *(way for way in far if way.source == box.id))) for box in drawn.boxes
    )
    return replace(drawn, boxes=boxes, ways=tuple(way for way in drawn.ways if way not in far)), rows


def _rows(drawn: Picture) -> Rows | None:
    columns = _columns(drawn)
    counts = Counter(columns.values())
    along, across = (_BOX, _COLUMN) if len(columns) <= SMALL else (_COLUMN, _BOX)
    if len(counts) * along < max(_LONGEST, _RIBBON * max(counts.values(), default=0) * across):
        return None
    width = math.ceil(math.sqrt(_SHEET * len(columns) * _BOX / _COLUMN))
    crossed = Counter(
        place for way in drawn.ways for place in range(*sorted((columns[way.source], columns[way.target])))
    )
    starts = [0]
    # A row ends where the fewest ways are cut, and about where it should.
    while len(counts) - starts[-1] > width * 4 // 3:
        meant = starts[-1] + width
        ends = range(meant - width // 3, meant + width // 3 + 1)
        starts.append(min(ends, key=lambda end: (crossed[end - 1], abs(end - meant))))
    return Rows(columns, tuple(starts))


def _columns(drawn: Picture) -> dict[str, int]:
    """Return how far each box is from the numbers by the longest way that never leads back."""
    net: nx.DiGraph[str] = nx.DiGraph()
    net.add_nodes_from(box.id for box in drawn.boxes)
    net.add_edges_from((way.source, way.target) for way in drawn.ways)
    left = {box: place for place, box in enumerate(nx.dfs_postorder_nodes(net))}
    columns = dict.fromkeys(net, 0)
    for box in sorted(net, key=left.__getitem__, reverse=True):
        for after in net.successors(box):
            if left[after] < left[box]:
                columns[after] = max(columns[after], columns[box] + 1)
    return columns
