"""prove --against: another revision, another folder, and each way in which there is none."""

import json
import shlex
import subprocess
from pathlib import Path

import pytest

from cctoolkit.__main__ import run
from cctoolkit.spec import source
from tests.unit.cli.test_prove import NORTHWIND, SINCE, TEXT

LATER = TEXT.replace('"09:00-18:00"', '"09:00-17:00"')


def git(*words: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=x", "-c", "user.email=x@y.example", *words], check=True, capture_output=True
    )


@pytest.fixture
def place(tmp_path: Path, monkeypatch):
    """A Git folder whose first commit has the project in a folder below, with its library; the command run there."""
    top = tmp_path / "clients"
    file = top / "projects" / NORTHWIND / "project.yaml"
    file.parent.mkdir(parents=True)
    (top / "projects" / "library").mkdir()
    (top / "projects" / "library" / "note.txt").write_text("x", encoding="utf-8")
    file.write_text(TEXT, encoding="utf-8")
    monkeypatch.chdir(top)
    git("init", "-q", str(tmp_path))
    git("add", ".")
    git("commit", "-qm", "one")
    git("tag", "first")
    return file


def against(*words: str) -> int:
    return run(["prove", NORTHWIND, *SINCE, "--against", *words])


def test_nothing_changed(place, capsys):
    """The same spec, and one in which only a comment and a step's name are other ones, are no difference: exit code 0."""
    place.write_text("# later\n" + TEXT.replace("goodbye", "farewell"), encoding="utf-8")
    assert against("first") == 0
    assert capsys.readouterr().out == f"{NORTHWIND} against first: nothing changed for any caller\n"


def test_changed(place, capsys):
    """What is on the disk now, committed or not, is held against the revision; the command shows where a call goes now."""
    place.write_text(LATER, encoding="utf-8")
    assert against("HEAD") == 2
    lines = capsys.readouterr().out.splitlines()
    assert lines[1:3] == [
        "  had an agent and now has none:",
        "    weekdays 17:00-18:00 except 31 Dec 2026 to 1 Jan 2027; +78001002030: was menu subject, "
        "now message night, then hangup",
    ]
    assert run(shlex.split(lines[3])[1:]) == 0
    assert "ss-noservice" in TEXT
    assert "night " in capsys.readouterr().out


def test_under_an_override(place, capsys):
    """What differs only while a supervisor says so comes with the command that says so too, and leads there."""
    place.write_text(TEXT.replace("closed: night}", "closed: night, override: orders}"), encoding="utf-8")
    assert against("HEAD") == 2
    lines = capsys.readouterr().out.splitlines()
    assert "while overridden: emergency; " in lines[2]
    assert lines[3].endswith("--override emergency")
    assert run(shlex.split(lines[3])[1:]) == 0
    assert "a supervisor says emergency" in (told := capsys.readouterr().out)
    assert "orders (queue" in told


LIBRARY = "flow:\n  night: {type: play, prompts: [ss-noservice], next: {done: goodbye}}\n  goodbye: {type: hangup}\n"


def test_files_and_libraries(place, capsys):
    """A project over several files with a library is compared with what all of them were: no difference when it is only
    split, and a library's change is felt by those who use it.
    """
    sections = source.load(place)[0].data
    flow = {name: step for name, step in sections.pop("flow").items() if name not in ("goodbye", "night")}
    library = place.parent.parent / "library" / "ends.yaml"
    library.write_text(LIBRARY, encoding="utf-8")
    (place.parent / "flow.yaml").write_text(json.dumps(flow), encoding="utf-8")
    place.write_text(json.dumps({**sections, "library": ["ends"]}), encoding="utf-8")
    assert against("first") == 0
    assert "nothing changed" in capsys.readouterr().out
    git("add", ".")
    git("commit", "-qm", "split")
    library.write_text(LIBRARY.replace("ss-noservice", "sorry"), encoding="utf-8")
    assert against("first") == 2
    assert "message night (prompts sorry), then hangup" in (since_one_file := capsys.readouterr().out)
    assert against("HEAD") == 2
    assert capsys.readouterr().out == since_one_file.replace("against first", "against HEAD")
    library.write_text("flow: {}\n", encoding="utf-8")
    git("commit", "-qam", "broken then")
    library.write_text(LIBRARY, encoding="utf-8")
    assert against("HEAD") == 3
    told = capsys.readouterr().err
    assert f"HEAD:clients/projects/{NORTHWIND}/flow.yaml:" in told
    assert "\nHEAD:clients/projects/library/ends.yaml:1:7: " in f"\n{told}"
    assert "cctoolkit-" not in told


def test_formats(place, capsys):
    """JSON for machines; a Markdown table for a merge request."""
    place.write_text(LATER, encoding="utf-8")
    assert against("first", "--format", "json") == 2
    (one,) = json.loads(capsys.readouterr().out)
    (found,) = one["differences"]
    assert (one["project"], one["against"], found["harm"], found["numbers"]) == (NORTHWIND, "first", "lost-agent", ["+78001002030"])  # fmt: skip
    assert against("first", "--format", "markdown") == 2
    assert capsys.readouterr().out.count("\n| ") == 2
    assert run(["prove", NORTHWIND, "--format", "markdown"]) == 3
    assert "--against" in capsys.readouterr().err


def test_another_folder(place, tmp_path, capsys):
    """A folder that holds the project, is it, or has it below projects/ is as good as a revision, inside Git or not."""
    place.write_text(LATER, encoding="utf-8")
    other = tmp_path.parent / f"{tmp_path.name}-other" / "projects" / NORTHWIND
    other.mkdir(parents=True)
    (other / "project.yaml").write_text(TEXT, encoding="utf-8")
    for folder in (other, other.parent, other.parent.parent, other / "project.yaml"):
        assert against(str(folder)) == 2
        assert "was menu subject" in capsys.readouterr().out
    assert against(str(tmp_path)) == 3
    assert f"there is no project '{NORTHWIND}'; expected project.yaml or" in capsys.readouterr().err


@pytest.mark.parametrize(
    "name", ["nowhere", "HEAD~7", "--all", "-x", "", "first^{tree}", "a\0b", "first:projects", "x" * 5000]
)
def test_no_such_revision(place, capsys, name):
    """What is neither a revision nor a folder says so; nothing typed is an option of Git."""
    assert run(["prove", NORTHWIND, f"--against={name}"]) == 3
    assert "revision" in capsys.readouterr().err


def test_not_there_yet(place, capsys):
    """A project that the revision does not have is named, with where it was looked for."""
    other = place.parent.parent / "southwind" / "project.yaml"
    other.parent.mkdir()
    other.write_text(TEXT.replace("id: northwind-hotline", "id: southwind"), encoding="utf-8")
    assert run(["prove", "southwind", "--against", "first"]) == 3
    told = capsys.readouterr().err
    assert "first:clients/projects/southwind/project.yaml: there is no project 'southwind' at first" in told


def test_invalid_then(place, capsys):
    """A spec that did not validate then cannot be compared; its problems stand at their lines of then."""
    place.write_text(TEXT.replace("open: subject", "open: subjekt"), encoding="utf-8")
    git("commit", "-qam", "two")
    place.write_text(TEXT, encoding="utf-8")
    assert against("HEAD") == 3
    line = TEXT.split("open: subject")[0].count("\n") + 1
    assert f"HEAD:clients/projects/{NORTHWIND}/project.yaml:{line}:" in capsys.readouterr().err


def test_no_git_folder(tmp_path, monkeypatch, capsys):
    """Outside Git a revision cannot be; the message says what Git said."""
    file = tmp_path / "projects" / NORTHWIND / "project.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(TEXT, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert against("HEAD") == 3
    assert "not a git repository" in capsys.readouterr().err


def test_without_git(place, monkeypatch, capsys):
    """Where git is not installed the operator is told."""
    monkeypatch.setenv("PATH", "")
    assert against("first") == 1
    assert "git is not installed" in capsys.readouterr().err


def test_a_link_out_of_the_folder(place, tmp_path, capsys):
    """A revision whose files lead out of the folder is not unpacked."""
    (place.parent / "out").symlink_to("/etc/passwd")
    git("add", ".")
    git("commit", "-qm", "link")
    assert against("HEAD") == 1
    assert "cannot be unpacked" in capsys.readouterr().err
