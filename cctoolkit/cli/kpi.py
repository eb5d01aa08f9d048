"""kpi: figures."""

from typing import Annotated

import typer

from cctoolkit.cli.options import Format, OutputFormat, Project, Store, say, say_json


def command(
    project: Project,
    store: Store,
    first: Annotated[str, typer.Option("--from", help="First day, local to the project; today when not given.", metavar="DATE")] = "",
    last: Annotated[str, typer.Option("--to", help="Last day; the first when not given.", metavar="DATE")] = "",
    by: Annotated[str, typer.Option("--by", help="project, number, queue and one interval (15m, 30m, 1h, 1d), comma-separated.")] = "queue",
    output: OutputFormat = Format.text,
) -> None:
    """Compute the figures, every variant by its name; nothing to measure is "-", never 0 or 100 %.

    Example: cctoolkit kpi northwind-hotline --store records/ --by queue,30m
    """
    from cctoolkit.workflow import records, specs

    found = specs.load_project(project).project
    figures = records.kpi(found, store, records.span(found, first, last), [key.strip() for key in by.split(",")])
    if output is Format.json:
        say_json(figures)
        return
    for figure in figures:
        group = " ".join(str(g) for g in (figure.queue, figure.number, figure.start and figure.start.isoformat()) if g)
        value = "-" if figure.value is None else f"{figure.value:.4g}"
        say(f"{group or figure.project:<28} {figure.metric:<16} {figure.variant:<20} {value:>8} {figure.unit}")
