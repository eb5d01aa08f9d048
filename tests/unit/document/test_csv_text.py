"""CSV that a spreadsheet opens without running it."""

import csv
import io

import pytest

from cctoolkit.document.csv_text import guarded, lines


@pytest.mark.parametrize(
    "cell", ["=1+1", "+7916;cmd", "-2", "@SUM(A1)", "\tx", "\rx", "+", "+7 (916)", '=HYPERLINK("x")']
)
def test_a_formula_is_text(cell):
    """What a spreadsheet would run has an apostrophe before it."""
    assert guarded(cell) == f"'{cell}"


@pytest.mark.parametrize(
    "cell", ["+79161234567", "79161234567", "orders answered", "", "2026-11-20T09:00:00+03:00", "a=b"]
)
def test_the_rest_stays_readable(cell):
    """A phone number of + and digits, and whatever begins harmlessly, stays as it is."""
    assert guarded(cell) == cell


def test_quoting():
    """Commas, quotes and line ends stand inside a cell and read back."""
    row = ["a,b", 'say "x"', "two\nlines", "ok"]
    assert list(csv.reader(io.StringIO("\n".join(lines([row, row])), newline=""))) == [row, row]
