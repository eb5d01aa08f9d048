"""capture: events into the journal and call records; how it does; the service that runs it."""

import asyncio
import signal
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cctoolkit.cli.options import CHANGES, Format, OutputFormat, Store, say, say_json, tell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cctoolkit.capture.told import Told
    from cctoolkit.cdr.address import Where
    from cctoolkit.workflow.auditing import Audited
    from cctoolkit.workflow.records import Manner


class Log(StrEnum):
    """How a capture says what it does."""

    text = "text"
    json = "json"


Site = Annotated[str, typer.Option("--site", "-s", help="A site of projects/sites/, or `lab`.", metavar="SITE")]
Nodes = Annotated[
    list[str] | None,
    typer.Option("--node", help="Only this node; may be said several times. All when not given.", metavar="NODE"),
]
Metrics = Annotated[
    str,
    typer.Option("--metrics", help="Show figures to Prometheus at this loopback address.", metavar="127.0.0.1:PORT"),
]

Journal = Annotated[
    Path | None,
    typer.Option("--journal", help="The folder of journals, where records go into a database.", metavar="DIR"),
]

app = typer.Typer(rich_markup_mode=None)


@app.callback(invoke_without_command=True)
def command(
    context: typer.Context,
    *,
    store: Store = None,
    site: Site = "",
    replay: Annotated[
        Path | None,
        typer.Option("--replay", help="Read a journal, a part of one or a raw AMI transcript instead.", metavar="PATH"),
    ] = None,
    journal: Journal = None,
    node: Annotated[
        list[str] | None,
        typer.Option(
            "--node",
            help="Only this node; may be said several times. With --replay: the node it is from.",
            metavar="NODE",
        ),
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait for a node that does not answer at the start, instead of giving up.")
    ] = False,
    metrics: Metrics = "",
    log: Annotated[Log, typer.Option("--log", help="text for people, json: an object a line.")] = Log.text,
) -> None:
    """Capture calls until Ctrl-C or SIGTERM: every byte into the journal first, then into call records.

    Records may go into a PostgreSQL database, from captures of many nodes at once; while it is away capture goes on.
    Once a day older days are sealed, and what the projects' specs do not keep longer is forgotten.

    Example: cctoolkit capture --site lab --store records/
    """
    from cctoolkit.capture.notify import Notifier
    from cctoolkit.errors import UsageError
    from cctoolkit.workflow import records

    if context.invoked_subcommand:
        return
    if store is None:
        raise UsageError("nowhere to keep what is captured", expected="--store DIR")
    nodes = tuple(node or ())
    if replay and len(nodes) < 2:
        say(f"{records.replay(replay, ''.join(nodes), store, tell)} records new or newer")
    elif site and not replay:
        manner = records.Manner(
            nodes=nodes, patient=wait, metrics=metrics, journals=journal, notifier=Notifier.of(_environment())
        )
        asyncio.run(_capture(site, store, manner, _tell_json if log is Log.json else tell))
    else:
        raise UsageError("nothing to capture", expected="--site SITE or --replay FILE, of one node")


@app.command()
def status(store: Store, site: Site = "", journal: Journal = None, output: OutputFormat = Format.text) -> int:
    """Say how the capture of each node does; with --site of all its nodes, whose clocks are asked. Exit code 2: of one
    nothing is captured now.

    Example: cctoolkit capture status --store records/
    """
    from cctoolkit.workflow import capture_status, keeping, nodes

    folder = keeping.journal_folder(store, journal)
    found = asyncio.run(capture_status.look(folder, nodes.load_nodes(site) if site else None))
    if output is Format.json:
        say_json(found)
    else:
        for line in capture_status.table(found):
            say(line)
    return 0 if all(one.good for one in found) else CHANGES


@app.command()
def unit(
    store: Annotated[
        str, typer.Option("--store", help="As `capture` takes it: a folder or a database.", metavar="DIR|URL")
    ],
    site: Site,
    *,
    journal: Journal = None,
    node: Nodes = None,
    metrics: Metrics = "127.0.0.1:9750",
    user: Annotated[
        str, typer.Option("--user", help="Who runs it, not root; must be able to read queue_log.")
    ] = "cctoolkit",
) -> None:
    """Print the systemd unit that runs such a capture from this folder.

    Example: cctoolkit capture unit --site lab --store records/ > /etc/systemd/system/cctoolkit-capture-lab.service
    """
    from cctoolkit.workflow import service_unit

    say(service_unit.unit(site, (store, journal), node or (), metrics, user).rstrip("\n"))


async def _capture(site: str, store: "Where", manner: "Manner", told: "Callable[[Told], None]") -> None:
    from cctoolkit.capture.told import Told
    from cctoolkit.errors import CctoolkitError
    from cctoolkit.workflow import records, specs

    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def end() -> None:
        # The second time it ends at once: the journal has all that was received, the next start puts it into the store.
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end)
    try:
        await records.capture(specs.load_site(site), store, stop, told, manner=manner)
    except CctoolkitError as error:
        if told is _tell_json:
            told(Told.of("", "failed", error.what, "error", where=error.where, next_step=error.next_step))
            raise typer.Exit(error.exit_code) from error
        raise
    told(Told.of("", "stopped", "stopped; everything received is kept"))


def _tell_json(line: "Told") -> None:
    import json

    from cctoolkit import clock

    tell(
        json.dumps(
            {
                "time": clock.now().isoformat(timespec="microseconds"),
                "level": line.level,
                "node": line.node,
                "event": line.event,
                "text": line.text,
                **({"fields": line.fields} if line.fields else {}),
            },
            ensure_ascii=False,
        )
    )


def _environment() -> dict[str, str]:
    import os

    return dict(os.environ)


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
    """Hold a day of the journal's events, of queue_log, of the switch's own CDR and of the store against each other:
    calls and outcomes, agents, moments, gaps. Exit code 2: something does not fit.

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


def _told(found: "list[Audited]") -> "Iterator[str]":
    from cctoolkit.capture.audit import told

    for one in found:
        yield f"{one.node}:  events  queue_log  store"
        for count in one.counts:
            what = f"{count.project or '-'} {count.queue or '-'} {count.outcome}"
            yield f"  {count.events:>6}  {count.queue_log:>9}  {count.store:>5}  {what}"
        if one.cdr is not None:
            yield f"  {one.cdr} calls in the switch's own CDR"
        for gap in one.gaps:
            yield f"  no events from {told(gap.start)} to {told(gap.end)}, {'' if gap.filled else 'not '}filled"
        for text, times in sorted(one.odd.items()):
            yield f"  passed over, {times} times: {text}"
        for finding in one.findings:
            yield f"{one.node}: {finding.kind}: {finding.of}: {finding.text}"
        yield f"{one.node}: {len(one.findings)} findings"
