import pytest

from cctoolkit.node.prepare import text

CONF = """; head
[general]            ; how it is
;autofill = no
persistentmembers=no ; they come back
;-- a block
autofill = never
--;
#include "more.conf"

[other](!)
autofill = yes
[Options](+)
name => value
"""


def test_what_a_file_says():
    """Comments, blocks of them and templates say nothing; sections have no case."""
    assert text.value(CONF, "general", "persistentmembers") == "no"
    assert text.value(CONF, "general", "autofill") is None
    assert text.value(CONF, "other", "autofill") is None
    assert text.value(CONF, "options", "NAME") == "value"
    assert text.includes(CONF) == ["more.conf"]
    assert text.has_section(CONF, "options")
    assert not text.has_section(CONF, "other")


@pytest.mark.parametrize(
    ("section", "option", "changed"),
    [
        ("general", "persistentmembers", {3: "persistentmembers = yes"}),
        ("general", "shared", {2: "shared = yes"}),
    ],
)
def test_one_line_changes_or_comes_in(section, option, changed):
    """Every other line stays as it is."""
    rows, now = CONF.split("\n"), text.put(CONF, section, option, "yes").split("\n")
    for number, row in changed.items():
        assert now[number] == row
    others = [row for row in now if row not in changed.values()]
    assert others == [row for number, row in enumerate(rows) if number not in changed or len(now) > len(rows)]
    assert text.value("\n".join(now), section, option) == "yes"


def test_a_section_that_is_not_there_comes_last():
    """With a blank line before it, whether the file ends with a newline or not."""
    for before in ("[a]\nx = 1\n", "[a]\nx = 1"):
        assert text.put(before, "b", "y", "2") == "[a]\nx = 1\n\n[b]\ny = 2\n"
    assert text.put("", "b", "y", "2") == "[b]\ny = 2\n"


def test_what_is_included_stands_where_it_is_included():
    """An option of an included file is one of the section around it; what is not known stays a line."""
    files = {"a.conf": "[general]\n#include b.conf\n#include c.conf\nz = 1\n", "b.conf": "y = 2\n#include a.conf\n"}
    whole = text.inlined(files, "a.conf")
    assert text.value(whole, "general", "y") == "2"
    assert text.value(whole, "general", "z") == "1"
    assert "c.conf" in text.includes(whole)


def test_a_pattern_takes_in_what_fits():
    """In order; a star stands for no slash, and a pattern that fits nothing stays a line."""
    files = {"a.conf": "[general]\n#include \"d/*.conf\"\n#include e/*.conf\n", "d/2.conf": "x = 2\n",
             "d/1.conf": "x = 1\n", "d/f/3.conf": "z = 3\n", "d/readme": "z = 4\n"}  # fmt: skip
    whole = text.inlined(files, "a.conf")
    assert [line.value for line in text.lines(whole) if line.option == "x"] == ["1", "2"]
    assert text.value(whole, "general", "z") is None
    assert text.includes(whole) == ["e/*.conf"]
