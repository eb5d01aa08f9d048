"""What is where after a run over a site's nodes, as apply and rollback tell it."""

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from cctoolkit.cli.options import Format, say, say_json, tell

if TYPE_CHECKING:
    from cctoolkit.deploy.fleet import Outcome
    from cctoolkit.workflow.fleet import Applied

_COLUMNS = ("node", "release before", "release now", "state", "seconds")
_INTERRUPTED = 130


def show(applied: "Applied", output: Format, done: str, confirm_by: str = "") -> None:
    """Write what is where: a table, of one node a line that it is `done`; or all of it for a machine. Each failure is
    told once, of several nodes below the table.
    """
    from cctoolkit.errors import told

    if output is Format.json:
        by = {"confirm_by": confirm_by} if confirm_by else {}
        say_json({"nodes": applied.outcomes, "interrupted": applied.interrupted, **by})
    elif len(applied.outcomes) > 1 or applied.interrupted:
        for text in table(applied.outcomes):
            say(text)
    else:
        if applied.changed:
            say(f"{done} and read back: {', '.join(applied.changed)}")
        for error in applied.errors.values():
            tell(told(error))
    if confirm_by and output is Format.text:
        say(f"on trial until {confirm_by[:19]}Z: cctoolkit apply --confirm lets it stay")
    # A trial waits for minutes, and who reads this through a pipe is to know until when.
    sys.stdout.flush()


def ended(applied: "Applied") -> int:
    """Return the exit code of a run, and say when it was interrupted."""
    if applied.interrupted:
        tell("interrupted: what is where stands in the table")
        return _INTERRUPTED
    return applied.exit_code


def table(outcomes: "Iterable[Outcome]") -> list[str]:
    """Return one line a node under a heading: what is where, and below it why and what to do."""
    outcomes = list(outcomes)
    rows = [_COLUMNS]
    for one in outcomes:
        seconds = f"{one.seconds:.2f}" if one.seconds else "-"
        rows.append((one.node, one.release_before or "?", one.release_now or "?", one.state, seconds))
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    for one in outcomes:
        if one.why:
            lines.append(f"{one.node}: {one.why.removeprefix(f'node {one.node}: ')}")
        if one.why and one.next_step:
            lines.append(f"  next: {one.next_step}")
    return lines
