"""capture: events into the journal and call records."""

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cctoolkit.cli.options import CHANGES, Format, OutputFormat, Store, say, say_json, tell

if TYPE_CHECKING:
    from cctoolkit.cdr.address import Where
    from cctoolkit.workflow.auditing import Audited

Journal = Annotated[
    Path | None,
    typer.Option("--journal", help="The folder of journals, where records go into a database.", metavar="DIR"),
]

app = typer.Typer(no_args_is_help=False)


@app.callback(invoke_without_command=True)
def command(
    context: typer.Context,
    store: Store = None,
    site: Annotated[
        str, typer.Option("--site", "-s", help="A site of projects/sites/, or `lab`.", metavar="SITE")
    ] = "",
    replay: Annotated[
        Path | None,
        typer.Option("--replay", help="Read a journal, a part of one or a raw AMI transcript instead.", metavar="PATH"),
    ] = None,
    journal: Journal = None,
    node: Annotated[str, typer.Option("--node", help="With --replay: the node it is from.", metavar="NODE")] = "",
) -> None:
    """Capture calls until Ctrl-C or SIGTERM: every byte into the journal first, then into call records.

    Records may go into a PostgreSQL database, from captures of many nodes at once; while it is away capture goes on.
    Once a day older days are sealed, and what the projects' specs do not keep longer is forgotten.

    Example: cctoolkit capture --site lab --store records/
    """
    if context.invoked_subcommand:
        return
    from cctoolkit.errors import UsageError
    from cctoolkit.workflow import records

    if store is None:
        raise UsageError("no store is named", expected="--store DIR")
    if replay:
        say(f"{records.replay(replay, node, store, tell)} records new or newer")
    elif site:
        asyncio.run(_capture(site, store, journal))
    else:
        raise UsageError("nothing to capture", expected="--site SITE or --replay FILE")


async def _capture(site: str, store: "Where", journal: Path | None) -> None:
    from cctoolkit.workflow import keeping, records, specs

    folder = keeping.journal_folder(store, journal)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await records.capture(specs.load_site(site), store, stop, tell, journals=folder)
    tell("stopped; everything received is kept")


@app.command()
def audit(
    *,
    store: Store,
    day: Annotated[str, typer.Option("--day", help="The day.", metavar="DATE")],
    site: Annotated[
        str, typer.Option("--site", "-s", help="The site whose nodes' queue_log is read.", metavar="SITE")
    ] = "",
    log: Annotated[
        list[Path] | None,
        typer.Option("--log", help="A queue_log to read instead; may be said several times.", metavar="FILE"),
    ] = None,
    node: Annotated[str, typer.Option("--node", help="Only this node.", metavar="NODE")] = "",
    journal: Journal = None,
    time_zone: Annotated[str, typer.Option("--time-zone", help="The day's; UTC when not given.", metavar="ZONE")] = "",
    form: OutputFormat = Format.text,
) -> int:
    """Hold a day of the journal's events, of queue_log and of the store against each other: calls and outcomes, agents,
    moments, gaps. Exit code 2: something does not fit.

    Example: cctoolkit capture audit --site lab --store records/ --day 2026-11-28
    """
    from cctoolkit.workflow import auditing, keeping

    asked = auditing.Asked(day, time_zone, node, log or [])
    found = auditing.audit(site, store, keeping.journal_folder(store, journal), asked, tell)
    if form is Format.json:
        say_json(found)
    else:
        for line in _told(found):
            say(line)
    return CHANGES if any(one.findings for one in found) else 0


def _told(found: "list[Audited]") -> Iterator[str]:
    from cctoolkit.capture.audit import told

    for one in found:
        yield f"{one.node}:  events  queue_log  store"
        for count in one.counts:
            what = f"{count.project or '-'} {count.queue or '-'} {count.outcome}"
            yield f"  {count.events:>6}  {count.queue_log:>9}  {count.store:>5}  {what}"
        for kind, entries in one.entries.items():
            yield f"  {entries} rows in the switch's {kind.upper()}"
        for gap in one.gaps:
            yield f"  no events from {told(gap.start)} to {told(gap.end)}, {'' if gap.filled else 'not '}filled"
        for text, times in sorted(one.odd.items()):
            yield f"  passed over in queue_log, {times} times: {text}"
        for finding in one.findings:
            yield f"{one.node}: {finding.kind}: {finding.of}: {finding.text}"
        yield f"{one.node}: {len(one.findings)} findings"
