"""Workflow commands of GitHub Actions (also of Gitea and Forgejo): annotations beside the lines of a change.

Source: GitHub, "Workflow commands"; actions/toolkit, packages/core/src/command.ts for what is escaped.
"""

from collections.abc import Mapping

from cctoolkit.spec.formats.plain import safe, words
from cctoolkit.spec.problem import Problem

_DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY = {**_DATA, ":": "%3A", ",": "%2C"}


def line(problem: Problem) -> str:
    """Return the command for one problem."""
    properties = {"file": problem.file, "line": problem.mark.line, "col": problem.mark.column, "title": problem.code}
    written = ",".join(f"{name}={_escaped(str(value), _PROPERTY)}" for name, value in properties.items())
    return f"::{problem.level} {written}::{_escaped(words(problem), _DATA)}"


def _escaped(text: str, table: Mapping[str, str]) -> str:
    return "".join(table.get(character, character) for character in safe(text))
