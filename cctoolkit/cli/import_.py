"""import: what other systems have, taken over."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cctoolkit.cli.options import CHANGES, Format, OutputFormat, Store, say, say_json, tell

if TYPE_CHECKING:
    from cctoolkit.capture.importing import Imported as Log
    from cctoolkit.takeover.leftovers import Leftover
    from cctoolkit.workflow.importing import Imported

app = typer.Typer(no_args_is_help=True)


@app.callback()
def sources() -> None:
    """Take over what another system has.

    Example: cctoolkit import asterisk /etc/asterisk
    """


@app.command()
def asterisk(
    *,
    folder: Annotated[
        Path, typer.Argument(help="A switch's configuration folder, such as /etc/asterisk.", metavar="DIR")
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Where projects/ is, or is to be.", metavar="FOLDER")
    ] = Path(),
    project: Annotated[
        list[str] | None,
        typer.Option(
            "--project", help="A project to write, for all numbers or some: NAME or NAME=NUMBER,NUMBER.", metavar="NAME"
        ),
    ] = None,
    site: Annotated[
        str, typer.Option("--site", "-s", help="The name of the site to write.", metavar="SITE")
    ] = "imported",
    country: Annotated[str, typer.Option("--country", help="The country numbers are written for, such as RU.")] = "",
    language: Annotated[str, typer.Option("--language", help="ru, pl or en; the switch's own when not given.")] = "",
    time_zone: Annotated[
        str, typer.Option("--time-zone", help="The switch's, which no file has.", metavar="ZONE")
    ] = "",
    context: Annotated[
        list[str] | None,
        typer.Option(
            "--context", help="A context that calls from outside come into; those of the trunks when not given."
        ),
    ] = None,
    certified: Annotated[
        str, typer.Option("--certified", help="Since when the agents are certified.", metavar="DATE")
    ] = "",
    form: OutputFormat = Format.text,
) -> int:
    """Make a first spec of an existing switch: its queues, numbers, menus, hours and agents, and a list of all that it
    could not express. The folder is only read, no password is copied. Exit code 2: something is left over.

    Example: cctoolkit import asterisk /etc/asterisk -o centre --project hotline --time-zone Europe/Moscow
    """
    from cctoolkit.workflow import importing

    asked = importing.Asked(
        projects=project or [], site=site, country=country, language=language, time_zone=time_zone,
        contexts=context or [], certified=certified,
    )  # fmt: skip
    found = importing.import_asterisk(folder, output, asked, tell)
    if form is Format.json:
        say_json({"files": found.files, "found": found.counts, "left": [_data(one) for one in found.left]})
    else:
        _tell(found)
    return CHANGES if found.left else 0


def _data(one: "Leftover") -> dict[str, object]:
    return {"file": one.place.file, "line": one.place.line, "what": one.what, "why": one.why, "by_hand": one.by_hand}


def _tell(found: "Imported") -> None:
    alike: dict[tuple[str, str, str], dict[str, list[int]]] = {}
    for one in found.left:
        alike.setdefault((one.what, one.why, one.by_hand), {}).setdefault(one.place.file, []).append(one.place.line)
    for (what, why, by_hand), places in alike.items():
        say(f"{_shown(places)}: {what}: {why}\n  by hand: {by_hand}")
    for file in found.files:
        say(f"{file}: written")
    say(", ".join(f"{count} {what}" for what, count in found.counts.items()) + f"; {len(found.left)} left over")
    say("  next: cctoolkit validate; cctoolkit graph; docs/import.md says what remains to be done")


def _shown(places: dict[str, list[int]]) -> str:
    """Return lines by their files: `a.conf:3, 7, b.conf`."""
    numbered = ((file, ", ".join(str(line) for line in lines if line)) for file, lines in places.items())
    return ", ".join(f"{file}:{lines}" if lines else file for file, lines in numbered)


@app.command("queue_log")
def queue_log(
    *,
    files: Annotated[
        list[str],
        typer.Argument(
            help="Logs of one node, as text or a dump of the table as CSV, packed or not, or SQLite files; or the "
            "database that has the table: postgresql://USER:env:NAME@HOST/DATABASE, or mysql://…",
            metavar="FILE|URL...",
        ),
    ],
    store: Store,
    site: Annotated[
        str, typer.Option("--site", "-s", help="The site whose only node wrote it; or --node.", metavar="SITE")
    ] = "",
    node: Annotated[str, typer.Option("--node", help="The node that wrote it.", metavar="NODE")] = "",
    time_zone: Annotated[
        str, typer.Option("--time-zone", help="That of a table's local times; a file has none.", metavar="ZONE")
    ] = "",
    table: Annotated[str, typer.Option("--table", help="Its name in a database.", metavar="NAME")] = "queue_log",
    journal: Annotated[
        Path | None,
        typer.Option(
            "--journal", help="The folder of capture's journals, where records are in a database.", metavar="DIR"
        ),
    ] = None,
    form: OutputFormat = Format.text,
) -> None:
    """Take call records and agents' states from Asterisk's queue_log: years of it, rotated, in any order. What is kept
    already is told neither twice nor less exactly.

    Example: cctoolkit import queue_log /var/log/asterisk/queue_log* --store records/ --node n1
    """
    from cctoolkit.workflow import second_source

    asked = second_source.Asked(time_zone, table, journal)
    done = second_source.import_queue_log(files, store, node, site, asked, tell)
    if form is Format.json:
        say_json(done)
    else:
        _tell_log(done)


def _tell_log(done: "Log") -> None:
    for kind, count in sorted(done.odd.items()):
        say(f"passed over, {count:,} times: {kind}")
    calls = f"{done.calls:,} calls, {done.kept_calls:,} of them new or newer"
    say(f"{done.lines:,} lines; {calls}; {done.states:,} agents' states, {done.kept_states:,} new or longer")
