"""Charts as SVG text: horizontal bars, one a queue, that fit the page's width. No script and no network.

Colours are those of the page's light theme; `page.html.j2` maps each to its dark counterpart by attribute.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from markupsafe import Markup, escape

if TYPE_CHECKING:
    import altair as alt

INK, MUTED, TRACK = "#1d2733", "#5b6878", "#e6eaef"
PLAIN, MET, MISSED = "#3d6a99", "#23806b", "#b3541e"
PALE, AMBER, REST, VIOLET = "#8fb3d6", "#cf9a3d", "#b9c4d0", "#7d62a8"
FONT = "system-ui, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif"
_WIDTH, _ROW = 620, 38
# Fixed margins for labels and texts, so that charts of one page share a scale.
_PADDING = {"left": 250, "right": 130, "top": 4, "bottom": 4}
_COLOURS = {"met": MET, "missed": MISSED}


class Bar(msgspec.Struct, frozen=True):
    """One bar: its label, its length (None: nothing to measure), the text at its end, its target if it has
    one.

    `state` is "met", "missed" or "".
    """

    label: str
    value: float | None
    text: str
    target: float | None = None
    state: str = ""


def bars(title: str, rows: Sequence[Bar], full: float | None = None) -> Markup:
    """Return the chart of the bars in the given order; `title` is what a screen reader says.

    `full` is the value a whole row stands for (1 for shares): a track is drawn up to it. Without it the
    longest bar fills the row.
    """
    import vl_convert

    longest = max((row.value or 0 for row in rows), default=0)
    spec = _spec(rows, full or longest or 1, track=full is not None)
    return fit(vl_convert.vegalite_to_svg(spec), title)


def _spec(rows: Sequence[Bar], end: float, *, track: bool) -> dict[str, object]:
    import altair as alt

    values = [
        msgspec.structs.asdict(row)
        | {"place": place, "end": end, "length": row.value or 0, "colour": _COLOURS.get(row.state, PLAIN)}
        for place, row in enumerate(rows)
    ]
    base = alt.Chart(alt.InlineData(values)).encode(y=alt.Y("place:O", axis=None))
    chart = alt.layer(*_layers(base, end, track=track)).properties(
        width=_WIDTH,
        height=_ROW * max(len(rows), 1),
        background="transparent",
        autosize="none",
        padding=_PADDING,
    )
    spec: dict[str, object] = chart.configure(font=FONT, aria=False).configure_view(stroke=None).to_dict()
    return spec


def _layers(base: alt.Chart, end: float, *, track: bool) -> Iterator[alt.Chart]:
    """Yield, from the back to the front: track, bar, target, the text at the end, the label in the margin."""
    import altair as alt

    def along(field: str) -> alt.X:
        return alt.X(f"{field}:Q", scale=alt.Scale(domain=[0, end]), axis=None)

    if track:
        yield base.mark_bar(height=18, color=TRACK).encode(along("end"))
    yield base.mark_bar(height=18).encode(along("length"), alt.Color("colour:N", scale=None))
    if track:
        marked = base.transform_filter("isValid(datum.target)")
        yield marked.mark_tick(size=30, thickness=3, color=INK, opacity=1).encode(along("target"))
    text: dict[str, Any] = {"align": "left", "fontSize": 15, "color": INK}
    written = base.mark_text(**text, dx=10, fontWeight=600)
    yield written.encode(along("end" if track else "length"), alt.Text("text:N"))
    named = base.mark_text(**text, limit=_PADDING["left"] - 20)
    yield named.encode(x=alt.value(-_PADDING["left"]), text=alt.Text("label:N"))


def fit(svg: str, title: str) -> Markup:
    """Let the SVG take the width of whatever holds it, keeping its shape, and name it for a screen reader."""
    head, rest = svg.split(">", 1)
    head = re.sub(r'\s(width|height|class)="[^"]*"', "", head)
    # Markup is right: vl-convert has escaped every text of the chart.
    return Markup(f'{head} width="100%" role="img" aria-label="{escape(title)}">{rest}')  # noqa: S704
