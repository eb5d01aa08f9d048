"""rollback: back to a release of before."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from cctoolkit.cli.options import Accept, Nodes, OverwriteEdits, Site, Wait, say, tell

if TYPE_CHECKING:
    from cctoolkit.plan.classes import Accepted


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
    overwrite_edits: OverwriteEdits = False,
    accept: Accept = None,
    wait: Wait = "",
) -> int:
    """Go back to a release the nodes keep: plan the way there, perform it, prove it took; put back what is in force
    when the switch does not take it. Files, queues and penalties are those of that release, whatever the spec says.

    Example: cctoolkit rollback --site lab
    """
    from cctoolkit.workflow import careful, locks

    accepted = careful.accepted(accept or ())
    return asyncio.run(_rollback(site, to, nodes or [], with_edits, overwrite_edits, accepted, locks.patience(wait)))


async def _rollback(
    site: str,
    to: str,
    only: list[str],
    with_edits: bool,
    overwrite_edits: bool,
    accepted: "Accepted",
    patience: float,
) -> int:
    from cctoolkit.deploy.terms import Terms
    from cctoolkit.plan.explain import explain
    from cctoolkit.workflow import careful, fleet, locks, nodes, rollback

    loaded = nodes.load_nodes(site)
    await locks.wait_free(nodes.chosen(loaded, only), patience, tell)
    planned = await rollback.plan_rollback(loaded, to, only, with_edits=with_edits)
    for one in planned:
        say(explain(one.plan, accepted))
    careful.refuse_dangers(planned, accepted)
    changed = await fleet.apply_site(
        planned, overwrite_edits=overwrite_edits, progress=tell, accepted=accepted, terms=Terms(verb="rollback")
    )
    if changed:
        say(f"rolled back and read back: {', '.join(changed)}")
    return 0
