"""rollback: back to a release of before."""

import asyncio
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
    Site,
    Wait,
    WhenIdle,
    Within,
    say,
    tell,
)

if TYPE_CHECKING:
    from cctoolkit.plan.classes import Accepted
    from cctoolkit.workflow.careful import How
    from cctoolkit.workflow.fleet import Fleet


def command(
    site: Site,
    to: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="RELEASE",
            help="A kept release: its id, its folder or the commit it was applied from; the one before if not given.",
        ),
    ] = "",
    nodes: Nodes = None,
    with_edits: Annotated[
        bool, typer.Option("--with-edits", help="Take the kept release though somebody edited its files by hand.")
    ] = False,
    canary: Canary = "",
    at_once: AtOnce = 4,
    all_or_none: AllOrNone = False,
    overwrite_edits: OverwriteEdits = False,
    accept: Accept = None,
    when_idle: WhenIdle = False,
    drain: Drain = False,
    within: Within = "30m",
    wait: Wait = "",
    output: OutputFormat = Format.text,
) -> int:
    """Go back to a release the nodes keep: plan the way there, perform it, prove it took; put back what is in force
    when the switch does not take it. Files, queues and penalties are those of that release, whatever the spec says.

    Several nodes go as with apply: the canary first, all or, after a failure, none. One that is away is left as it is,
    and goes back later by --node: exit code 4.

    Example: cctoolkit rollback --site lab
    """
    from cctoolkit.deploy.terms import Terms
    from cctoolkit.plan.classes import EVERYTHING
    from cctoolkit.workflow import careful, fleet, locks, rollback

    may = careful.accepted(accept or ())
    spread = fleet.How(canary, False, at_once, all_or_none, overwrite_edits, may, Terms("rollback"), rollback.CATCH_UP)
    how = careful.How(spread, tuple(nodes or ()), when_idle, drain, locks.duration(within, "--within"))
    # Who waits for it need not be told that it is refused.
    shown = EVERYTHING if when_idle or drain else may
    return asyncio.run(_rollback(site, to, with_edits, how, shown, output, locks.patience(wait)))


async def _rollback(
    site: str, to: str, with_edits: bool, how: "How", shown: "Accepted", output: Format, patience: float
) -> int:
    from cctoolkit.cli.plan import told
    from cctoolkit.workflow import careful, locks, nodes, rollback

    loaded = nodes.load_nodes(site)

    def tell_plans(planned: "Fleet") -> None:
        if output is Format.text:
            for text in told(planned, shown, "rollback"):
                say(text)

    async with locks.held(nodes.chosen(loaded, how.nodes), "rollback", patience, tell):
        with careful.nothing_changed(tell):
            planned = await rollback.plan_rollback(loaded, to, how.nodes, with_edits=with_edits)
        applied = await careful.perform(planned, how, progress=tell, told=tell_plans)
    outcomes.show(applied, output, "rolled back")
    return outcomes.ended(applied)
