"""watch: queues and agents live."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cctoolkit.cli.options import Format, OptionalStore, OutputFormat, Site, say_json

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    from cctoolkit.workflow.watch import Picture, Watch

_REFRESH_SECONDS = 0.5
_STYLES = {
    "ready": "green", "ringing": "cyan", "talking": "bold cyan", "on hold": "blue", "wrap-up": "magenta",
    "paused": "yellow", "busy": "cyan", "offline": "bold red", "logged out": "dim",
}  # fmt: skip
_COLUMNS = {state: (state,) for state in ("ready", "ringing", "talking", "on hold", "wrap-up", "paused")} | {
    "other": ("busy", "offline"),
    "logged out": ("logged out",),
}
"""The columns of a queue's agents, and the states in each: `other` is rare, and the agents' table says which."""
_MOST_REASONS = 2
"""Why messages are not counted, in lines: on a machine that no node lets in each may say it in words of its own."""


def command(
    site: Site,
    project: Annotated[str, typer.Option("--project", help="Only this project of the site.", metavar="PROJECT")] = "",
    store: OptionalStore = None,
    once: Annotated[bool, typer.Option("--once", help="Print one picture and leave.")] = False,
    output: OutputFormat = Format.text,
) -> None:
    """Watch queues and agents; q or Ctrl-C leaves. A connection that is lost is shown and tried again.

    Example: cctoolkit watch --site lab --store records/
    """
    from cctoolkit.workflow import specs
    from cctoolkit.workflow.watch import Watch

    loaded = specs.load_site(site, [project] if project else [])
    projects = tuple(one for one in loaded.projects if not project or one.id == project)
    watch = Watch(loaded, projects, store)
    if once or output is Format.json or not sys.stdout.isatty():
        _once(watch, output)
        return
    with suppress(KeyboardInterrupt):
        asyncio.run(_live(watch))


def _once(watch: Watch, output: Format) -> None:
    from cctoolkit.document import terminal

    asyncio.run(watch.look())
    picture = watch.picture()
    if output is Format.json:
        say_json(picture)
        return
    terminal.console().print(_panel(watch, picture))


async def _live(watch: Watch) -> None:
    from rich.live import Live

    leave = asyncio.Event()
    running = asyncio.create_task(watch.run())
    try:
        with _key("q", leave), Live(_panel(watch, watch.picture()), screen=True, auto_refresh=False) as live:
            while not (running.done() or leave.is_set()):
                live.update(_panel(watch, watch.picture()), refresh=True)
                with suppress(TimeoutError):
                    await asyncio.wait_for(leave.wait(), _REFRESH_SECONDS)
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


@contextmanager
def _key(wanted: str, pressed: asyncio.Event) -> Iterator[None]:
    """Set `pressed` when the key is pressed; the terminal hands keys over one by one meanwhile, unseen."""
    if not sys.stdin.isatty():
        yield
        return
    import termios
    import tty

    def read() -> None:
        try:
            typed = os.read(file, 64)
        except OSError:
            typed = b""
        # Nothing comes of a terminal that was closed.
        if not typed or wanted in typed.decode(errors="replace").lower():
            pressed.set()

    loop, file = asyncio.get_running_loop(), sys.stdin.fileno()
    before = termios.tcgetattr(file)
    tty.setcbreak(file)
    loop.add_reader(file, read)
    try:
        yield
    finally:
        loop.remove_reader(file)
        termios.tcsetattr(file, termios.TCSADRAIN, before)


def _panel(watch: Watch, picture: Picture) -> Group:
    from rich.console import Group

    head = (_head(watch, picture), *_lost(picture), *_uncounted(watch, picture))
    if len(picture.lost) == len(watch.loaded.site.nodes):
        # Empty queues and agents logged out would be a claim; nothing is known.
        return Group(*head)
    return Group(*head, "", _queues(watch, picture), "", _agents(watch, picture))


def _head(watch: Watch, picture: Picture) -> Text:
    from rich.text import Text

    site = watch.loaded.site.site
    waiting = sum(row.waiting for row in picture.queues)
    busy = [row for row in picture.agents if row.state != "logged out"]
    moment = datetime.fromtimestamp(picture.at / 1_000_000).astimezone()
    head = Text(site.title, style="bold")
    head.append(f"   {moment:%H:%M:%S}   waiting {waiting}   agents {len(busy)}/{len(picture.agents)}", "not bold")
    unmailed, late = picture.unmailed
    if unmailed:
        head.append(f"   messages not mailed {unmailed}", "bold red" if late else "not bold")
    return head


def _lost(picture: Picture) -> Iterator[Text]:
    from rich.text import Text

    for node, why in picture.lost.items():
        yield Text(f"{node}: {why}; trying again", style="bold red")
    if picture.no_figures:
        yield Text(f"{picture.no_figures}; trying again", style="bold red")


def _uncounted(watch: Watch, picture: Picture) -> Iterator[Text]:
    """Yield whose messages are not counted, and why: nodes with one reason in a line, a few lines at most."""
    from rich.text import Text

    if not watch.takes_messages:  # nobody misses any
        return
    nodes: dict[str, list[str]] = {}
    for node, why in picture.uncounted.items():
        nodes.setdefault(why, []).append(node)
    reasons = list(nodes.items())
    for why, some in reasons[:_MOST_REASONS]:
        yield Text(f"messages not counted on {', '.join(some)}: {why}", style="yellow")
    if rest := [node for _, some in reasons[_MOST_REASONS:] for node in some]:
        yield Text(f"messages not counted on {', '.join(rest)} either: --format json says why", style="yellow")


def _queues(watch: Watch, picture: Picture) -> Table:
    from cctoolkit.document import terminal

    titles = ["queue", "waiting", "longest", *_COLUMNS]
    titles += ["offered", "answered", "S/L"] if watch.store else []
    made = terminal.table(titles, (), left=1)
    for row in picture.queues:
        alarm = "bold yellow" if row.waiting else ""
        counts = {name: sum(row.agents[state] for state in states) for name, states in _COLUMNS.items()}
        cells = [
            _text(_short(watch, row.queue)),
            _text(str(row.waiting), alarm),
            _text(_clock(row.longest_seconds), alarm),
        ]
        cells += [
            _text(str(count or "-"), _STYLES.get(state, "") if count else "dim") for state, count in counts.items()
        ]
        today = picture.today.get(row.queue)
        if watch.store:
            level = None if today is None else today.service_level
            cells += [
                _text("-" if today is None else str(today.offered)),
                _text("-" if today is None else str(today.answered)),
            ]
            cells.append(_text("-" if level is None else f"{level * 100:.0f}\N{NO-BREAK SPACE}%"))
        made.add_row(*cells)
    return made


def _short(watch: Watch, queue: str) -> str:
    """Return a queue's name without its project's where there is only one."""
    return queue.partition(".")[2] if len(watch.projects) == 1 else queue


def _agents(watch: Watch, picture: Picture) -> Table:
    from cctoolkit.document import terminal

    names = {entry.agent: entry.name for entry in watch.loaded.site.roster}
    made = terminal.table(["agent", "state", "reason", "since", "calls"], (), left=3)
    # Whoever is not there stands below those who are.
    for row in sorted(picture.agents, key=lambda one: one.state == "logged out"):
        style = "bold red" if watch.over_limit(row) else _STYLES[row.state]
        since = "" if row.state == "logged out" else _clock(row.seconds)
        cells = (names.get(row.agent, row.agent), row.state, row.reason, since, str(row.handled or "-"))
        made.add_row(
            *(_text(cell, "dim" if style == "dim" else style if place == 1 else "") for place, cell in enumerate(cells))
        )
    return made


def _text(text: str, style: str = "") -> Text:
    from rich.text import Text

    return Text(text, style=style)


def _clock(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
