"""fmt: specs in one form."""

from typing import Annotated

import typer

from cctoolkit.cli.options import CHANGES, say


def command(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            help="Projects by id or folder; a file of a project, a library or a site by its path; all of projects/ "
            "when none is named.",
            metavar="[PATH]...",
        ),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit code 2 when a file is not tidy.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Write nothing; show what would change.")] = False,
) -> int:
    """Tidy specs: keys in order, numbers and durations in one form, quotes, indentation. Comments stay, and a file that
    would mean anything else afterwards is not written.

    Example: cctoolkit fmt northwind-hotline --diff
    """
    from cctoolkit.workflow import fmt

    found = fmt.tidy(paths or [])
    untidy = [one for one in found if one.changed]
    for one in untidy:
        if diff:
            say(one.diff().rstrip("\n"))
        elif check:
            say(f"{one.shown}: not tidy; cctoolkit fmt {one.shown}")
        else:
            fmt.write(one)
            say(f"{one.shown}: tidied")
    say(f"{len(found) - len(untidy)} of {len(found)} were tidy")
    return CHANGES if untidy and (check or diff) else 0
