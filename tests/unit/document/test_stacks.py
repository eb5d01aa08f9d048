"""Stacked bars show each part in its colour, and say what is what."""

from xml.etree import ElementTree as ET

import pytest
from markupsafe import Markup

from cctoolkit.document import charts, stacks
from cctoolkit.document.page import Chart, Page, Section, html
from cctoolkit.document.stacks import Part, Stack

SVG = "{http://www.w3.org/2000/svg}"
PARTS = [Part("Разговор", charts.PLAIN), Part("Пауза", charts.AMBER)]


def parse(svg):
    root = ET.fromstring(svg)
    texts = [text.text for text in root.iter(f"{SVG}text")]
    return root, texts, [path.get("fill") for path in root.iter(f"{SVG}path")]


def test_rows():
    """Each row has its label, its text and a bar a part that is not nought; the legend names the parts."""
    rows = [Stack("Анна", (60.0, 40.0), "1:40"), Stack("Борис", (50.0, 0.0), "0:50")]
    root, texts, fills = parse(stacks.rows("Рабочее время", PARTS, rows))
    assert root.get("aria-label") == "Рабочее время"
    assert sorted(texts) == sorted(["Анна", "Борис", "1:40", "0:50", "Разговор", "Пауза"])
    # One square of the legend beside each bar.
    assert (fills.count(charts.PLAIN), fills.count(charts.AMBER)) == (3, 2)


def test_columns():
    """Columns stand along time with their labels, on a scale of whole numbers from nought."""
    columns = [Stack(f"{hour:02}:00", (float(hour), 1.0)) for hour in (9, 10, 11)]
    _, texts, fills = parse(stacks.columns("x", PARTS, columns))
    assert [text for text in texts if ":" in text] == ["09:00", "10:00", "11:00"]
    assert "0" in texts
    assert fills.count(charts.PLAIN) == 4


def test_labels_that_would_overlap_are_left_out():
    """Of the 48 half hours of a day every third has its label."""
    columns = [Stack(f"{place // 2:02}:{place % 2 * 30:02}", (1.0, 0.0)) for place in range(48)]
    _, texts, _ = parse(stacks.columns("x", PARTS, columns))
    assert [text for text in texts if ":" in text][:3] == ["00:00", "01:30", "03:00"]


def test_two_columns_of_the_same_label_stay_apart():
    """The hour that comes twice has two columns."""
    columns = [Stack("02:00", (1.0, 0.0)), Stack("02:00", (2.0, 0.0))]
    root, _, _ = parse(stacks.columns("x", PARTS, columns))
    drawn = {path.get("d") for path in root.iter(f"{SVG}path") if path.get("fill") == charts.PLAIN}
    assert len(drawn) == 3


def test_line_is_broken_where_nothing_was_measured():
    """A gap has no point, and the line begins anew behind it; the target crosses the picture."""
    points = [("09:00", 0.5), ("10:00", None), ("11:00", 0.5), ("12:00", 1.0)]
    root, texts, fills = parse(stacks.line("x", points, 0.8, lambda share: f"{share:.2f}"))
    assert {"0.00", "0.25", "0.75", "1.00", "10:00"} <= set(texts)
    assert fills.count(charts.PLAIN) == 3
    (path,) = (one for one in root.iter(f"{SVG}path") if one.get("stroke") == charts.PLAIN)
    assert path.get("d").count("M") == 2
    assert [one.get("stroke") for one in root.iter(f"{SVG}line")].count(charts.MISSED) == 1


@pytest.mark.parametrize("draw", [stacks.rows, stacks.columns])
def test_nothing_to_draw(draw):
    """Charts of nothing, and of noughts, are still charts."""
    assert draw("x", PARTS, []).startswith("<svg")
    assert draw("x", PARTS, [Stack("a", (0.0, 0.0))]).startswith("<svg")


def test_no_label_becomes_markup_or_script():
    """A label is text in every chart, whatever stands in it."""
    evil = "<script>alert(1)</script>'\"];alert(1)//"
    for svg in (stacks.rows(evil, [Part(evil, "#fff")], [Stack(evil, (1.0,), evil)]),
                stacks.columns(evil, [Part(evil, "#fff")], [Stack(evil, (1.0,))])):  # fmt: skip
        assert "<script" not in svg
        assert evil in [text.text for text in ET.fromstring(svg).iter(f"{SVG}text")]


def test_every_colour_has_a_dark_counterpart():
    """No colour of a stacked bar, filled or drawn, stays light on a dark screen."""
    text = html(Page("en", "x", "x", "x", (), (Section("x", (Chart("x", Markup("<svg></svg>")),)),)))
    for colour in (charts.PALE, charts.AMBER, charts.REST, charts.MUTED, charts.MISSED, charts.PLAIN):
        assert f'svg [fill="{colour}"]' in text
        assert f'svg [stroke="{colour}"]' in text
