"""override: what a supervisor does at 03:00."""

from typing import Annotated

import typer

from cctoolkit.cli.options import Project, Site, say


def command(
    project: Project,
    what: Annotated[
        str, typer.Argument(help="open, closed, or none: back to the calendar.", metavar="open|closed|none")
    ],
    site: Site,
    until: Annotated[
        str,
        typer.Option("--until", help="A local time of the project, or a duration such as 2h.", metavar="TIME"),
    ] = "",
) -> None:
    """Open or close a line for a while, whatever its calendars say; kept on the nodes, logged, over a restart.

    Example: cctoolkit override northwind-hotline open --until 2h --site lab
    """
    import asyncio

    from cctoolkit.workflow import overrides, specs

    found = specs.load_project(project).project
    loaded = specs.load_site(site, [found.id])
    end = overrides.end(found, what, until)
    asyncio.run(overrides.override(loaded, found, what, end))
    say(f"{found.id}: {what}" + (f" until {end:%Y-%m-%d %H:%M} UTC" if end else ", by its calendars"))
