"""apply: do the plan, prove it took, or put everything back."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from cctoolkit.cli.options import Projects, Site, say, tell
from cctoolkit.plan.classes import Class


def command(
    site: Site,
    projects: Projects = None,
    overwrite_edits: Annotated[
        bool, typer.Option("--overwrite-edits", help="Overwrite files that were edited by hand on the node.")
    ] = False,
    accept: Annotated[
        list[Class] | None,
        typer.Option("--accept", help="A danger that may happen now; once for each.", metavar="CLASS"),
    ] = None,
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
) -> int:
    """Plan, then perform the plan: one rename on disk, reload, read back; put back when the switch did not
    take it. What would touch who is live is refused with what it would do, unless it is accepted or waited for.

    Example: cctoolkit apply --site lab --when-idle
    """
    from cctoolkit.plan.classes import Accepted
    from cctoolkit.plan.explain import explain
    from cctoolkit.workflow import careful, specs

    how = careful.How(
        careful.accepted(accept or ()), overwrite_edits, when_idle, drain, careful.limit(within), plan
    )  # fmt: skip
    loaded = specs.load_site(site, projects or [])
    # Who waits for it need not be told that it is refused.
    shown = Accepted(frozenset(Class)) if when_idle or drain else how.accepted
    changed = asyncio.run(careful.apply(loaded, how, progress=tell, told=lambda one: say(explain(one, shown))))
    if changed:
        say(f"applied and read back: {', '.join(changed)}")
    return 0
