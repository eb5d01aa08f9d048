"""report: figures for the client."""

from pathlib import Path
from typing import Annotated

import typer

from cctoolkit.cli.options import Project, Store, say


def command(
    project: Project,
    store: Store,
    file: Annotated[Path, typer.Option("--output", "-o", help="The HTML file to write.", metavar="F")],
    period: Annotated[
        str, typer.Option("--period", help="A month (2026-11) or a day (2026-11-22); today when not given.")
    ] = "",
    site: Annotated[
        str, typer.Option("--site", "-s", help="The site whose roster has the operators' names.", metavar="SITE")
    ] = "",
    language: Annotated[str, typer.Option("--language", help="ru, pl or en; the project's own when not given.")] = "",
) -> None:
    """Write a report as one self-contained HTML page.

    Example: cctoolkit report northwind-hotline --store records/ --period 2026-11 -o report.html
    """
    from cctoolkit import clock
    from cctoolkit.errors import OperatorError
    from cctoolkit.workflow import records, specs

    found = specs.load_project(project).project
    names = {entry.agent: entry.name for entry in specs.load_site(site).site.roster} if site else {}
    page = records.report(found, store, records.period(found, period), language, clock.now(), names)
    try:
        file.write_text(page, encoding="utf-8")
    except OSError as error:
        raise OperatorError(f"cannot be written: {error.strerror}", where=str(file)) from error
    say(f"{file}: {len(page) // 1024} KB")
