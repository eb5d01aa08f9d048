"""kpi: figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from cctoolkit.cli.options import FirstDay, Format, LastDay, OutputFormat, Project, Store, say_json

if TYPE_CHECKING:
    from cctoolkit.kpi.figure import Figure, Unit
    from cctoolkit.kpi.interval import Window

Name = tuple[str, str]
"""A figure's metric and variant."""

FROM = "from"
"""The column that says when an interval begins."""

_UNITS: tuple[Unit, ...] = ("count", "per_hour", "ratio", "seconds")

HOUR = timedelta(hours=1)


def command(
    project: Project,
    store: Store,
    *,
    first: FirstDay = "",
    last: LastDay = "",
    by: Annotated[
        str,
        typer.Option(
            "--by", help="project, number, queue, agent, reason and one interval (15m, 30m, 1h, 1d), by commas."
        ),
    ] = "queue",
    metrics: Annotated[
        str, typer.Option("--metrics", help="Figures, by commas; all that can be grouped so when not given.")
    ] = "",
    all_variants: Annotated[
        bool, typer.Option("--all-variants", help="Every reading of each figure, not only the project's.")
    ] = False,
    output: OutputFormat = Format.text,
) -> None:
    """Compute the figures; nothing to measure is "-", never 0 or 100 %. JSON has every variant, the
    project's targets, and whether they are met.

    Example: cctoolkit kpi northwind-hotline --store records/ --by queue,30m --metrics service_level,offered
    """
    from cctoolkit.document import terminal
    from cctoolkit.workflow import records, specs

    found = specs.load_project(project).project
    span = records.span(found, first, last)
    figures = records.kpi(found, store, span, _words(by), _words(metrics))
    if output is Format.json:
        say_json(figures)
        return
    names = _shown(figures, ordered=bool(metrics), all_variants=all_variants)
    keys = _keys(by)
    terminal.show([*keys, *_titles(names)], _rows(figures, keys, names, span), left=len(keys))


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _keys(by: str) -> list[str]:
    """Return the titles of the columns that say which group a row is."""
    from cctoolkit.kpi.sources import KEYS

    known = [key for key in KEYS if key in _words(by)]
    return [*known, *([FROM] if len(known) < len(_words(by)) else [])] or ["project"]


def _shown(figures: Sequence[Figure], *, ordered: bool, all_variants: bool) -> list[Name]:
    """Return the columns: each figure as the project reads it, or every variant; of a whole the parts that occur.

    They stand as the figures asked for by name do (`ordered`), or counts first, then shares, then times, and
    without details.
    """
    from cctoolkit.kpi.figure import discover

    known = {one.metric: discover()[one.metric] for one in figures}
    known = {name: metric for name, metric in known.items() if ordered or all_variants or not metric.detail}
    chosen = {(one.metric, one.variant) for one in figures if one.chosen}
    occurring = {(one.metric, one.variant) for one in figures if one.value}
    names: list[Name] = []
    for name, metric in (
        known.items() if ordered else sorted(known.items(), key=lambda item: _UNITS.index(item[1].unit))
    ):
        variants = [variant.name for variant in metric.variants]
        if metric.parts:
            names += [(name, variant) for variant in variants if all_variants or (name, variant) in occurring]
        else:
            names += [(name, variant) for variant in variants if all_variants or (name, variant) in chosen]
    return names


def _titles(names: Sequence[Name]) -> list[str]:
    """Return the columns' titles; a part goes by its own name where no figure has the same."""
    from cctoolkit.kpi.figure import discover

    return [_title(*name, alone=discover()[name[0]].parts and name[1] not in discover()) for name in names]


def _title(metric: str, variant: str, *, alone: bool) -> str:
    if alone:
        return variant
    return metric if variant == "default" else f"{metric} {variant}"


def _rows(
    figures: Sequence[Figure], keys: Sequence[str], names: Sequence[Name], span: Window
) -> Iterator[tuple[str, ...]]:
    """Yield one row a group, in the order of the figures."""
    groups: dict[tuple[str, ...], dict[Name, Figure]] = {}
    for one in figures:
        group = tuple(_moment(one, span) if key == FROM else getattr(one, key) for key in keys)
        groups.setdefault(group, {})[one.metric, one.variant] = one
    for group, row in groups.items():
        yield (*group, *(_value(row[name].value, row[name].unit) for name in names))


def _moment(one: Figure, span: Window) -> str:
    assert one.start  # noqa: S101 - asked for only where there is one
    assert one.end  # noqa: S101 - a start has an end
    local = one.start.astimezone(ZoneInfo(span.time_zone))
    # With the offset where the clock goes back: the hour that comes twice has two rows.
    ambiguous = local.utcoffset() != local.replace(fold=1 - local.fold).utcoffset()
    return f"{local:%Y-%m-%d}" if one.end - one.start > HOUR else f"{local:%Y-%m-%d %H:%M{'%z' if ambiguous else ''}}"


def _value(value: float | None, unit: Unit) -> str:
    """Return 80.7 %, 123, 2.5 /h; seconds as 7.8, 2:03 or 7:58:12."""
    if value is None:
        return "-"
    if unit == "seconds":
        return _duration(value)
    return {
        "ratio": f"{value * 100:.1f}\N{NO-BREAK SPACE}%",
        "count": f"{value:.0f}",
        "per_hour": f"{value:.1f}\N{NO-BREAK SPACE}/h",
    }[unit]


def _duration(seconds: float) -> str:
    if round(seconds, 1) < 60:
        return f"{seconds:.1f}"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
