"""lab: a private real Asterisk, with a carrier and phones."""

from typing import Annotated

import typer

from cctoolkit.cli.options import Format, OutputFormat, say, say_json, tell

app = typer.Typer(help="A private real Asterisk on this machine, with a carrier and agents' phones.", no_args_is_help=True)


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
