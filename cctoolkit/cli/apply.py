"""apply: do the plan, prove it took, or put everything back."""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cctoolkit.cli.options import (
    Accept,
    Format,
    Nodes,
    OutputFormat,
    OverwriteEdits,
    Projects,
    Site,
    Wait,
    say,
    say_json,
    tell,
)

if TYPE_CHECKING:
    from cctoolkit.deploy.fleet import Outcome
    from cctoolkit.plan.classes import Accepted
    from cctoolkit.workflow.careful import How
    from cctoolkit.workflow.fleet import Applied, Fleet

_COLUMNS = ("node", "release before", "release now", "state", "seconds")
_INTERRUPTED = 130


def command(
    site: Site,
    projects: Projects = None,
    nodes: Nodes = None,
    canary: Annotated[
        str,
        typer.Option("--canary", help="The node that goes first; the site's canary when not given.", metavar="NODE"),
    ] = "",
    verify_canary: Annotated[
        bool, typer.Option("--verify-canary", help="Verify the canary, test calls and all, before the others begin.")
    ] = False,
    at_once: Annotated[int, typer.Option("--at-once", help="So many nodes at once.", min=1, max=100)] = 4,
    all_or_none: Annotated[
        bool, typer.Option("--all-or-none", help="Change nothing while a node of the site is away.")
    ] = False,
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
        str, typer.Option("--within", help="How long --when-idle and --drain wait, a day at most.", metavar="DURATION")
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
    await locks.wait_free(chosen, patience, tell)
    confirmed = await confirm.confirm(chosen, tell)
    if output is Format.json:
        say_json({"confirmed": confirmed})
    else:
        say(f"confirmed: {', '.join(confirmed)}")
    return 0


async def _apply(site: str, projects: list[str], how: "How", shown: "Accepted", output: Format, patience: float) -> int:
    from cctoolkit.cli.plan import told
    from cctoolkit.workflow import careful, confirm, locks, nodes, specs

    loaded = specs.load_site(site, projects)
    chosen = nodes.chosen(loaded, how.nodes)
    await locks.wait_free(chosen, patience, tell)
    await confirm.settle(chosen, tell)

    def tell_plans(planned: "Fleet") -> None:
        if output is Format.text:
            for text in told(planned, shown):
                say(text)

    async def act() -> "Applied":
        applied = await careful.apply(loaded, how, progress=tell, told=tell_plans)
        if output is Format.json:
            say_json({"nodes": applied.outcomes, "interrupted": applied.interrupted})
        else:
            _say(applied)
        return applied

    if how.spread.terms.confirm_within is None:
        applied = await act()
    else:
        applied, confirmed = await confirm.apply_and_wait(chosen, act, tell)
        if confirmed:
            # A machine has had its one document.
            (tell if output is Format.json else say)(f"confirmed: {', '.join(confirmed)}")
    if applied.interrupted:
        tell("interrupted: nodes that were at work were put back, the others are as the table says")
        return _INTERRUPTED
    return applied.exit_code


def _say(applied: "Applied") -> None:
    from cctoolkit.errors import told

    if len(applied.outcomes) > 1:
        for text in table(applied.outcomes):
            say(text)
    elif applied.changed:
        say(f"applied and read back: {', '.join(applied.changed)}")
    for error in applied.errors.values():
        tell(told(error))


def table(outcomes: "Iterable[Outcome]") -> list[str]:
    """Return one line a node under a heading: what is where, and below it why and what to do."""
    outcomes = list(outcomes)
    rows = [_COLUMNS]
    for one in outcomes:
        seconds = f"{one.seconds:.2f}" if one.seconds else "-"
        rows.append((one.node, one.release_before or "?", one.release_now or "?", one.state, seconds))
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    for one in outcomes:
        if one.why:
            lines.append(f"{one.node}: {one.why}")
        if one.why and one.next_step:
            lines.append(f"  next: {one.next_step}")
    return lines
