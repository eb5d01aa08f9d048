"""site: the nodes of a site."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from cctoolkit.cli.options import CHANGES, Format, Nodes, OutputFormat, Site, say, say_json

if TYPE_CHECKING:
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

    Exit code 0: done, or nothing to do; 2: with --check something is missing, or a person must do something.

    Example: cctoolkit site init --site production --node msk-1 --check
    """
    import asyncio

    from cctoolkit.workflow import prepare, specs

    reports = asyncio.run(prepare.init(specs.load_site(site), nodes or (), permit or (), check=check))
    if output is Format.json:
        say_json(reports)
    else:
        for report in reports:
            for text in told(report, check=check):
                say(f"{report.node}: {text}")
    return CHANGES if any(_open(report, check=check) for report in reports) else 0


def _open(report: "Report", *, check: bool) -> bool:
    """Say whether something is left; a switch that has not taken in what was done just now is no finding."""
    done_now = bool(report.steps) and not check
    return bool(report.todo or (check and report.steps) or (report.running and not done_now))


def told(report: "Report", *, check: bool) -> Iterator[str]:
    """Yield what was done on a node, or is missing there, and what is next."""
    for step in report.steps:
        yield f"{'missing: ' if check else ''}{step.file}: {step.what}"
    if not report.steps:
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
        yield f"next: restart Asterisk, which reads only then: {'; '.join(report.restart)}"
    elif report.reload and not check:
        yield "next: asterisk -rx 'core reload' on the node"
