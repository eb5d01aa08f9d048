"""new: a project to begin with."""

from typing import Annotated

import typer

from cctoolkit.cli.options import say


def command(
    name: Annotated[str, typer.Argument(help="The project's id, and its folder below projects/.", metavar="NAME")] = "",
    template: Annotated[
        str, typer.Option("--template", help="What to begin with; see --list.", metavar="TEMPLATE")
    ] = "hotline-ru",
    listed: Annotated[bool, typer.Option("--list", help="List the templates and do nothing.")] = False,
) -> None:
    """Scaffold a project that validates and proves as it is, with comments that say what to change.

    Example: cctoolkit new acme-hotline --template hotline-pl
    """
    from cctoolkit.errors import UsageError
    from cctoolkit.workflow import scaffold, specs

    if listed:
        for one in scaffold.templates():
            say(f"{one.name:<18} {one.about}")
        return
    if not name:
        raise UsageError("the new project has no name", next_step="cctoolkit new NAME, or cctoolkit new --list")
    file = specs.shown(scaffold.scaffold(name, template))
    say(f"{file}: written\n  next: edit it; cctoolkit validate {name}; cctoolkit prove {name}")
