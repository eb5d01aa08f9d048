"""Stacked bars as SVG text: rows of parts that add up, one below the other, or columns along time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from markupsafe import Markup

from cctoolkit.document.charts import FONT, INK, MISSED, MUTED, PLAIN, TRACK, fit

if TYPE_CHECKING:
    import altair as alt

_WIDTH, _ROW, _LABEL = 620, 30, 250
_MOST_LABELS = 16
"""Labels along time that fit beside each other."""


class Part(msgspec.Struct, frozen=True):
    """What one colour stands for."""

    name: str
    colour: str


class Stack(msgspec.Struct, frozen=True):
    """One bar: its label, a value for each part, the text at its end (of rows only)."""

    label: str
    values: tuple[float, ...]
    text: str = ""


def rows(title: str, parts: Sequence[Part], stacks: Sequence[Stack]) -> Markup:
    """Return horizontal bars in the given order, the longest over the whole width, with a legend on top."""
    import altair as alt

    longest = max((sum(stack.values) for stack in stacks), default=0) or 1
    base = alt.Chart(alt.InlineData(_pieces(parts, stacks)))
    along: dict[str, Any] = {"scale": alt.Scale(domain=[0, longest]), "axis": None}
    y = alt.Y("place:O", axis=None)
    bars = base.mark_bar(height=16).encode(alt.X("start:Q", **along), alt.X2("end:Q"), y, _colour(parts))
    ends = alt.Chart(alt.InlineData([
        {"place": place, "total": sum(stack.values), "text": stack.text, "label": stack.label}
        for place, stack in enumerate(stacks)
    ]))  # fmt: skip
    text: dict[str, Any] = {"align": "left", "fontSize": 14, "color": INK}
    written = ends.mark_text(**text, dx=8, fontWeight=600).encode(alt.X("total:Q", **along), y, text="text:N")
    named = ends.mark_text(**text, limit=_LABEL - 16).encode(x=alt.value(-_LABEL), y=y, text="label:N")
    padding = {"left": _LABEL, "right": 130, "top": 34, "bottom": 4}
    return _svg(alt.layer(bars, written, named), title, _ROW * max(len(stacks), 1), padding)


def columns(title: str, parts: Sequence[Part], stacks: Sequence[Stack]) -> Markup:
    """Return columns along time in the given order, with a scale of whole numbers and a legend on top."""
    import altair as alt

    base = alt.Chart(alt.InlineData(_pieces(parts, stacks)))
    highest = max((sum(stack.values) for stack in stacks), default=0)
    scale = alt.Scale(domain=[0, max(highest, 4)], nice=True)
    axis = alt.Axis(title=None, format="d", tickCount=5, **_GRID)
    bars = base.mark_bar().encode(
        _time([stack.label for stack in stacks]),
        alt.Y("start:Q", scale=scale, axis=axis),
        alt.Y2("end:Q"),
        _colour(parts),
    )
    return _svg(bars, title, 190, _TIME_PADDING | {"top": 40})


def line(
    title: str, points: Sequence[tuple[str, float | None]], target: float | None, percent: Callable[[float], str]
) -> Markup:
    """Return shares (0 to 1) along time, (label, value) each, as points on a line that is broken where there is no
    value; `target` crosses it, `percent` writes the scale.
    """
    import altair as alt

    values = [{"place": place, "value": value} for place, (_, value) in enumerate(points)]
    base = alt.Chart(alt.InlineData(values))
    marks = [0, 0.25, 0.5, 0.75, 1]
    written = json.dumps([percent(mark) for mark in marks], ensure_ascii=False)
    axis = alt.Axis(title=None, values=marks, labelExpr=f"{written}[round(datum.value * 4)]", **_GRID)
    along = _time([label for label, _ in points])
    y = alt.Y("value:Q", scale=alt.Scale(domain=[0, 1]), axis=axis)
    drawn = base.mark_line(color=PLAIN, strokeWidth=2.5, invalid="break-paths-filter-domains").encode(along, y)
    dots = base.mark_circle(color=PLAIN, size=42, opacity=1).transform_filter("isValid(datum.value)")
    layers = [drawn, dots.encode(along, y)]
    if target is not None:
        rule = alt.Chart(alt.InlineData([{"value": target}])).mark_rule(
            color=MISSED, strokeWidth=1.5, strokeDash=[6, 4]
        )
        layers.append(rule.encode(y))
    return _svg(alt.layer(*layers), title, 140, _TIME_PADDING | {"top": 10})


_GRID: dict[str, Any] = {
    "gridColor": TRACK, "domain": False, "ticks": False, "labelColor": MUTED, "labelFontSize": 12, "labelPadding": 8,
}  # fmt: skip
_TIME_PADDING = {"left": 56, "right": 12, "bottom": 30}


def _time(labels: Sequence[str]) -> alt.X:
    import altair as alt

    # Places, not labels, are the scale: the hour that comes twice has two columns.
    every = -(-len(labels) // _MOST_LABELS) or 1
    written = json.dumps(labels, ensure_ascii=False)
    axis = alt.Axis(
        title=None, values=list(range(0, len(labels), every)), labelExpr=f"{written}[datum.value]", labelAngle=0,
        labelColor=MUTED, labelFontSize=12, domainColor=MUTED, tickColor=MUTED, labelOverlap=False,
    )  # fmt: skip
    domain = list(range(len(labels)))
    return alt.X("place:O", axis=axis, scale=alt.Scale(domain=domain, paddingInner=0.25, paddingOuter=0.15))


def _pieces(parts: Sequence[Part], stacks: Sequence[Stack]) -> list[dict[str, object]]:
    return list(_each(parts, stacks))


def _each(parts: Sequence[Part], stacks: Sequence[Stack]) -> Iterator[dict[str, object]]:
    for place, stack in enumerate(stacks):
        start = 0.0
        for part, value in zip(parts, stack.values, strict=True):
            if value:
                yield {"place": place, "part": part.name, "start": start, "end": start + value}
            start += value


def _colour(parts: Sequence[Part]) -> alt.Color:
    import altair as alt

    scale = alt.Scale(domain=[part.name for part in parts], range=[part.colour for part in parts])
    legend = alt.Legend(
        title=None, orient="none", direction="horizontal", legendX=0, legendY=-32, columns=len(parts),
        symbolType="square", symbolSize=130, labelFontSize=13, labelColor=INK, columnPadding=18, labelLimit=260,
    )  # fmt: skip
    return alt.Color("part:N", scale=scale, legend=legend)


def _svg(
    chart: alt.Chart | alt.LayerChart | alt.FacetChart, title: str, height: int, padding: dict[str, int]
) -> Markup:
    import vl_convert

    width = _WIDTH + 380 - padding["left"] - padding["right"]
    sized = chart.properties(width=width, height=height, background="transparent", autosize="none", padding=padding)
    spec = sized.configure(font=FONT, aria=False).configure_view(stroke=None).to_dict()
    return fit(vl_convert.vegalite_to_svg(spec), title)
