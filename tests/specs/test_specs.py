"""A file dropped into valid/ or invalid/ IS a test.

A line of an invalid file says in a comment what is reported there, such as `# error: unknown-step`, once for each
problem (several codes with commas). Nothing else may be reported.
"""

import re
from pathlib import Path

import pytest

from cctoolkit.workflow import specs

HERE = Path(__file__).parent
_EXPECTED = re.compile(r"# error: ([a-z0-9, -]+?)\s*$")


@pytest.mark.parametrize("path", sorted((HERE / "valid").glob("*.yaml")), ids=lambda p: p.stem)
def test_valid(path: Path):
    """Every file of valid/ has no problem."""
    assert [str(p) for p in specs.check_project(path)[1]] == []


@pytest.mark.parametrize("path", sorted((HERE / "invalid").glob("*.yaml")), ids=lambda p: p.stem)
def test_invalid(path: Path):
    """Every file of invalid/ has exactly the problems its comments name, on their lines, in order."""
    expected = [
        (number, code.strip())
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1)
        if (found := _EXPECTED.search(line))
        for code in found[1].split(",")
    ]
    problems = specs.check_project(path)[1]
    assert sorted((p.mark.line, p.code) for p in problems) == sorted(expected), "\n".join(map(str, problems))
    assert expected


def test_there_are_files():
    """Both folders hold files: an empty one would pass in silence."""
    assert list((HERE / "valid").glob("*.yaml"))
    assert list((HERE / "invalid").glob("*.yaml"))
