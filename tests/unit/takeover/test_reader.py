"""Configuration files are read as Asterisk reads them, and whatever is in them is survived."""

import time

import pytest

from cctoolkit.takeover import reader
from cctoolkit.takeover.leftovers import Leftovers
from cctoolkit.takeover.reader import read
from tests.unit.takeover.switches import Files


def sections(notes: Leftovers | None = None, /, **files):
    """Return (section, {option: value}) of a.conf."""
    found = read(Files(**files), "a.conf", notes or Leftovers())
    return [(one.name, {option.name: option.value for option in one.options}) for one in found if not one.template]


def noted(**files) -> list[str]:
    """Return what is noted while a.conf is read."""
    notes = Leftovers()
    sections(notes, **files)
    return [f"{one.place}: {one.what}" for one in notes.all()]


def test_templates_are_inherited_and_sections_appended():
    """A section has its templates' options before its own; (+) goes on with a section there is."""
    text = "[t](!)\na = 1\nb = 1\n[u](!,t)\nc => 3\n[x](t,u)\nb = 2\n[x](+)\nd=4\n[y]\ne = 5\ne += 6\n"
    assert sections(a=text) == [("x", {"a": "1", "b": "2", "c": "3", "d": "4"}), ("y", {"e": "56"})]


def test_an_appended_section_is_the_one_of_its_type():
    """(+type=aor) goes on with the section of that type among several of one name."""
    text = "[x]\ntype = endpoint\n[x]\ntype = aor\n[x](+type=endpoint)\ncontext = in\n"
    assert sections(a=text) == [("x", {"type": "endpoint", "context": "in"}), ("x", {"type": "aor"})]


def test_comments_are_cut_and_escaped_semicolons_kept():
    """`;` cuts a line, `\\;` is a semicolon, ;-- … --; may stand in a line, over lines, and nest."""
    text = "[x]\na = 1 ; one\nb = 1\\;2\n;-- c = 3\n;-- d\n--; e = 5\n--; f = 6\n;--== end ==--;\n;---- a ruler\ng = ;-- no --; 7\n"
    assert sections(a=text) == [("x", {"a": "1", "b": "1;2", "f": "6", "g": "7"})]


@pytest.mark.parametrize("line", ['#include "b.conf"', "#include b.conf", "#include <b.conf>", "#tryinclude b.conf", '#include "/etc/asterisk/b.conf"', '#include "b*.conf"'])  # fmt: skip
def test_includes(line):
    """A file is included in the middle of a section, by its name in any form, by its place on the switch, by a pattern."""
    assert sections(a=f"[x]\na = 1\n{line}\nc = 3\n", b="b = 2\n") == [("x", {"a": "1", "b": "2", "c": "3"})]


@pytest.mark.parametrize(
    ("files", "what"),
    [
        ({"a": '#include "b.conf"\n'}, "a.conf:1: #include of b.conf, which is not there"),
        ({"a": "[x]\n#exec /bin/true\n"}, "a.conf:2: #exec"),
        ({"a": '#include "../b.conf"\n'}, "a.conf:1: #include of a file outside the folder"),
        ({"a": '#include "/etc/passwd"\n'}, "a.conf:1: #include of a file outside the folder"),
        ({"a": "#include a.conf\n"}, "a.conf:1: #include of a.conf once more"),
        ({"a": "#include b.conf\n", "b": "[y]\n#include a.conf\n"}, "b.conf:2: #include of a.conf once more"),
        ({"a": "[x]\nnonsense\n"}, "a.conf:2: a line Asterisk would not read"),
        ({"a": "a = 1\n"}, "a.conf:1: a line Asterisk would not read"),
        ({"a": "[x](missing)\n"}, "a.conf:1: the template [missing] is not there"),
        ({"a": "[x]\n;-- never closed\nb = 2\n"}, "a.conf: a block comment is not closed"),
        ({"a": "#include b.conf\n", "b": None}, "b.conf: cannot be read: Permission denied"),
        ({"a": b"[x]\nname = \xcf\xe5\xf2\xf0\n"}, "a.conf: is not UTF-8"),
    ],
)
def test_one_clear_problem_each(files, what):
    """What is wrong with a file is one note with its place, and nothing else."""
    assert noted(**files) == [what]


def test_a_missing_tryinclude_is_forgiven():
    """As Asterisk forgives it."""
    assert noted(a="#tryinclude b.conf\n#include c*.conf\n") == []


def test_binary_and_huge_files_end_soon(monkeypatch):
    """A megabyte of noise, of one line, and of includes of includes is read or refused within seconds."""
    monkeypatch.setattr(reader, "MAX_LINES", 20_000)
    noise = bytes(range(256)) * 4096
    chain = {f"f{n}": f"#include f{n + 1}.conf\n" * 40 for n in range(12)}
    began = time.monotonic()
    assert len(noted(a=noise)) >= 1
    assert sections(a=b"[x]\na = " + b"y" * 1_000_000)[0][1]["a"].startswith("yyy")
    assert any("half a million" in text for text in noted(a="#include f0.conf\n", **chain))
    assert time.monotonic() - began < 20


DOUBLED = "".join(f"[t{n}](!,t{n - 1},t{n - 1})\n" for n in range(1, 60))


@pytest.mark.parametrize(
    "text",
    [
        f"[t0](!)\na = 1\n{DOUBLED}[x](t59)\n",
        "[x]\n" + f"a += {'y' * 8_000}\n" * 2_000,
        "[x]\n" + "".join(f"a{n} += 1\n" for n in range(20_000)),
        "[x]\n" * 4_000 + "[x](+)\n" * 4_000,
        "; c\n" * 100_000 + "#include a.conf\n",
    ],
)
def test_what_grows_faster_than_its_file_is_cut_off(monkeypatch, text):
    """Templates of templates, values and sections that are added to: no file asks for more than its share."""
    monkeypatch.setattr(reader, "MAX_LINES", 50_000)
    notes = Leftovers()
    found = read(Files(a=text), "a.conf", notes)
    assert any("half a million" in one.what for one in notes.all()) or len(found[0].get("a")) <= reader.MAX_LINE
    assert sum(len(one.options) for one in found) <= 100_000


def test_a_line_ends_where_it_ends_for_asterisk():
    """Not at signs that are line ends elsewhere: dots of cp1251 in a comment begin no section."""
    assert sections(a=b"[x]\r\n; \xe4\x85[y]\r\na = 1\r\n") == [("x", {"a": "1"})]


def test_names_in_notes_are_printable():
    """A name with escapes for a terminal is shown without them."""
    notes = noted(a="[x](\x1b[31mred)\n")
    assert notes
    assert all(text.isprintable() for text in notes)
