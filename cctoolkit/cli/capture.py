"""capture: events into the journal and call records."""

import asyncio
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cctoolkit.cli.options import Store, say, tell

if TYPE_CHECKING:
    from cctoolkit.cdr.address import Where


def command(
    store: Store,
    site: Annotated[
        str, typer.Option("--site", "-s", help="A site of projects/sites/, or `lab`.", metavar="SITE")
    ] = "",
    replay: Annotated[
        Path | None,
        typer.Option("--replay", help="Read a journal, a part of one or a raw AMI transcript instead.", metavar="PATH"),
    ] = None,
    journal: Annotated[
        Path | None,
        typer.Option("--journal", help="The folder of journals, where records go into a database.", metavar="DIR"),
    ] = None,
    node: Annotated[str, typer.Option("--node", help="With --replay: the node it is from.", metavar="NODE")] = "",
) -> None:
    """Capture calls until Ctrl-C or SIGTERM: every byte into the journal first, then into call records.

    Records may go into a PostgreSQL database, from captures of many nodes at once; while it is away capture goes on.
    Once a day older days are sealed, and what the projects' specs do not keep longer is forgotten.

    Example: cctoolkit capture --site lab --store records/
    """
    from cctoolkit.errors import UsageError
    from cctoolkit.workflow import records

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
