"""demo: what `make demo` runs."""

import asyncio
import ctypes
import os
import signal
from pathlib import Path
from typing import Annotated

import typer

from cctoolkit.cli.options import say

_PR_SET_PDEATHSIG = 1


def command(
    folder: Annotated[Path, typer.Option("--folder", help="Where everything goes.", metavar="DIR")] = Path(
        "build/demo"
    ),
    traffic: Annotated[float, typer.Option("--traffic", help="Seconds of callers and agents; 0: none.")] = 60,
    apart: Annotated[
        float, typer.Option("--apart", help="Milliseconds a record may lie from the other side's log.")
    ] = 50,
) -> None:
    """Take a project through everything on a private real Asterisk, from its spec to the report of a call.

    Example: cctoolkit demo
    """
    from cctoolkit.workflow.demo import demo

    # It runs under make: when that is killed, this ends too, and the lab with it (prctl(2)).
    parent = os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() == parent:
        asyncio.run(demo(folder, say, traffic, apart))
    say(_NEXT)


_NEXT = """
What to try next:
  .venv/bin/cctoolkit lab up                                   a lab that stays up
  .venv/bin/cctoolkit apply --site lab                         the project on it
  .venv/bin/cctoolkit trace northwind-hotline --to 88001002030 --at "2026-12-31 18:30"
  .venv/bin/cctoolkit lab down
Change projects/northwind-hotline/project.yaml and run: .venv/bin/cctoolkit plan --site lab
"""
