"""apply: do the plan, prove it took, or put everything back."""

import asyncio
from datetime import timedelta
from typing import Annotated

import typer

from cctoolkit.cli.options import OverwriteEdits, Projects, Site, Wait, say, tell


def command(
    site: Site,
    projects: Projects = None,
    overwrite_edits: OverwriteEdits = False,
    reload: Annotated[
        bool, typer.Option("--reload", help="Load everything anew, also what the switch shows nobody.")
    ] = False,
    confirm_within: Annotated[
        str,
        typer.Option(
            "--confirm-within",
            metavar="TIME",
            help="Bring the old release back after a time such as 5m, unless --confirm comes in time.",
        ),
    ] = "",
    confirm: Annotated[
        bool, typer.Option("--confirm", help="Let the release that waits stay; nothing is planned or applied.")
    ] = False,
    wait: Wait = "",
) -> int:
    """Plan, then perform the plan: one rename on disk, reload, read back; put back when the switch did not
    take it.

    Example: cctoolkit apply --site lab
    """
    from cctoolkit.errors import UsageError
    from cctoolkit.workflow import locks

    if confirm and (reload or confirm_within or overwrite_edits or projects):
        raise UsageError("--confirm goes alone", expected="apply --confirm --site SITE")
    within = locks.duration(confirm_within, "--confirm-within") if confirm_within else None
    if within == 0:
        raise UsageError("no time to confirm in", where="--confirm-within", expected="a duration such as 5m")
    if confirm:
        return asyncio.run(_confirm(site))
    limit = None if within is None else timedelta(seconds=within)
    return asyncio.run(_apply(site, projects or [], overwrite_edits, reload, limit, locks.patience(wait)))


async def _confirm(site: str) -> int:
    from cctoolkit.workflow import confirm, nodes

    say(f"confirmed: {', '.join(await confirm.confirm(nodes.load_nodes(site)))}")
    return 0


async def _apply(
    site: str, projects: list[str], overwrite_edits: bool, reload: bool, limit: timedelta | None, patience: float
) -> int:
    from cctoolkit.deploy.terms import Terms
    from cctoolkit.plan.explain import explain
    from cctoolkit.workflow import confirm, locks, specs, switch

    loaded = specs.load_site(site, projects)
    await locks.wait_free(loaded.site.nodes, patience, tell)
    await confirm.settle(loaded, tell)
    planned = await switch.plan_site(loaded)
    for one in planned:
        say(explain(one.plan))

    async def act() -> list[str]:
        changed = await switch.apply_site(
            planned, overwrite_edits=overwrite_edits, progress=tell, terms=Terms(reload=reload, confirm_within=limit)
        )
        if changed:
            say(f"applied and read back: {', '.join(changed)}")
        return changed

    if limit is None:
        await act()
    elif confirmed := await confirm.apply_and_wait(loaded.site.nodes, act, tell):
        say(f"confirmed: {', '.join(confirmed)}")
    return 0
