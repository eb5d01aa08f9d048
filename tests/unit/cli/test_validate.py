"""The commands an author of specs uses: exit codes, and never a traceback."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from cctoolkit import resources
from cctoolkit.__main__ import run
from cctoolkit.model.holidays import official

NORTHWIND = "northwind-hotline"
TEXT = Path("tests/thin/projects", NORTHWIND, "project.yaml").read_text(encoding="utf-8")

OFFICIAL = TEXT.replace("  office:\n", "  office:\n    holidays: RU\n")


@pytest.fixture
def place(tmp_path: Path, monkeypatch):
    """An empty folder with projects/, and the command run in it."""
    (tmp_path / "projects").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(place: Path, folder: str, text: str) -> Path:
    file = place / "projects" / folder / "project.yaml"
    file.parent.mkdir()
    file.write_text(text, encoding="utf-8")
    return file


def test_good(place, capsys):
    """A good project is counted, and the exit code is 0."""
    write(place, NORTHWIND, TEXT)
    assert run(["validate"]) == 0
    assert capsys.readouterr().out == "1 of 1 valid\n"


def test_all_files_at_once(place, capsys):
    """Every problem of every file is reported in one run, missing files too; the exit code is 3."""
    write(place, NORTHWIND, TEXT.replace("strategy: rrmemory", "strategy: rrmemry"))
    write(place, "other", TEXT)
    (place / "projects" / "folder").mkdir()
    assert run(["validate", NORTHWIND, "other", "nothern", "projects/folder", "x" * 5000, "--format", "json"]) == 3
    found = [(p["code"], p["line"]) for p in json.loads(capsys.readouterr().out)["problems"]]
    missing = [("no-such-project", 1)] * 3
    line = TEXT.split("strategy:")[0].count("\n") + 1
    assert found == [("schema-choice", line), ("folder-name", 3), *missing]


def test_folder_name(place, capsys):
    """The folder below projects/ has the project's id; any other file may be called as it likes."""
    write(place, "north", TEXT)
    assert run(["validate"]) == 3
    assert (
        'projects/north/project.yaml:3:7: the project "northwind-hotline" stands in the folder "north" [folder-name]'
        in capsys.readouterr().out
    )
    (place / "mine.yaml").write_text(TEXT, encoding="utf-8")
    assert run(["validate", "mine.yaml"]) == 0


def test_nothing_to_validate(place, capsys):
    """No project at all is wrong usage, not a success."""
    assert run(["validate"]) == 3
    assert "there is no project here" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "code", "text"),
    [
        (["--to", "8 800 100-20-30", "--at", "2026-11-23 12:00", "--keys", "1"], 0, "ends: answered"),
        (["--to", "78001002030", "--at", "2026-11-23 12:00", "--keys", "1", "--queue", "timeout"], 0, "ends: hangup"),
        (
            ["--to", "78001002030", "--at", "2027-01-01 12:00"],
            0,
            "hours office: Fri 1 Jan 12:00 is a day off (special date) (projects/northwind-hotline/project.yaml:",
        ),
        (
            ["--to", "78001002030", "--override", "emergency"],
            0,
            "hours office is overridden: a supervisor says emergency",
        ),
        (
            ["--to", "78001002030", "--at", "2026-11-23 03:00", "--override", "none"],
            0,
            "hours office: Mon 23 Nov 03:00 is before",
        ),
        (["--to", "78001002030", "--override", "open,shut"], 3, "'shut' is no override"),
        (["--to", "+7"], 3, "+7 is no number of project"),
        (["--to", "78001002030", "--at", "tomorrow"], 3, "'tomorrow' is no time"),
        (["--to", "78001002030", "--keys", "12"], 3, "'12' is no key of a phone"),
        (["--to", "78001002030", "--queue", "lost"], 3, "'lost' is no way a queue ends"),
        (["--to", "78001002030", "--queue", ","], 3, "'' is no way a queue ends"),
    ],
)
def test_trace(place, capsys, options, code, text):
    """A call that can be made is walked; one that cannot is wrong usage."""
    write(place, NORTHWIND, TEXT)
    assert run(["trace", NORTHWIND, *options]) == code
    captured = capsys.readouterr()
    assert text in captured.out + captured.err


def test_the_day_is_named(place, capsys):
    """An official day has its name; a working day moved there says for which."""
    write(place, NORTHWIND, OFFICIAL)
    for at, said in {
        "2026-11-04 12:00": "hours office: Wed 4 Nov 12:00 is holiday: День народного единства (country holidays RU) (projects/northwind-hotline/project.yaml:",
        "2027-02-20 12:00": "is within 09:00-18:00 (moved working day, instead of 2027-02-22; country holidays RU)",
    }.items():
        assert run(["trace", NORTHWIND, "--to", "78001002030", "--at", at]) == 0
        assert said in capsys.readouterr().out


@pytest.mark.parametrize(("today", "warned"), [("2027-09-01", False), ("2027-10-15", True), ("2028-02-01", True)])
def test_a_year_nobody_knows_yet(place, capsys, monkeypatch, today, warned):
    """A quarter ahead of a year whose moves are unknown, a project is still valid, and a warning says where."""
    monkeypatch.setattr("cctoolkit.clock.now", lambda: datetime.fromisoformat(today).replace(tzinfo=UTC))
    # What a newer package knows is not what is tested here.
    monkeypatch.setattr(
        "cctoolkit.model.lint_calendar.official", lambda _country: replace(official("RU"), known_until=2027)
    )
    write(place, NORTHWIND, OFFICIAL)
    assert run(["validate"]) == 0
    text = capsys.readouterr().out
    line = OFFICIAL.split("holidays: RU")[0].count("\n") + 1
    assert (f"project.yaml:{line}:" in text and "[holidays-unknown]" in text) is warned
    assert text.count("1 of 1 valid")


def test_graph(place, capsys):
    """The picture goes to a file or to standard output; a folder as the file is an error in words."""
    write(place, NORTHWIND, TEXT)
    assert run(["graph", NORTHWIND, "-o", "flow.dot"]) == 0
    assert run(["graph", NORTHWIND]) == 0
    assert capsys.readouterr().out.strip() == (place / "flow.dot").read_text(encoding="utf-8").strip()
    assert run(["graph", NORTHWIND, "-o", "projects"]) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_schema(capsys):
    """A schema is printed by name; an unknown name is wrong usage; the committed ones are current."""
    assert run(["schema", "steps/menu"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "step: menu"
    assert run(["schema", "steps/meny"]) == 3
    assert 'did you mean "steps/menu"?' in capsys.readouterr().err
    assert run(["schema", "--check"]) == 0
    assert run(["schema"]) == 0


def test_stale_schema(capsys, tmp_path, monkeypatch):
    """Stale schemas are findings: exit code 2, until they are written."""
    monkeypatch.setattr(resources, "schemas", lambda: tmp_path)
    assert run(["schema", "--check"]) == 2
    assert "stale, run cctoolkit schema --write: project.schema.json" in capsys.readouterr().err
    assert run(["schema", "--write"]) == 0
    assert run(["schema", "--check"]) == 0
