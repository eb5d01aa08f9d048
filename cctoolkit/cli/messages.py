"""messages: what callers said after the tone, and what became of it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cctoolkit.cli.options import CHANGES, Format, OutputFormat, Site, say, say_json, tell

if TYPE_CHECKING:
    from cctoolkit.workflow.messages import Shown

Node = Annotated[
    str, typer.Option("--node", help="A node of the site; each whose files are here when not given.", metavar="NODE")
]

app = typer.Typer(no_args_is_help=False)


@app.callback(invoke_without_command=True)
def listed(
    context: typer.Context,
    site: Annotated[
        str, typer.Option("--site", "-s", help="A site of projects/sites/, or `lab`.", metavar="SITE")
    ] = "",
    node: Node = "",
    output: OutputFormat = Format.text,
) -> int:
    """List the messages callers left on the nodes, and what became of each.

    They are mailed by `cctoolkit messages send`. Exit code 2: one has waited for 15 minutes and is not mailed, or was
    given up for an address.

    Example: cctoolkit messages --site lab
    """
    if context.invoked_subcommand:
        return 0
    from cctoolkit.errors import UsageError
    from cctoolkit.workflow import messages, specs

    if not site:
        raise UsageError("no site is named", expected="--site SITE")
    found = list(messages.shown(specs.load_site(site), node, tell))
    if output is Format.json:
        say_json(found)
    else:
        for line in told(found):
            say(line)
    return CHANGES if any(one.late or one.failed for one in found) else 0


@app.command()
def send(
    site: Site,
    once: Annotated[bool, typer.Option("--once", help="One round, then leave; exit code 2: some still wait.")] = False,
    node: Node = "",
) -> int:
    """Mail messages until Ctrl-C or SIGTERM. It runs on the node, where their files are, one at a time.

    Example: cctoolkit messages send --site lab
    """
    from cctoolkit.workflow import mailing, specs

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stop.set())
    waiting = mailing.send(specs.load_site(site), stop, tell, once=once, node=node)
    tell(f"{waiting} wait to be mailed" if waiting else "none waits to be mailed")
    return CHANGES if once and waiting else 0


@app.command()
def fetch(
    message: Annotated[str, typer.Argument(help="A message's id, as the list shows it.", metavar="MESSAGE")],
    site: Site,
    to: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where to; MESSAGE.wav when not given.", metavar="FILE")
    ] = None,
    node: Node = "",
) -> None:
    """Copy a message's recording, as a WAV file any player takes.

    Example: cctoolkit messages fetch n1-1763812345.17-1 --site lab -o message.wav
    """
    from cctoolkit.errors import OperatorError
    from cctoolkit.workflow import messages, specs

    recording = messages.fetch(specs.load_site(site), message, node, tell)
    path = to or Path(f"{message}.wav")
    try:
        path.write_bytes(recording)
    except OSError as error:
        raise OperatorError(f"cannot be written: {error.strerror}", where=str(path)) from error
    say(str(path))


@app.command()
def resend(
    call: Annotated[str, typer.Argument(help="A call's id, or a message's, as the list shows it.", metavar="CALL")],
    site: Site,
    to: Annotated[
        str,
        typer.Option("--to", help="To this address instead of those given up.", metavar="ADDRESS"),
    ] = "",
    node: Node = "",
) -> None:
    """Have a message mailed again: to the addresses that were given up, if none was to all.

    `cctoolkit messages send` mails it, at once where it runs. The letter is a new one, with a Message-ID of its own.

    Example: cctoolkit messages resend n1-1763812345.17 --site lab --to orlova@centre.example
    """
    from cctoolkit.workflow import mailing, specs

    for message, addresses in mailing.resend(specs.load_site(site), call, to, node=node, progress=tell).items():
        say(f"{message} is mailed again to {', '.join(addresses)}")


def told(found: Iterable[Shown]) -> Iterator[str]:
    """Yield a line a message, and how many there are of each kind."""
    counts: dict[str, int] = {}
    for one in found:
        counts[one.state] = counts.get(one.state, 0) + 1
        caller = one.caller or "anonymous"
        yield f"{one.at:%Y-%m-%d %H:%M:%S}Z {one.message} {caller} {one.seconds:.1f} s {one.step}: {_became(one)}"
    yield ", ".join(f"{count} {state}" for state, count in counts.items()) or "no messages"


def _became(one: Shown) -> str:
    parts = [f"mailed to {', '.join(one.mailed)}"] if one.mailed else []
    if one.waiting:
        late = " for too long" if one.late else ""
        parts.append(f"waits{late} for {', '.join(one.waiting)}, {one.tries} tries")
    if one.failed:
        parts.append(f"given up for {', '.join(one.failed)}")
    if one.state == "unreadable":
        parts.append("cannot be read")
    if one.error and (one.waiting or one.failed or one.state == "unreadable"):
        parts.append(one.error)
    return "; ".join(parts) or one.state
