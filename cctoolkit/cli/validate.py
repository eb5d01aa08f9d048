"""validate: schema and cross checks."""

from typing import Annotated

import typer

from cctoolkit.cli.options import Format, OutputFormat, say, say_json


def command(
    paths: Annotated[
        list[str] | None,
        typer.Argument(help="Projects by id, folder or file; all when none is named.", metavar="[PATH]..."),
    ] = None,
    output: OutputFormat = Format.text,
) -> int:
    """Check specs: YAML, schema, and rules across sections. All mistakes of all files in one run.

    Example: cctoolkit validate northwind-hotline
    """
    from cctoolkit.errors import SpecError
    from cctoolkit.workflow import specs

    files, problems = specs.validate(paths or [])
    if output is Format.json:
        say_json({"files": [str(f) for f in files], "problems": problems})
    else:
        for problem in problems:
            say(str(problem))
        broken = len({problem.file for problem in problems})
        say(f"{len(files) - broken} of {len(files)} valid" + (f", {len(problems)} problems" if problems else ""))
    return SpecError.exit_code if problems else 0
