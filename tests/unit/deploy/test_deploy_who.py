import getpass
import json
import subprocess

import pytest

from cctoolkit.cli import history
from cctoolkit.workflow import switch


def test_outside_git_there_is_no_commit(tmp_path, monkeypatch):
    """A folder of specs need not be a repository."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert switch.commit() == ""


def test_without_git_there_is_no_commit(tmp_path, monkeypatch):
    """Nor need git be installed."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert switch.commit() == ""


def test_a_git_that_hangs_or_fails_to_start_is_no_commit(monkeypatch):
    """The release's commit is worth ten seconds and no failure."""
    for error in (subprocess.TimeoutExpired("git", 10), PermissionError("git")):

        def broken(*_args, error=error, **_more):
            raise error

        monkeypatch.setattr(subprocess, "run", broken)
        assert switch.commit() == ""


def test_the_commit_says_whether_files_differ(tmp_path, monkeypatch):
    """Twelve digits, and a plus when what was applied is not what was committed."""
    monkeypatch.chdir(tmp_path)
    for command in ("init -q", "-c user.name=a -c user.email=a@b commit -q --allow-empty -m x"):
        subprocess.run(["git", *command.split()], check=True)
    clean = switch.commit()
    assert len(clean) == 12
    (tmp_path / "f").write_text("x")
    subprocess.run(["git", "add", "f"], check=True)
    assert switch.commit() == clean + "+"


def test_a_user_without_a_name_is_a_number(monkeypatch):
    """A container may run as a user its machine does not know."""

    def nameless():
        raise KeyError("getpwuid(): uid not found: 12345")

    monkeypatch.setattr(getpass, "getuser", nameless)
    assert switch.user().isdigit()


@pytest.mark.parametrize("line", ["", "{half", "[1]"])
def test_a_torn_line_of_the_history_hides_no_other(line):
    """A line that is none is shown as what it is."""
    assert history._shown(history._read(line)).startswith("unreadable: ")


def test_a_line_of_the_history_in_words():
    """A release and an override are told with their time and author."""
    release = {"when": "2026-11-22T12:00:00.5+00:00", "who": "anna", "from": "a", "to": "b", "commit": ""}
    assert history._shown(history._read(json.dumps(release))) == (
        "2026-11-22T12:00:00Z  release a -> b from no commit  anna"
    )
    override = {
        "when": "2026-11-22T12:00:00",
        "who": "anna",
        "override": "p",
        "what": "open",
        "until": "2026-11-22T14:00",
    }
    assert "override p open until 2026-11-22T14:00Z" in history._shown(override)
