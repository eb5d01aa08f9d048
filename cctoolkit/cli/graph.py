"""graph: the call flow as text for graphviz."""

from pathlib import Path
from typing import Annotated

import typer

from cctoolkit.cli.options import Project, say


def command(
    project: Project,
    file: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Where to write; standard output when not given.", metavar="F"),
    ] = None,
) -> None:
    """Write the call flow in graphviz' DOT language.

    Example: cctoolkit graph northwind-hotline -o flow.dot
    """
    from cctoolkit.errors import OperatorError
    from cctoolkit.flow.draw import dot
    from cctoolkit.flow.graph import compile_flow
    from cctoolkit.workflow import specs

    text = dot(compile_flow(specs.load_project(project).project))
    if file is None:
        say(text)
        return
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OperatorError(f"cannot be written: {error.strerror}", where=str(file)) from error
