"""apply: do the plan, prove it took, or put everything back."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cctoolkit.cli.options import Accept, OverwriteEdits, Projects, Site, Wait, say, tell

if TYPE_CHECKING:
    from cctoolkit.workflow.careful import How


def command(
    site: Site,
    projects: Projects = None,
    overwrite_edits: OverwriteEdits = False,
    accept: Accept = None,
    when_idle: Annotated[
        bool, typer.Option("--when-idle", help="Wait until the change touches nobody who is live, then apply.")
    ] = False,
    drain: Annotated[
        bool,
        typer.Option(
            "--drain", help="Let no new call into queues and trunks that are to go; apply when the last is gone."
        ),
    ] = False,
    within: Annotated[
        str, typer.Option("--within", help="How long --when-idle and --drain wait.", metavar="DURATION")
    ] = "30m",
    plan: Annotated[
        Path | None,
        typer.Option("--plan", help="Perform exactly this plan, which `plan -o` saved; nothing else.", metavar="FILE"),
    ] = None,
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
    take it. What would touch who is live is refused with what it would do, unless it is accepted or waited for.

    Example: cctoolkit apply --site lab --when-idle
    """
    from cctoolkit.deploy.terms import Terms
    from cctoolkit.errors import UsageError
    from cctoolkit.workflow import careful, locks

    if confirm:
        if projects or overwrite_edits or accept or when_idle or drain or plan or reload or confirm_within:
            raise UsageError("--confirm goes alone", expected="apply --confirm --site SITE")
        return asyncio.run(_confirm(site))
    how = careful.How(
        careful.accepted(accept or ()), overwrite_edits, when_idle, drain, careful.limit(within), plan,
        Terms(reload=reload, confirm_within=locks.trial(confirm_within)),
    )  # fmt: skip
    return asyncio.run(_apply(site, projects or [], how, locks.patience(wait)))


async def _confirm(site: str) -> int:
    from cctoolkit.workflow import confirm, nodes

    say(f"confirmed: {', '.join(await confirm.confirm(nodes.load_nodes(site)))}")
    return 0


async def _apply(site: str, projects: list[str], how: "How", patience: float) -> int:
    from cctoolkit.plan.classes import EVERYTHING
    from cctoolkit.plan.explain import explain
    from cctoolkit.workflow import careful, confirm, locks, specs

    loaded = specs.load_site(site, projects)
    await locks.wait_free(loaded.site.nodes, patience, tell)
    await confirm.settle(loaded, tell)
    # Who waits for it need not be told that it is refused.
    shown = EVERYTHING if how.when_idle or how.drain else how.accepted

    async def act() -> list[str]:
        changed = await careful.apply(loaded, how, progress=tell, told=lambda one: say(explain(one, shown)))
        if changed:
            say(f"applied and read back: {', '.join(changed)}")
        return changed

    if how.terms.confirm_within is None:
        await act()
    elif confirmed := await confirm.apply_and_wait(loaded.site.nodes, act, tell):
        say(f"confirmed: {', '.join(confirmed)}")
    return 0
