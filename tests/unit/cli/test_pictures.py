"""graph and new: what is written, by which ending, and what is refused."""

import shutil
import subprocess
from pathlib import Path

import pytest

from cctoolkit.__main__ import run
from cctoolkit.workflow import pictures, scaffold

NORTHWIND = str(Path("projects/northwind-hotline/project.yaml").resolve())
THIN = Path("tests/thin/projects/northwind-hotline/project.yaml").resolve()
NEEDS_DOT = pytest.mark.skipif(shutil.which("dot") is None, reason="graphviz is not here")


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty folder with projects/, and the command run in it."""
    (tmp_path / "projects").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@NEEDS_DOT
@pytest.mark.parametrize(("file", "begins"), [("a.svg", b"<?xml"), ("a.png", b"\x89PNG"), ("a.pdf", b"%PDF"), ("a.mmd", b"flowchart TD"), ("a.gv", b"digraph")])  # fmt: skip
def test_formats(place, file, begins):
    """The ending chooses the format, and a call's way can be marked in each."""
    options = ["--trace", "--at", "2026-11-23 12:00", "--keys", "2"]
    assert run(["graph", NORTHWIND, "-o", file]) == 0
    unmarked = Path(file).read_bytes()
    assert unmarked.startswith(begins)
    # A reader without the font has one of the same width.
    assert (b"DejaVu Sans,Verdana" in unmarked) == (file == "a.svg")
    assert run(["graph", NORTHWIND, "-o", file, *options]) == 0
    marked = Path(file).read_bytes()
    assert marked != unmarked
    assert run(["graph", NORTHWIND, "-o", file, *options, "--override", "closed"]) == 0
    assert Path(file).read_bytes() not in (marked, unmarked)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["-o", "a.doc"], "'.doc' is the ending of no format"), (["--format", "gif"], "'gif' is no format of a picture"),
        (["--keys", "1"], "add --trace"), (["--queue", "full"], "add --trace"), (["--trace", "--override", "no"], "no override"),
        (["--trace", "--to", "+7"], "+7 is no number of project"),
    ],
)  # fmt: skip
def test_wrong_usage(place, capsys, options, text):
    """What cannot be drawn is wrong usage, in words."""
    assert run(["graph", NORTHWIND, *options]) == 3
    assert text in capsys.readouterr().err


def test_without_graphviz(place, capsys, monkeypatch):
    """Without dot the error says what to install; Mermaid needs none."""
    monkeypatch.setenv("PATH", str(place))
    assert run(["graph", NORTHWIND, "-o", "a.svg"]) == 1
    assert "apt-get install graphviz" in capsys.readouterr().err
    assert not Path("a.svg").exists()
    assert run(["graph", NORTHWIND, "-o", "a.mmd"]) == 0


@pytest.mark.parametrize(
    ("script", "text"),
    [("echo no >&2; exit 3", "dot failed with code 3 and said: no"), ("exec sleep 9", "dot has not laid the flow out")],
)
def test_a_layout_that_fails(place, capsys, monkeypatch, script, text):
    """What dot says is passed on, and one that takes for ever is stopped."""
    program = place / "dot"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda _name: str(program))
    monkeypatch.setattr(pictures, "_MOST_SECONDS", 0.5)
    assert run(["graph", NORTHWIND, "-o", "a.svg"]) == 1
    assert text in capsys.readouterr().err


def test_unreachable_steps_are_drawn(place, capsys):
    """A step no call reaches is red, the problem is told, and the exit code is 2; a flow with a hole is not drawn."""
    text = THIN.read_text(encoding="utf-8")
    Path("p.yaml").write_text(text.replace("  end:\n", "  lost:\n    type: hangup\n\n  end:\n"), encoding="utf-8")
    assert run(["graph", "p.yaml", "-o", "a.mmd"]) == 2
    assert "[unreachable-step]" in capsys.readouterr().err
    assert '<b>lost</b><br/>Конец звонка"):::k_unreachable' in Path("a.mmd").read_text(encoding="utf-8")
    Path("p.yaml").write_text(text.replace("done: end", "done: nowhere"), encoding="utf-8")
    assert run(["graph", "p.yaml", "-o", "b.mmd"]) == 3
    assert not Path("b.mmd").exists()


@NEEDS_DOT
@pytest.mark.parametrize("template", [one.name for one in scaffold.templates()])
def test_templates(place, capsys, template):
    """What `new` writes validates, proves, is tidy and can be drawn without a change; writing it again is refused."""
    assert run(["new", "acme-line", "--template", template]) == 0
    assert run(["validate"]) == 0
    assert run(["prove", "acme-line"]) == 0
    assert run(["fmt", "--check"]) == 0
    assert run(["graph", "acme-line", "-o", "a.svg"]) == 0
    file = Path("projects/acme-line/project.yaml")
    file.write_text("mine", encoding="utf-8")
    assert run(["new", "acme-line", "--template", template]) == 1
    assert file.read_text(encoding="utf-8") == "mine"
    assert "there is one already" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["", "../up", "Мой", "a_b", "A", "sites", "x" * 41, "-x", "a/b", "con fig"])
def test_bad_names(place, capsys, name):
    """A name that no project can have writes nothing."""
    assert run(["new", "--", name]) == 3
    assert ("is CYRILLIC" in capsys.readouterr().err) == (name == "Мой")
    assert list(Path("projects").iterdir()) == []


def test_list(capsys):
    """Each template is listed with one line."""
    assert run(["new", "--list"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [
        "hotline-pl",
        "hotline-ru",
        "order-line",
        "overflow-partner",
    ]


def test_the_readme_picture_is_current():
    """docs/flow.svg has every step and every word of the flow as it is now."""
    told = subprocess.run(["git", "ls-files", "docs/flow.svg"], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "docs/flow.svg"
    drawn = Path("docs/flow.svg").read_text(encoding="utf-8")
    for word in ("head&#45;office", "leave&#45;message", "Горячая линия «Северный ветер»", "нажать\N{NO-BREAK SPACE}1"):
        assert word in drawn or word.replace("\N{NO-BREAK SPACE}", "&#160;") in drawn, word


@pytest.mark.parametrize(
    "command",
    [
        ["trace", "northwind-hotline", "--to", "8 800 100-20-30", "--at", "2026-12-31 16:30"],
        ["prove", "northwind-hotline", "--since", "2026-11-22"],
    ],
)
def test_the_review_page_shows_what_is_said(capsys, command):
    """What docs/review.md shows is said of this repository's project, line by line."""
    assert run(command) == 0
    said = "".join(f"    {line}\n" for line in capsys.readouterr().out.splitlines())
    assert said in Path("docs/review.md").read_text(encoding="utf-8")
