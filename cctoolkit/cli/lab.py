"""lab: a private real Asterisk, with a carrier and phones."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cctoolkit.cli.options import CHANGES, Format, OutputFormat, say, say_json, tell

if TYPE_CHECKING:
    from cctoolkit.lab.traffic import Now

app = typer.Typer(
    help="A private real Asterisk on this machine, with a carrier and agents' phones.", no_args_is_help=True
)


@app.command()
def up(nodes: Annotated[int, typer.Option("--nodes", help="How many nodes.", min=1, max=20)] = 1) -> None:
    """Bring the lab up and write its site file, `--site lab`. The first time it installs Asterisk 22 (about a minute).

    Example: cctoolkit lab up --nodes 2
    """
    from cctoolkit.workflow import lab

    lab.lab(progress=tell).up(nodes)


@app.command()
def down() -> None:
    """Stop every process of the lab and free its addresses.

    Example: cctoolkit lab down
    """
    from cctoolkit.workflow import lab

    lab.lab(progress=tell).down()


@app.command()
def status(output: OutputFormat = Format.text) -> int:
    """Say what of the lab is up. Exit code 0: all of it; 1: not all.

    Example: cctoolkit lab status
    """
    from cctoolkit.workflow import lab

    found = lab.lab().status()
    if output is Format.json:
        say_json(found)
    else:
        for one in found:
            say(f"{one.name:<8} {one.address:<14} {'ready' if one.ready else 'up, not ready' if one.pid else 'down'}")
        if not found:
            say("there is no lab; cctoolkit lab up")
    return 0 if found and all(one.ready for one in found) else 1


@app.command()
def traffic(
    *,
    seed: Annotated[int, typer.Option("--seed", help="The same seed, the same callers and agents.")] = 1,
    rate: Annotated[float, typer.Option("--rate", help="Calls a second.", min=0.01, max=200)] = 1.0,
    seconds: Annotated[float, typer.Option("--seconds", help="How long calls come.", min=1, max=86400)] = 60.0,
    calls: Annotated[int, typer.Option("--calls", help="At most so many.", min=1, max=1_000_000)] = 100_000,
    project: Annotated[str, typer.Option("--project", help="Whose line; the site's first when not given.")] = "",
    store: Annotated[
        Path | None, typer.Option("--store", help="Hold them against the records captured there.", metavar="DIR")
    ] = None,
    output: OutputFormat = Format.text,
) -> int:
    """Let callers and agents happen on the lab that is up, and note what each lived through.

    Callers come at random, choose, wait and give up; agents log in, answer, miss calls, wrap up and leave. What the
    street saw of each call goes to .lab/traffic.jsonl. Exit code 2: a record or queue_log differs.

    Example: cctoolkit lab traffic --seed 7 --rate 2 --seconds 60
    """
    import asyncio

    from cctoolkit.workflow import lab, specs

    at = lab.lab()
    loaded = specs.load_site(specs.LAB, [project] if project else [])
    found = next(one for one in loaded.projects if project in ("", one.id))
    wanted = lab.mix(loaded, found, seed=seed, rate=rate, seconds=seconds, calls=calls)
    done = asyncio.run(lab.traffic(at, loaded, wanted, found, _tell_now))
    table = lab.held(done, loaded, found, store) if store else None
    if output is Format.json:
        say_json({"summary": done.summary(), "path": str(done.path), "held": table})
    else:
        for line in lab.told(done, table):
            say(line)
    return CHANGES if table and not table.good else 0


def _tell_now(now: "Now") -> None:
    tell(f"{now.seconds:6.0f} s  {now.placed} of {now.planned} calls placed, {now.going_on} going on")
