"""trace: where would this call go."""

from typing import Annotated

import typer

from cctoolkit.cli.options import Format, OutputFormat, Project, say, say_json


def command(
    project: Project,
    to: Annotated[str, typer.Option("--to", help="The number dialled, in any form.", metavar="NUMBER")],
    at: Annotated[
        str, typer.Option("--at", help="A local time of the project; now when not given.", metavar="TIME")
    ] = "",
    keys: Annotated[
        str, typer.Option("--keys", help='Keys in order, such as 1,2; "-" is silence for one attempt.')
    ] = "",
    queue: Annotated[
        str,
        typer.Option(
            "--queue",
            help="How queues end, one after another: answered, abandoned, timeout, full, no-agents, key-1, continued.",
        ),
    ] = "answered",
    transfer: Annotated[
        str, typer.Option("--transfer", help="How transfers end: transferred, busy, no-answer, failed.")
    ] = "transferred",
    voicemail: Annotated[
        str, typer.Option("--voicemail", help="How messages end: message-left, done, too-short.")
    ] = "message-left",
    output: OutputFormat = Format.text,
) -> None:
    """Walk one call through the flow, step by step, with the reason for each turn and the spec's line.

    Example: cctoolkit trace northwind-hotline --to "8 800 100-20-30" --at "2026-12-31 18:30" --keys 1
    """
    from cctoolkit.workflow import specs

    loaded = specs.load_project(project)
    walk = specs.trace(loaded.project, specs.dialled(loaded.project, to), at, keys, (queue, transfer, voicemail))
    if output is Format.json:
        say_json(walk)
        return
    for taken in walk.steps:
        line = loaded.document.mark(("flow", taken.step), key=True).line
        say(f"{taken.step:<24} {taken.kind:<8} {taken.label:<16} {taken.why}  ({loaded.document.file}:{line})")
    say(f"ends: {walk.end}")
