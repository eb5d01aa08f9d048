"""drift: what somebody changed by hand."""

import asyncio
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from cctoolkit.cli.options import CHANGES, Format, Nodes, OutputFormat, Site, say, say_json

if TYPE_CHECKING:
    from cctoolkit.plan.drift import Drifted
    from cctoolkit.workflow.drift import Found


def command(site: Site, nodes: Nodes = None, output: OutputFormat = Format.text) -> int:
    """Show what somebody changed by hand on the nodes since the last apply: files of the release in force, what the
    switch runs besides them, queues and penalties of logged-in agents; by whom, as far as is known, and how to take it
    into the spec or put it back. Pauses and log-ins are no drift.

    Exit code 0: nothing; 2: findings; 4: a node is away, which is said in its place.

    Example: cctoolkit drift --site lab
    """
    from cctoolkit.errors import SwitchUnreachable
    from cctoolkit.workflow.drift import drift_site

    found = asyncio.run(drift_site(site, nodes or ()))
    if output is Format.json:
        say_json(found)
    else:
        for name, one in found.items():
            say(f"node {name}: {_head(one)}")
            for note in one.notes:
                say(f"  ! {note}")
            for _, alike in groupby(one.findings, key=lambda f: (f.side, f.kind, f.name, f.by, f.take_in, f.put_back)):
                for line in shown(list(alike)):
                    say(f"  {line}")
    if any(one.away for one in found.values()):
        return SwitchUnreachable.exit_code
    return CHANGES if any(one.findings for one in found.values()) else 0


def _head(one: "Found") -> str:
    if one.away:
        return f"away: {one.away}"
    count = len(one.findings)
    told = f"{count} finding{'s' * (count != 1)} against" if count else "nothing drifted from"
    return f"{told} release {one.release}"


_MOST_SHOWN = 20


def shown(alike: Sequence["Drifted"]) -> Iterator[str]:
    """Yield findings of one thing in lines a person reads."""
    from cctoolkit.plan.explain import shown as thing

    one = alike[0]
    place = " (the switch runs something else than its files say)" if one.side == "memory" else ""
    whole = f": {_change(one)}" if one.side == "disk" else place
    yield f"{_sign(alike)} {one.kind} {thing(one.kind, one.name)}{whole}"
    if one.side != "disk":
        yield from (f"    {each.option}: {_change(each)}" for each in alike[:_MOST_SHOWN])
    if len(alike) > _MOST_SHOWN:
        yield f"    … and {len(alike) - _MOST_SHOWN} more"
    yield from (f"    {line}" for line in one.diff.splitlines())
    if one.by:
        yield f"    by: {one.by}"
    yield f"    take it in: {one.take_in or 'no section says this: the toolkit writes it'}"
    yield f"    put it back: {one.put_back}"


def _sign(alike: Sequence["Drifted"]) -> str:
    whats = {one.what for one in alike}
    return {frozenset({"added"}): "+", frozenset({"removed"}): "-"}.get(frozenset(whats), "~")


def _change(one: "Drifted") -> str:
    if one.side == "disk":
        return one.what + (f"; {one.loaded}" if one.loaded else "")
    return f"{_value(one.was)} -> {_value(one.now)}"


def _value(value: str | None) -> str:
    return "nothing" if value is None else value
