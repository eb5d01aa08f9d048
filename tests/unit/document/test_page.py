"""The page stands alone and lets no text become markup; charts fit it."""

from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
from markupsafe import Markup

from cctoolkit.document import charts
from cctoolkit.document.charts import Bar, bars
from cctoolkit.document.page import (
    Card,
    Cards,
    Chart,
    Column,
    Notes,
    Page,
    Reading,
    Section,
    Table,
    Terms,
    html,
)

EVIL = "<script>alert('x')</script>\"&"
SVG = "{http://www.w3.org/2000/svg}"


class Tags(HTMLParser):
    """Collects the tags and the attributes that could fetch something."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.links = [], set(), []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.links += [value for name, value in attributes if name in {"src", "href", "srcset", "data"}]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def page_of(text, *blocks):
    return Page("en", text, text, text, ((text, text),), (Section(text, blocks),))


@pytest.fixture
def evil_page():
    card = Card(EVIL, (Reading(EVIL, EVIL, EVIL, "missed", EVIL),), EVIL)
    table = Table((Column(EVIL), Column(EVIL, number=True)), ((EVIL, EVIL),), EVIL, (EVIL, EVIL))
    chart = Chart(EVIL, bars(EVIL, [Bar(EVIL, 0.5, EVIL, 0.8, "missed")], 1), EVIL)
    return html(page_of(EVIL, Cards((card,)), table, chart, Terms(((EVIL, EVIL),)), Notes((EVIL,))))


def test_no_text_becomes_markup(evil_page):
    """A `<script>` in any text of any block, and in any label of a chart, is shown and not run."""
    tags = Tags(evil_page)
    assert "script" not in tags.tags
    assert tags.open == []
    assert "<script" not in evil_page
    assert evil_page.count("&lt;script&gt;") > 20


def test_the_page_fetches_nothing(evil_page):
    """No address stands in the page: style and pictures are inside it."""
    assert Tags(evil_page).links == []
    assert "url(" not in evil_page
    assert "@import" not in evil_page


def test_chart_fits_the_page():
    """A chart has a shape but no size of its own, a name, and a bar, a target and a label for every row."""
    rows = [
        Bar("Заказы", 0.5, "50 %", 0.8, "missed"),
        Bar("Ночь", None, "нет звонков", 0.9),
        Bar("Ещё", 1, "100 %"),
    ]
    svg = ET.fromstring(bars("По очередям", rows, 1))
    assert svg.get("width") == "100%"
    assert svg.get("height") is None
    assert svg.get("aria-label") == "По очередям"
    shown = [text.text for text in svg.iter(f"{SVG}text")]
    assert sorted(shown) == sorted([row.label for row in rows] + [row.text for row in rows])
    fills = [path.get("fill") for path in svg.iter(f"{SVG}path")]
    assert [fills.count(colour) for colour in (charts.TRACK, charts.INK, charts.MISSED)] == [3, 2, 1]


def test_rows_of_the_same_name_stay_apart():
    """Two queues of the same title have a bar each."""
    svg = ET.fromstring(bars("x", [Bar("Orders", 3, "3 s"), Bar("Orders", 5, "5 s")]))
    paths = [path.get("d") for path in svg.iter(f"{SVG}path") if path.get("fill") == charts.PLAIN]
    assert len(set(paths)) == 2


def test_empty_chart():
    """A chart whose rows have nothing to measure is still a chart."""
    assert bars("x", [Bar("Orders", None, "no calls")]).startswith("<svg")


def test_every_colour_of_a_chart_has_a_dark_counterpart():
    """The page's style names every colour the charts use, so that none stays light on a dark screen."""
    text = html(page_of("x", Chart("x", Markup("<svg></svg>"))))
    for colour in (charts.INK, charts.TRACK, charts.PLAIN, charts.MET, charts.MISSED):
        assert f'svg [fill="{colour}"]' in text
