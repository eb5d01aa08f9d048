"""validate: schema and cross checks."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cctoolkit.cli.options import say, say_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cctoolkit.spec.problem import Problem
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
    return SpecError.exit_code if found.broken else 0


def _write(found: "Validated", output: Report) -> None:
    from cctoolkit.spec.formats import github, junit, plain, sarif

    if output is Report.json:
        say_json(
            {"files": [plain.safe(file) for file in found.files], "problems": [plain.data(p) for p in found.problems]}
        )
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
        say(f"{len(found.specs) - found.broken} of {len(found.specs)} valid{_count(found.problems)}")
        if found.problems:
            say(f"cctoolkit explain {found.problems[0].code} shows an example and the cure; so does docs/codes/")


def _count(problems: "Sequence[Problem]") -> str:
    from cctoolkit.spec.problem import errors

    wrong = len(errors(problems))
    counts = ((wrong, "problem"), (len(problems) - wrong, "warning"))
    return "".join(f", {count} {what}{'s' if count != 1 else ''}" for count, what in counts if count)
