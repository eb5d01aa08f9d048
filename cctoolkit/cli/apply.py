"""apply: do the plan, prove it took, or put everything back."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cctoolkit.cli import outcomes
from cctoolkit.cli.options import (
    Accept,
    AllOrNone,
    AtOnce,
    Canary,
    Drain,
    Format,
    Nodes,
    OutputFormat,
    OverwriteEdits,
    Projects,
    Site,
    Wait,
    WhenIdle,
    Within,
    say,
    say_json,
    tell,
)

if TYPE_CHECKING:
    from cctoolkit.plan.classes import Accepted
    from cctoolkit.workflow.careful import How
    from cctoolkit.workflow.fleet import Applied, Fleet


def command(
    site: Site,
    projects: Projects = None,
    nodes: Nodes = None,
    canary: Canary = "",
    verify_canary: Annotated[
        bool, typer.Option("--verify-canary", help="Verify the canary, test calls and all, before the others begin.")
    ] = False,
    at_once: AtOnce = 4,
    all_or_none: AllOrNone = False,
    overwrite_edits: OverwriteEdits = False,
    accept: Accept = None,
    when_idle: WhenIdle = False,
    drain: Drain = False,
    within: Within = "30m",
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
    output: OutputFormat = Format.text,
) -> int:
    """Plan, then perform the plan: one rename on disk, reload, read back; put back when the switch did not
    take it. What would touch who is live is refused with what it would do, unless it is accepted or waited for.

    Of several nodes the canary goes first, the others follow at once; when one fails, those already changed are rolled
    back. A node that is away is left as it is, and the next apply catches it up: exit code 4.

    Example: cctoolkit apply --site lab --when-idle
    """
    from cctoolkit.deploy.terms import Terms
    from cctoolkit.errors import UsageError
    from cctoolkit.plan.classes import EVERYTHING
    from cctoolkit.workflow import careful, fleet, locks

    if confirm:
        others = (projects, canary, verify_canary, all_or_none, overwrite_edits, accept, when_idle, drain, plan, reload)
        if any(others) or confirm_within:
            raise UsageError("--confirm applies nothing", expected="apply --confirm --site SITE [--node NODE]")
        return asyncio.run(_confirm(site, nodes or [], output, locks.patience(wait)))
    may = careful.accepted(accept or ())
    terms = Terms(reload=reload, confirm_within=locks.trial(confirm_within))
    spread = fleet.How(canary, verify_canary, at_once, all_or_none, overwrite_edits, may, terms)
    how = careful.How(spread, tuple(nodes or ()), when_idle, drain, locks.duration(within, "--within"), plan)
    # Who waits for it need not be told that it is refused.
    shown = EVERYTHING if when_idle or drain else may
    return asyncio.run(_apply(site, projects or [], how, shown, output, locks.patience(wait)))


async def _confirm(site: str, only: list[str], output: Format, patience: float) -> int:
    from cctoolkit.workflow import confirm, locks, nodes

    chosen = nodes.chosen(nodes.load_nodes(site), only)
    async with locks.held(chosen, "confirm", patience, tell):
        confirmed = await confirm.confirm(chosen, tell)
    if output is Format.json:
        say_json({"confirmed": confirmed})
    else:
        say(f"confirmed: {', '.join(confirmed)}")
    return 0


async def _apply(site: str, projects: list[str], how: "How", shown: "Accepted", output: Format, patience: float) -> int:
    from contextlib import AsyncExitStack

    from cctoolkit.cli.plan import told
    from cctoolkit.workflow import careful, confirm, locks, nodes, specs, trial

    loaded = specs.load_site(site, projects)
    chosen = nodes.chosen(loaded, how.nodes)

    def tell_plans(planned: "Fleet") -> None:
        if output is Format.text:
            for text in told(planned, shown):
                say(text)

    shown_last: list[Applied] = []

    def show(applied: "Applied", confirm_by: str = "") -> None:
        shown_last[:] = [applied]
        outcomes.show(applied, output, "applied", confirm_by)

    async with AsyncExitStack() as hold:
        await hold.enter_async_context(locks.held(chosen, "apply", patience, tell))
        await confirm.settle(chosen, tell)

        async def act() -> "Applied":
            applied = await careful.apply(loaded, how, progress=tell, told=tell_plans)
            # Whoever confirms comes from elsewhere.
            await hold.aclose()
            return applied

        within = how.spread.terms.confirm_within
        if within is None:
            applied = await act()
            show(applied)
            return outcomes.ended(applied)
        applied, confirmed = await trial.apply_and_wait(chosen, within, act, show, tell)
    # A machine has had its one document.
    more = tell if output is Format.json else say
    if confirmed:
        more(f"confirmed: {', '.join(confirmed)}")
    for text in outcomes.table(applied.outcomes) if [applied] != shown_last else ():
        more(text)
    return outcomes.ended(applied)
