"""site: the nodes of a site."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from cctoolkit.cli.options import CHANGES, Format, Nodes, OutputFormat, Site, say, say_json

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from cctoolkit.workflow.prepare import Report

app = typer.Typer(no_args_is_help=True)


@app.callback()
def group() -> None:
    """Prepare the nodes of a site.

    Example: cctoolkit site init --site production --check
    """


@app.command()
def init(
    site: Site,
    nodes: Nodes = None,
    permit: Annotated[
        list[str] | None,
        typer.Option("--permit", help="A network from which the AMI accounts may log in too.", metavar="NETWORK"),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Only say what is missing.")] = False,
    output: OutputFormat = Format.text,
) -> int:
    """Prepare each node once for what apply brings: include lines, folders, AMI accounts, settings; and say what was
    done. What is there stays; a copy of every file that changes is kept beside it. A second run finds nothing to do.

    A node's files are reached by ssh where the site's file says so, else this runs on the node itself, as root.

    Exit code 0: done, or nothing to do; 2: with --check something is missing, or a person must do something.

    Example: cctoolkit site init --site production --node msk-1 --check
    """
    import asyncio

    from cctoolkit.workflow import nodes as workflow_nodes
    from cctoolkit.workflow import prepare

    found = prepare.init(workflow_nodes.load_nodes(site), nodes or (), permit or (), check=check)
    reports = asyncio.run(_said(found, output, check=check))
    return CHANGES if any(_open(report, check=check) for report in reports) else 0


async def _said(found: "AsyncIterator[Report]", output: Format, *, check: bool) -> "list[Report]":
    """Say each report when it is there: what ends this half way takes none of them back."""
    reports = []
    try:
        async for report in found:
            reports.append(report)
            for text in told(report, check=check) if output is Format.text else ():
                say(f"{report.node}: {text}")
    finally:
        if output is Format.json:
            say_json(reports)
    return reports


def _open(report: "Report", *, check: bool) -> bool:
    """Say whether something is left; a switch that has not taken in what was done just now is no finding."""
    done_now = bool(report.steps) and not check
    return bool(report.todo or (check and report.steps) or (report.running and not done_now))


def told(report: "Report", *, check: bool) -> Iterator[str]:
    """Yield what was done on a node, or is missing there, and what is next."""
    yield f"reached {report.reached}"
    for step in report.steps:
        yield f"{'missing: ' if check else ''}{step.file}: {step.what}"
    if not report.steps and not report.todo:
        yield "nothing to do, everything is there"
    if report.kept:
        yield f"kept as they were: {', '.join(report.kept)}"
    for text in report.todo:
        yield f"to do by hand: {text}"
    for text in report.running:
        yield f"the running switch: {text}"
    if not report.running:
        yield "the running switch: modules, name and the rights of each account are as they must be"
    if report.restart and not check:
        yield f"next: restart Asterisk, which reads only then: {', '.join(report.restart)}"
    elif report.reload and not check:
        yield "next: asterisk -rx 'core reload' on the node"
