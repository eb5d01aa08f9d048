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
        str,
        typer.Option(
            "--keys", help='Keys in order, such as 1,2; digits to collect together; "-" is silence for one attempt.'
        ),
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
    crm: Annotated[str, typer.Option("--crm", help="What the CRM answers: found, not_found, failed.")] = "found",
    record: Annotated[
        str, typer.Option("--record", help="What the CRM has of the caller, such as grade=gold,city=Тверь.")
    ] = "",
    callback: Annotated[str, typer.Option("--callback", help="Offers to call back: taken, refused.")] = "taken",
    survey: Annotated[str, typer.Option("--survey", help="Whether a score is given: done, none.")] = "done",
    share: Annotated[str, typer.Option("--share", help="The cases chance chooses; the likeliest when not given.")] = "",
    caller: Annotated[
        str,
        typer.Option(
            "--from", help="Who calls, or anonymous; a number no case knows when not given.", metavar="NUMBER"
        ),
    ] = "",
    output: OutputFormat = Format.text,
) -> None:
    """Walk one call through the flow, step by step, with the reason for each turn and the spec's line.

    Example: cctoolkit trace northwind-hotline --to "8 800 100-20-30" --at "2026-12-31 18:30" --keys 1
    """
    from cctoolkit.workflow import specs
    from cctoolkit.workflow.trace import trace

    loaded = specs.load_project(project)
    # Outcomes are one word to a person, with either kind of hyphen.
    outcomes = {
        name: ends.replace("_", "-")
        for name, ends in (
            ("queue", queue), ("transfer", transfer), ("voicemail", voicemail), ("crm", crm), ("callback", callback),
            ("survey", survey),
        )
    }  # fmt: skip
    walk = trace(
        loaded.project,
        specs.dialled(loaded.project, to),
        at,
        keys,
        {**outcomes, "share": share, "record": record},
        caller,
    )
    if output is Format.json:
        say_json(walk)
        return
    for taken in walk.steps:
        where = loaded.document.where(("flow", taken.step), key=True)
        say(f"{taken.step:<24} {taken.kind:<8} {taken.label:<16} {taken.why}  ({where})")
    say(f"ends: {walk.end}")
