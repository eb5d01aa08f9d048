"""A file dropped into valid/ or invalid/ IS a test.

A line of an invalid file says in a comment what is reported there, such as `# error: unknown-step`, once for each
problem (several codes with commas). `unknown-step:14` is one in column 14; after a bar stands a part of the cure, as the
author reads it. Nothing else may be reported.
"""

import re
from collections import defaultdict
from datetime import date
from pathlib import Path

import pytest

from cctoolkit.spec.problem import errors
from cctoolkit.workflow import specs

HERE = Path(__file__).parent
TODAY = date(2026, 11, 22)
_EXPECTED = re.compile(r"# (?:error|warning): ([a-z0-9, :-]+?)\s*(?:\| (.*?))?\s*$")
_BREAK = re.compile("\r\n|\n")


def _expected(path: Path) -> tuple[list[tuple[int, str, str]], dict[int, str]]:
    """Return the problems a file's comments name, as line, code and column, and the cures by line."""
    expected, cures = [], {}
    for number, line in enumerate(_BREAK.split(path.read_bytes().decode("utf-8-sig")), 1):
        if found := _EXPECTED.search(line):
            expected += [(number, *code.strip().partition(":")[::2]) for code in found[1].split(",")]
            cures[number] = found[2] or ""
    return expected, cures


@pytest.mark.parametrize("path", sorted((HERE / "valid").glob("*.yaml")), ids=lambda p: p.stem)
def test_valid(path: Path):
    """Every file of valid/ has no error, and no warning but those its comments name."""
    problems = specs.check_project(path, TODAY)[1]
    assert [str(p) for p in errors(problems)] == []
    assert sorted((p.mark.line, p.code) for p in problems) == sorted(one[:2] for one in _expected(path)[0])


@pytest.mark.parametrize("path", sorted((HERE / "invalid").glob("*.yaml")), ids=lambda p: p.stem)
def test_invalid(path: Path):
    """Every file of invalid/ has exactly the problems its comments name, at their places, with the cure."""
    expected, cures = _expected(path)
    problems = specs.check_project(path, TODAY)[1]
    told = "\n".join(map(str, problems))
    assert sorted((p.mark.line, p.code) for p in problems) == sorted(one[:2] for one in expected), told
    places, said = defaultdict(set), defaultdict(str)
    for p in problems:
        places[p.mark.line, p.code].add(str(p.mark.column))
        said[p.mark.line] += f"{p.expected} {p.hint} "
    assert all(not column or column in places[line, code] for line, code, column in expected), told
    assert all(cure in said[line] for line, cure in cures.items()), told
    assert expected


def test_there_are_files():
    """Both folders hold files: an empty one would pass in silence."""
    assert list((HERE / "valid").glob("*.yaml"))
    assert list((HERE / "invalid").glob("*.yaml"))
