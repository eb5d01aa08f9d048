"""What goes wrong gives one clear error and the right exit code, and the node keeps running what it ran."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.live

PROJECT = "northwind-hotline"


def memory(line) -> str:
    """What the node runs: its dialplan and queues, as its own console shows them, calls and counters left out."""
    node = line.lab.nodes["n1"]
    queues = [text.partition(" in '")[2] for text in node.cli("queue show").splitlines() if " in '" in text]
    return "\n".join([*sorted(t for t in node.cli("dialplan show").splitlines() if "=>" in t), *sorted(queues)])


@pytest.fixture
def unchanged(line):
    """The node's memory and release must be the same after the test; the project's text is put back."""
    text, before = line.project.read_text(encoding="utf-8"), memory(line)
    current = (line.lab.nodes["n1"].config / "cctoolkit/current").readlink()
    yield
    line.project.write_text(text, encoding="utf-8")
    assert (line.lab.nodes["n1"].config / "cctoolkit/current").readlink() == current
    assert memory(line) == before
    assert line.run("plan", "--site", line.site) == 0


MISTAKES = {
    "broken YAML": ("  night:\n    type: play", "  night:\n   type: play\n  - x", ["project.yaml:", "yaml"]),
    "ringal": ("strategy: rrmemory", "strategy: ringal", ["strategy", 'did you mean "ringall"', ":67:"]),
    "no such step": (
        "timeout: orders, invalid: goodbye",
        "timeout: orders, invalid: goodby",
        ['"goodby"', 'did you mean "goodbye"'],
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_broken_spec_changes_nothing(line, unchanged, capsys, mistake):
    """A mistake in the spec: exit code 3, file:line:column and the cure, from validate, plan and apply alike."""
    old, new, said = MISTAKES[mistake]
    line.edit(old, new)
    at = next(
        n
        for n, text in enumerate(line.project.read_text(encoding="utf-8").splitlines(), 1)
        if new.splitlines()[-1] in text
    )
    for command in (["validate", PROJECT], ["plan", "--site", line.site], ["apply", "--site", line.site]):
        assert line.run(*command) == 3
        shown = capsys.readouterr()
        for part in said:
            assert part.replace(":67:", f":{at}:") in shown.out + shown.err
        assert "Traceback" not in shown.err


def test_a_wrong_password(line, unchanged, capsys, monkeypatch):
    """A wrong AMI password: exit code 4 at once, the account named, the secret not."""
    secret = Path(line.site).parent / "secrets" / "n1-cct-deploy"
    right = secret.read_text(encoding="ascii")
    secret.write_text("not-the-password\n", encoding="ascii")
    try:
        assert line.run("apply", "--site", line.site) == 4
    finally:
        secret.write_text(right, encoding="ascii")
    shown = capsys.readouterr()
    assert "cct-deploy" in shown.err
    assert "next:" in shown.err
    assert "not-the-password" not in shown.out + shown.err


def test_a_stopped_node(line, capsys):
    """A stopped node: exit code 4 and which node; nothing on its disk changes, and it comes back with what it ran."""
    node = line.lab.nodes["n1"]
    before, current = memory(line), (node.config / "cctoolkit/current").readlink()
    line.edit("maxlen: 20", "maxlen: 21")
    node.stop()
    try:
        for command in (
            ["plan", "--site", line.site],
            ["apply", "--site", line.site],
            ["verify", PROJECT, "--site", line.site],
        ):
            assert line.run(*command) == 4
            shown = capsys.readouterr()
            assert node.address in shown.err
            assert "Traceback" not in shown.err
        assert (node.config / "cctoolkit/current").readlink() == current
    finally:
        node.start()
        line.edit("maxlen: 21", "maxlen: 20")
    assert memory(line) == before
    assert line.run("plan", "--site", line.site) == 0


def test_a_folder_that_cannot_be_written(line, unchanged):
    """A read-only folder: exit code 1, the folder named, nothing changed; as root only a mount is read-only."""
    folder = line.lab.nodes["n1"].config / "cctoolkit"
    line.edit("maxlen: 20", "maxlen: 22")
    script = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && shift && exec "$@"'
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script, "sh", str(folder),
         sys.executable, "-m", "cctoolkit", "apply", "--site", line.site],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    assert done.returncode == 1
    assert str(folder) in done.stderr
    assert "Read-only" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_generated_file_edited_by_hand(line, capsys):
    """A hand-edited file is shown by plan, refused by apply (exit code 1), kept as it is, and overwritten when told to."""
    file = line.lab.nodes["n1"].config / "cctoolkit/current/queues.conf"
    before = memory(line)
    text = file.read_text(encoding="utf-8") + "; a note by hand\n"
    file.write_text(text, encoding="utf-8")
    assert line.run("plan", "--site", line.site) == 2
    assert "queues.conf was edited by hand" in capsys.readouterr().out
    line.edit("maxlen: 20", "maxlen: 23")
    try:
        assert line.run("apply", "--site", line.site) == 1
        assert "--overwrite-edits" in capsys.readouterr().err
        assert file.read_text(encoding="utf-8") == text
        assert memory(line) == before
    finally:
        line.edit("maxlen: 23", "maxlen: 20")
    assert line.run("apply", "--site", line.site, "--overwrite-edits") == 0
    assert line.run("plan", "--site", line.site) == 0
