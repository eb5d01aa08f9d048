"""apply: do the plan, prove it took, or put everything back."""

import asyncio
from typing import Annotated

import typer

from cctoolkit.cli.options import Projects, Site, say, tell


def command(
    site: Site,
    projects: Projects = None,
    overwrite_edits: Annotated[
        bool, typer.Option("--overwrite-edits", help="Overwrite files that were edited by hand on the node.")
    ] = False,
) -> int:
    """Plan, then perform the plan: one rename on disk, reload, read back; put back when the switch did not
    take it.

    Example: cctoolkit apply --site lab
    """
    return asyncio.run(_apply(site, projects or [], overwrite_edits))


async def _apply(site: str, projects: list[str], overwrite_edits: bool) -> int:
    from cctoolkit.plan.explain import explain
    from cctoolkit.workflow import specs, switch

    planned = await switch.plan_site(specs.load_site(site, projects))
    for one in planned:
        say(explain(one.plan))
    changed = await switch.apply_site(planned, overwrite_edits=overwrite_edits, progress=tell)
    if changed:
        say(f"applied and read back: {', '.join(changed)}")
    return 0
