"""explain, and the pages it shows: one for each code, each with an example that gives just that code."""

import pytest

from cctoolkit.__main__ import run
from cctoolkit.flow.prove import KINDS
from cctoolkit.spec.codes import CODES, FINDINGS, WARNINGS
from tools import code_pages

ALL = {**CODES, **FINDINGS}


def test_there_is_a_page_for_each_code():
    """No code without its page, no page without its code; findings are those that prove makes."""
    assert {path.stem for path in code_pages.PAGES.glob("*.md")} == {*ALL, "README"}
    assert set(FINDINGS) == set(KINDS)
    assert set(CODES) > WARNINGS


@pytest.mark.parametrize("code", sorted(ALL))
def test_a_page_is_true(code):
    """It has the code's sentence; its example gives the code alone, and is told as the page says; its cure is one."""
    page = code_pages.read((code_pages.PAGES / f"{code}.md").read_text(encoding="utf-8"))
    assert (page.code, page.sentence) == (code, ALL[code])
    if code in code_pages.NEVER:
        return
    codes, said = code_pages.told(page)
    also = {"schema-unknown-section"} if code == "too-many-problems" else set()
    assert codes == {code} | also, said
    assert said == page.said, "python tools/code_pages.py --write"
    if page.right:
        assert code_pages.cured(page) == ""


def test_the_index():
    """It lists every code, and is written by the tool."""
    assert (code_pages.PAGES / code_pages.INDEX).read_text(encoding="utf-8") == code_pages.index()


def test_explain(capsys):
    """The command shows a page, the list, or what was meant."""
    assert run(["explain", "number-class"]) == 0
    assert capsys.readouterr().out == (code_pages.PAGES / "number-class.md").read_text(encoding="utf-8")
    assert run(["explain"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(ALL)
    assert run(["explain", "number-clas"]) == 3
    assert 'did you mean "number-class"?' in capsys.readouterr().err
