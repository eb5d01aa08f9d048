import pytest

from cctoolkit.errors import SpecError
from cctoolkit.state import conf
from cctoolkit.state.settings import NodeState, Setting


def test_sections_options_and_comments():
    """Sections come in order, `=` and `=>` are the same, comments and includes are no settings."""
    text = '; head\n#include "a.conf"\n[general](+)\na = 1 ; why\nb => 2\n\n[q]\nc=x=y\n'
    assert conf.parse(text, "f") == (
        conf.Section("general", "(+)", (("a", "1"), ("b", "2"))),
        conf.Section("q", "", (("c", "x=y"),)),
    )


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("a = b\\;c", "b;c"),
        ("a = b\\;c ; d", "b;c"),
        ("a = b;c", "b"),
        ("a = >b", ">b"),
        ("a = ;--- line", ""),
    ],
)
def test_semicolons(line, value):
    """A semicolon begins a comment unless a backslash, which goes, stands before it; `;---` opens no
    block.
    """
    assert conf.parse(f"[s]\n{line}\n", "f")[0].lines == (("a", value),)


@pytest.mark.parametrize("line", ["just words", "#exec x=y", "a = 1", "[open", "[s]\n;-- block", "#include a"])
def test_what_our_files_never_hold_is_an_error_with_its_place(line):
    """A line Asterisk would skip, take for a directive or swallow names file and line, and not what stands
    there.
    """
    with pytest.raises(SpecError) as caught:
        conf.parse(f"; first\n{line}\n", "cctoolkit/x.conf")
    assert caught.value.where in ("cctoolkit/x.conf:2:1", "cctoolkit/x.conf:3:1")
    assert "words" not in str(caught.value)


def test_the_error_of_a_password_line_does_not_show_it():
    """A hand-made line of pjsip.conf may be a password: it stands in no message."""
    with pytest.raises(SpecError) as caught:
        conf.parse("[ivanova]\npassword hunter2\n", "pjsip.conf")
    assert "hunter2" not in str(caught.value)


def test_settings_of_pjsip_are_told_apart_by_type_and_repeats_are_numbered():
    """Three sections of one name are three objects; options that repeat keep their order."""
    text = "[a]\ntype = endpoint\naors = a\n[a]\ntype = aor\ncontact = x\ncontact = y\n"
    assert [(s.name, s.option, s.value) for s in conf.settings(text, "pjsip.conf")] == [
        ("a endpoint", "type", "endpoint"),
        ("a endpoint", "aors", "a"),
        ("a aor", "type", "aor"),
        ("a aor", "contact 0001", "x"),
        ("a aor", "contact 0002", "y"),
    ]


def test_includes_are_found():
    """The files a file reads are told in order."""
    assert conf.includes('#include "a/b.conf"\n; #include "no"\n#include  "c"\n') == ("a/b.conf", "c")


def test_of_two_values_always_the_same_one_counts():
    """An object written twice by hand does not make two plans differ."""
    doubled = [Setting("queue", "q", "maxlen", value) for value in ("1", "2", "3")]
    assert NodeState.of(doubled).by_key() == NodeState.of(reversed(doubled)).by_key() == {("queue", "q", "maxlen"): "3"}
