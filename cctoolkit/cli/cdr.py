"""cdr: list call records."""

from typing import Annotated

import msgspec
import typer

from cctoolkit.cli.options import Project, Store, say


def command(
    project: Project,
    store: Store,
    first: Annotated[str, typer.Option("--from", help="First day, local to the project; today when not given.", metavar="DATE")] = "",
    last: Annotated[str, typer.Option("--to", help="Last day; the first when not given.", metavar="DATE")] = "",
    test: Annotated[bool, typer.Option("--test", help="Test calls too.")] = False,
    output: Annotated[str, typer.Option("--format", help="text, or jsonl: one whole record a line.")] = "text",
) -> None:
    """List call records.

    Example: cctoolkit cdr northwind-hotline --store records/ --from 2026-11-22
    """
    from cctoolkit.errors import UsageError
    from cctoolkit.workflow import records, specs

    if output not in ("text", "jsonl"):
        raise UsageError(f"{output!r} is no format", expected="text or jsonl")
    found = specs.load_project(project).project
    for record in records.records(store, found.id, records.span(found, first, last), test=test):
        if output == "jsonl":
            say(msgspec.json.encode(record).decode())
            continue
        way = " > ".join(f"{s.step} {s.outcome or '…'}" for s in record.steps)
        waits = ", ".join(f"{v.queue} {v.outcome} after {v.wait_seconds:.1f} s" for v in record.visits if v.wait_seconds is not None)
        say(f"{record.entered.moment():%Y-%m-%d %H:%M:%S}Z {record.call} {record.caller or 'anonymous'} {record.outcome}: {way}; {waits}")
