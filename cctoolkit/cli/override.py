"""override: what a supervisor does at 03:00."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from cctoolkit.cli.options import Format, OutputFormat, Project, Site, away, say, say_json

if TYPE_CHECKING:
    from datetime import datetime

    from cctoolkit.errors import CctoolkitError
    from cctoolkit.model.guard import Override
    from cctoolkit.model.project import Project as Spec
    from cctoolkit.workflow.overrides import Held
    from cctoolkit.workflow.specs import LoadedSite


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
) -> int:
    """Open or close a line for a while, or say it is an emergency, whatever its calendars say. Kept on the nodes over a
    restart, logged; supervisors' phones do the same by the site's feature code. Test calls are not concerned.

    Exit code 4: a node is away, which is said in its place; the others did it.

    Example: cctoolkit override northwind-hotline emergency --until 2h --site lab
    """
    from cctoolkit.errors import UsageError
    from cctoolkit.workflow import overrides, specs

    found = specs.load_project(project).project
    if [bool(what), clear, show].count(True) != 1 or (until and not what):
        raise UsageError("say one thing", expected="open, closed or emergency with --until; or --clear; or --show")
    said = overrides.word(what) if what else None
    end = overrides.end(found, until) if said else None
    loaded = specs.load_site(site, [found.id])
    return asyncio.run(_override(loaded, found, (said, end) if said and end else None, output, clear=clear))


async def _override(
    loaded: "LoadedSite", found: "Spec", said: "tuple[Override, datetime] | None", output: Format, *, clear: bool
) -> int:
    """Say it on every node, and tell what each holds then; raise what kept some from it."""
    from cctoolkit.errors import CctoolkitError, SwitchError, SwitchUnreachable
    from cctoolkit.workflow import overrides

    failed = None
    try:
        if said:
            await overrides.set_override(loaded, found, *said)
        elif clear:
            await overrides.clear(loaded, found)
    except SwitchError as error:
        if len(loaded.site.nodes) == 1:
            raise
        failed = error
    held = await overrides.shown(loaded, found)
    _say(loaded, found, held, output)
    if failed:
        raise failed
    return SwitchUnreachable.exit_code if any(isinstance(one, CctoolkitError) for one in held.values()) else 0


def _say(
    loaded: "LoadedSite", found: "Spec", held: "Mapping[str, Held | CctoolkitError | None]", output: Format
) -> None:
    from cctoolkit.errors import CctoolkitError
    from cctoolkit.workflow.fleet import line

    if output is Format.json:
        say_json({node: away(one) if isinstance(one, CctoolkitError) else one for node, one in held.items()})
        return
    phones = {entry.agent for entry in loaded.site.roster}
    for node, one in held.items():
        if isinstance(one, CctoolkitError):
            say(f"{node}  away: {line(one)}")
            continue
        said_by_phone = " by phone" if one and one.who in phones else ""
        say(f"{node}  {found.id}: {_shown(found, one) + said_by_phone if one else 'by its calendars'}")


def _shown(project: "Spec", held: "Held") -> str:
    from zoneinfo import ZoneInfo

    zone = project.project.time_zone
    return f"{held.what} until {held.until.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} {zone}, said by {held.who}"
