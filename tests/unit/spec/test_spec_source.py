"""Reading YAML: what stays text, where things stand, and what is refused."""

from pathlib import Path

import pytest

from cctoolkit.spec.problem import Mark
from cctoolkit.spec.raw import MAX_BYTES
from cctoolkit.spec.scalar import resolve
from cctoolkit.spec.source import load, parse


def codes(text: str) -> list[tuple[str, int, int]]:
    return [(p.code, p.mark.line, p.mark.column) for p in parse(text, "f")[1]]


@pytest.mark.parametrize(
    "text", ["09:00", "on", "yes", "NO", "010", "+78001002030", "1_000", "0x10", "1e3", ".5", "2026-12-31", "=", "Null"]
)
def test_text_stays_text(text):
    """What YAML 1.1 would turn into a number, a time or true is text."""
    assert resolve(text) == text


@pytest.mark.parametrize(
    ("text", "value"), [("", None), ("null", None), ("~", None), ("true", True), ("-5", -5), ("0.8", 0.8), ("0", 0)]
)
def test_core_schema(text, value):
    """Only null, true, false and decimal numbers are anything but text."""
    assert resolve(text) == value


@pytest.mark.parametrize(
    ("text", "data", "found"),
    [
        ("a:\n  - x\n   \xa0- y\n", ["x - y"], [("yaml-space", 3, 4)]),
        ("a:\n  b: x\n   \xa0c d\n", {"b": "x c d"}, [("yaml-space", 3, 4)]),
        ("a:\n  b: 'x\n   \xa0c d'\n", {"b": "x \xa0c d"}, []),
        ("a:\n  b: |\n    x\n    \xa0c d\n", {"b": "x\n\xa0c d\n"}, []),
    ],
)
def test_odd_indentation_of_plain_text(text, data, found):
    """A line that slipped into the plain text above it is no text of several lines; one in quotes, or a block, is."""
    document, _ = parse(text, "f")
    assert (document and document.data, codes(text)) == ({"a": data}, found)


def test_overflow_is_text():
    """A whole number no spec can mean stays text, and its section refuses it."""
    assert resolve("9" * 19) == "9" * 19


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a: 1\nb: 2\na: 3\n", [("yaml-duplicate-key", 3, 1)]),
        ("a:\n\tb: 1\n", [("yaml-tab", 2, 1)]),
        ("a:\t1\n", [("yaml-tab", 1, 3)]),
        ("k: {1: a, true: b}\n", [("yaml-key-not-text", 1, 5), ("yaml-key-not-text", 1, 11)]),
        ("?\n: a\n", [("yaml-key-not-text", 1, 2)]),
        ("? [a]\n: b\n", [("yaml-key-not-text", 1, 3)]),
        ("a: *b\n", [("yaml-unknown-alias", 1, 4)]),
        ("a: &a [*a]\n", [("yaml-unknown-alias", 1, 8)]),
        ("a: &x 1\n*x : 2\n", [("yaml-key-not-text", 2, 1)]),
        ("a: !!python/object:os.system x\n", [("yaml-tag", 1, 4)]),
        ("a: 1\n---\nb: 2\n", [("yaml-many-documents", 2, 1)]),
        ("a: [1\nb: 2\n", [("yaml-syntax", 1, 4)]),
        ('a: "b\n', [("yaml-syntax", 1, 4)]),
        ("a: b: c\n", [("yaml-syntax", 1, 5)]),
        ("a: @b\n", [("yaml-syntax", 1, 4)]),
        ("ab: c\0d\n", [("yaml-character", 1, 6)]),
        ("a: 1\n\x1b[31m: 2\n", [("yaml-character", 2, 1)]),
        ("a: \ud800\n", [("yaml-character", 1, 4)]),
        ("a: " + "[" * 500, [("yaml-too-deep", 1, 43)]),
        ("{a: " * 10_000, [("yaml-too-deep", 1, 161)]),
    ],
)
def test_refused(text, found):
    """Each thing a spec may not hold is one problem, at its line and column."""
    assert codes(text) == found


def test_deeper_than_the_parser_goes():
    """Where the parser looks ahead and gives up first, it is the same mistake."""
    assert [code for code, _, _ in codes("a: " + "[" * 10_000)] == ["yaml-too-deep"]


@pytest.mark.parametrize("text", ['a: "x\ty"\n', "a: 1 # x\ty\n", "a: |\n  x\ty\n", "# \t\na: 'it''s\t'\n"])
def test_tabs_allowed(text):
    """Tabs inside texts and comments are not the indentation's business."""
    assert codes(text) == []


def test_alias():
    """An alias stands for its value; what is inside has the alias's place."""
    document, problems = parse("a: &x {b: 1}\nc: *x\n", "f")
    assert (document.data, problems) == ({"a": {"b": 1}, "c": {"b": 1}}, [])
    assert document.mark(("c", "b")) == Mark(2, 4)
    assert document.mark(("a", "b")) == Mark(1, 11)


def test_bomb():
    """Aliases of aliases are counted out before they cost anything."""
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    assert [code for code, _, _ in codes("\n".join(levels))] == ["yaml-too-many-nodes"]


def test_line_ends_and_mark():
    """CRLF and a byte order mark change no line, column or value."""
    document, problems = parse("a: 1\r\nb: x\r\n", "f")
    assert (document.data, problems) == ({"a": 1, "b": "x"}, [])
    assert document.mark(("b",), key=True) == Mark(2, 1)


@pytest.mark.parametrize(
    ("raw", "code", "mark"),
    [
        (b"a: 1\nb: \xff\n", "not-utf8", Mark(2, 4)),
        ("a: 1".encode("utf-16"), "not-utf8", Mark(1, 1)),
        (b"#" * (MAX_BYTES + 1), "file-too-large", Mark()),
    ],
)
def test_bad_file(tmp_path: Path, raw, code, mark):
    """A file that is not text of a reasonable size is one problem."""
    path = tmp_path / "project.yaml"
    path.write_bytes(raw)
    document, problems = load(path)
    assert (document, [(p.code, p.mark) for p in problems]) == (None, [(code, mark)])


def test_byte_order_mark(tmp_path: Path):
    """The byte order mark of a Windows editor is no part of the first key."""
    path = tmp_path / "project.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\r\n")
    assert load(path)[0].data == {"a": 1}


@pytest.mark.parametrize("name", ["", "missing.yaml"])
def test_unreadable(tmp_path: Path, name):
    """A folder and a missing file are one problem, not a traceback."""
    document, problems = load(tmp_path / name)
    assert (document, [p.code for p in problems]) == (None, ["file-unreadable"])
