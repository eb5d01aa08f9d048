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

app = typer.Typer(no_args_is_help=False)


@app.callback(invoke_without_command=True)
def listed(
    context: typer.Context,
    site: Annotated[
        str, typer.Option("--site", "-s", help="A site of projects/sites/, or `lab`.", metavar="SITE")
    ] = "",
    output: OutputFormat = Format.text,
) -> int:
    """List the messages callers left on the nodes, and what became of each.

    They are mailed by `cctoolkit messages send`. Exit code 2: one has waited for 15 minutes and is not mailed.

    Example: cctoolkit messages --site lab
    """
    if context.invoked_subcommand:
        return 0
    from cctoolkit.errors import UsageError
    from cctoolkit.workflow import messages, specs

    if not site:
        raise UsageError("no site is named", expected="--site SITE")
    found = list(messages.shown(specs.load_site(site)))
    if output is Format.json:
        say_json(found)
    else:
        for line in told(found):
            say(line)
    return CHANGES if any(one.late for one in found) else 0


@app.command()
def send(
    site: Site,
    once: Annotated[bool, typer.Option("--once", help="One round, then leave; exit code 2: some still wait.")] = False,
) -> int:
    """Mail messages until Ctrl-C or SIGTERM. It runs on the node, where their files are, one at a time.

    Example: cctoolkit messages send --site lab
    """
    from cctoolkit.workflow import messages, specs

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stop.set())
    waiting = messages.send(specs.load_site(site), stop, tell, once=once)
    tell(f"{waiting} wait to be mailed" if waiting else "none waits to be mailed")
    return CHANGES if once and waiting else 0


@app.command()
def fetch(
    message: Annotated[str, typer.Argument(help="A message's id, as the list shows it.", metavar="MESSAGE")],
    site: Site,
    to: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where to; MESSAGE.wav when not given.", metavar="FILE")
    ] = None,
) -> None:
    """Copy a message's recording, as a WAV file any player takes.

    Example: cctoolkit messages fetch n1-1763812345.17-1 --site lab -o message.wav
    """
    from cctoolkit.errors import OperatorError
    from cctoolkit.workflow import messages, specs

    recording = messages.fetch(specs.load_site(site), message)
    path = to or Path(f"{message}.wav")
    try:
        path.write_bytes(recording)
    except OSError as error:
        raise OperatorError(f"cannot be written: {error.strerror}", where=str(path)) from error
    say(str(path))


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
    if one.error and one.waiting:
        parts.append(one.error)
    return "; ".join(parts) or one.state
