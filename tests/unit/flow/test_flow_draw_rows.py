"""Long flows are cut into rows that a sheet holds, without losing a way."""

import re
import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cctoolkit.flow.draw import Box, Picture, Way
from cctoolkit.flow.draw_dot import dot
from cctoolkit.flow.draw_rows import cut


def drawn(pairs: list[tuple[int, int]], size: int, walked: tuple[int, int] | None = None) -> Picture:
    ways = [Way(f"s{a}", f"s{b}", ("press 1",), walked=(a, b) == walked) for a, b in dict.fromkeys(pairs)]
    boxes = [Box(f"s{n}", f"step-{n}", "play", ("Message", "says: welcome")) for n in range(size)]
    return Picture("Title", tuple(boxes), tuple(ways), (), (("play", "Message"),))


def chain(size: int) -> list[tuple[int, int]]:
    return [(n, n + 1) for n in range(size - 1)]


def test_a_chain():
    """A chain of steps turns at each row's end, so that every line is short; a short one needs no rows."""
    shown, rows = cut(drawn(chain(45), 45))
    assert rows is not None
    assert rows.starts == (0, 7, 14, 21, 28, 35, 42)
    assert [rows.leftwards(way) for way in shown.ways if not rows.turns(way)] == [False] * 6 + [True] * 6 + (
        [False] * 6 + [True] * 6
    ) * 2 + [False] * 2
    assert ["s6"] in [boxes[:1] for stack in rows.stacks() for boxes in stack]
    assert [stack for stack in rows.stacks() if ["s6"] in stack] == [
        [["s6"], ["s7"], ["s20"], ["s21"], ["s34"], ["s35"]]
    ]
    assert cut(drawn(chain(7), 7))[1] is None


def test_groups_stay_together():
    """A row ends where the fewest ways are cut."""
    pairs = chain(48) + [(n, n + 3) for n in range(0, 48, 4)] + [(n + 3, n) for n in range(0, 48, 4)]
    _, rows = cut(drawn(pairs, 48))
    assert rows is not None
    assert len(rows.starts) > 3
    assert all(start % 4 == 0 for start in rows.starts)


def test_a_way_across_the_rows():
    """A way that leads far is written into its box, and drawn where it is marked."""
    pairs = [*chain(45), (30, 2), (12, 44)]
    shown, _ = cut(drawn(pairs, 45, walked=(12, 44)))
    assert [(box.id, [way.target for way in box.written]) for box in shown.boxes if box.written] == [("s30", ["s2"])]
    assert ("s12", "s44") in {(way.source, way.target) for way in shown.ways}


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 39), st.integers(0, 39)), max_size=60))
def test_nothing_is_lost(pairs):
    """Every way stays, as a line or written; every box stands in one stack, in its own row of it."""
    whole = drawn([*chain(40), *pairs], 40)
    shown, rows = cut(whole)
    written = [way for box in shown.boxes for way in box.written]
    assert sorted(map(str, (*shown.ways, *written))) == sorted(map(str, whole.ways))
    if rows is not None:
        stacked = [box for stack in rows.stacks() for boxes in stack for box in boxes]
        assert sorted(stacked) == sorted(box.id for box in whole.boxes)
        assert all(len({rows.row(box) for box in boxes}) == 1 for stack in rows.stacks() for boxes in stack)
        assert {way.target for way in shown.ways} >= {way.target for way in written} - {"s0"}


@pytest.mark.skipif(shutil.which("dot") is None, reason="graphviz is not here")
@pytest.mark.parametrize("size", [20, 45, 60, 150])
def test_the_sheet(size):
    """Laid out, a chain of any length has about the shape of a sheet, and its rows are in order."""
    text = dot(drawn(chain(size), size)).encode()
    done = subprocess.run(["dot", "-Tplain"], input=text, capture_output=True, check=True, timeout=60)
    assert done.stderr == b""
    lines = done.stdout.decode().splitlines()
    _, _, width, height = lines[0].split()
    assert 0.5 < float(width) / float(height) < 2.2
    places = {found[1]: float(found[3]) for line in lines if (found := re.match(r"node (\S+) (\S+) (\S+) ", line))}
    rows = cut(drawn(chain(size), size))[1]
    assert rows is not None
    heads = [places[f"s{start}"] for start in rows.starts]
    assert heads == sorted(heads, reverse=True)
