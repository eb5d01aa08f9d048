"""Tables on a terminal lose nothing, however narrow it is."""

import io

import pytest
from rich.console import Console

from cctoolkit.document import terminal

TITLES = ["agent", "handled_per_hour", "average_handling_time", "after_call_work"]
ROWS = [["kuznetsova[b]", "4.3\N{NO-BREAK SPACE}/h", "1:03:24", "17.4"]]


@pytest.mark.parametrize("width", [200, 60, 45, 20])
def test_nothing_is_cut(monkeypatch, width):
    """Every cell and every word of a title is there whole, the row in one line, at any width."""
    file = io.StringIO()
    monkeypatch.setattr(terminal, "console", lambda: Console(file=file, width=width))
    terminal.show(TITLES, ROWS, left=1)
    text = file.getvalue()
    assert "…" not in text
    assert all(word in text.split() for title in TITLES for word in title.split("_"))
    assert text.splitlines()[-1].split() == ["kuznetsova[b]", "4.3", "/h", "1:03:24", "17.4"]


def test_titles_break_before_anything_else(monkeypatch):
    """A terminal wide enough has each title in one line."""
    file = io.StringIO()
    monkeypatch.setattr(terminal, "console", lambda: Console(file=file, width=120))
    terminal.show(TITLES, ROWS, left=1)
    assert "average handling time" in file.getvalue().splitlines()[0]
