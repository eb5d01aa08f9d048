"""validate: schema and cross checks."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cctoolkit.cli.options import say, say_json

if TYPE_CHECKING:
    from cctoolkit.workflow.validating import Validated


class Report(StrEnum):
    """How problems are written."""

    text = "text"
    json = "json"
    sarif = "sarif"
    junit = "junit"
    github = "github"


def command(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            help="Projects by id, folder or file; sites by file; all of projects/ when none is named.",
            metavar="[PATH]...",
        ),
    ] = None,
    output: Annotated[
        Report,
        typer.Option("--format", help="text for people, json; sarif, junit and github for CI (docs/ci.md)."),
    ] = Report.text,
) -> int:
    """Check specs: YAML, schema, and rules across sections and sites. All mistakes of all files in one run.

    Example: cctoolkit validate northwind-hotline
    """
    from cctoolkit.errors import SpecError
    from cctoolkit.workflow import validating

    found = validating.validate(paths or [])
    _write(found, output)
    return SpecError.exit_code if found.problems else 0


def _write(found: "Validated", output: Report) -> None:
    from cctoolkit.spec.formats import github, junit, plain, sarif

    if output is Report.json:
        problems, warnings = ([plain.data(p) for p in some] for some in (found.problems, found.warnings))
        say_json({"files": [plain.safe(file) for file in found.files], "problems": problems, "warnings": warnings})
    elif output is Report.sarif:
        say_json(sarif.log(found.problems))
    elif output is Report.junit:
        say(junit.text(found.by_spec()))
    elif output is Report.github:
        for problem in found.problems:
            say(github.line(problem))
    else:
        for problem in found.problems:
            say(str(problem))
        for warning in found.warnings:
            say(f"warning: {warning}")
        count = f", {len(found.problems)} problems" if found.problems else ""
        say(f"{len(found.specs) - found.broken} of {len(found.specs)} valid{count}")
