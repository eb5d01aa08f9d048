"""override: what a supervisor does at 03:00."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cctoolkit.cli.options import Format, OutputFormat, Project, Site, say, say_json

if TYPE_CHECKING:
    from cctoolkit.workflow.overrides import Held


def command(
    project: Project,
    site: Site,
    what: Annotated[
        str, typer.Argument(help="What every hours step answers meanwhile.", metavar="[open|closed|emergency]")
    ] = "",
    until: Annotated[
        str,
        typer.Option("--until", help="A local time of the project, or a duration such as 2h.", metavar="TIME"),
    ] = "",
    clear: Annotated[bool, typer.Option("--clear", help="Back to the calendars.")] = False,
    show: Annotated[bool, typer.Option("--show", help="What each node holds, until when, said by whom.")] = False,
    output: OutputFormat = Format.text,
) -> None:
    """Open or close a line for a while, or say it is an emergency, whatever its calendars say. Kept on the nodes over a
    restart, logged; supervisors' phones do the same by the site's feature code. Test calls are not concerned.

    Example: cctoolkit override northwind-hotline emergency --until 2h --site lab
    """
    import asyncio

    from cctoolkit.errors import UsageError
    from cctoolkit.workflow import overrides, specs

    found = specs.load_project(project).project
    if [bool(what), clear, show].count(True) != 1 or (until and not what):
        raise UsageError("say one thing", expected="open, closed or emergency with --until; or --clear; or --show")
    said = overrides.word(what) if what else None
    end = overrides.end(found, until) if said else None
    loaded = specs.load_site(site, [found.id])
    if said and end:
        asyncio.run(overrides.set_override(loaded, found, said, end))
    elif clear:
        asyncio.run(overrides.clear(loaded, found))
    held = asyncio.run(overrides.shown(loaded, found))
    if output is Format.json:
        say_json(held)
        return
    phones = {entry.agent for entry in loaded.site.roster}
    for node, one in held.items():
        said_by_phone = " by phone" if one and one.who in phones else ""
        say(f"{node}  {found.id}: {_shown(found, one) + said_by_phone if one else 'by its calendars'}")


def _shown(project: Any, held: "Held") -> str:  # noqa: ANN401 - a Project, which only a command imports
    from zoneinfo import ZoneInfo

    zone = project.project.time_zone
    return f"{held.what} until {held.until.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} {zone}, said by {held.who}"
