"""A site of several nodes: canary first, the others at once, away ones caught up, all taken back after a failure."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cctoolkit.deploy import reload
from cctoolkit.lab.lab import Lab
from tests.live.conftest import Line, specs_for_tests

pytestmark = pytest.mark.live

NODES = ("n1", "n2", "n3", "n4")
APPLIED = dict.fromkeys(NODES, "applied")


class Fleet(Line):
    """Four nodes with the project applied on all of them."""

    def __init__(self, lab, root):
        super().__init__(lab, root)
        self._texts = [text := self.project.read_text(encoding="utf-8"), text.replace("rrmemory", "leastrecent")]

    def change(self):
        """Change one queue, to and fro."""
        self._texts.reverse()
        self.project.write_text(self._texts[0], encoding="utf-8")

    def releases(self) -> dict[str, str]:
        """The release in force on each node, read from its disk."""
        links = {name: self.lab.nodes[name].config / "cctoolkit/current" for name in NODES}
        return {name: link.readlink().name.partition("-")[2] for name, link in links.items()}

    def apply(self, capsys, *arguments):
        """Apply; return the exit code, what became of each node, and the whole answer."""
        code = self.run("apply", "--site", self.site, "--format", "json", *arguments)
        nodes = json.loads(capsys.readouterr().out)["nodes"]
        return code, {one["node"]: one["state"] for one in nodes}, nodes

    def give(self, node, group):
        """Let the files of one node come in another group, in the site's file."""
        path, text = Path(self.site), Path(self.site).read_text(encoding="utf-8")
        before, found, rest = text.partition(f"id: {node}\n")
        assert found
        old = f"group: {self.lab.nodes[node].installation.gid}\n"
        assert old in rest
        path.write_text(before + found + rest.replace(old, f"group: {group}\n", 1), encoding="utf-8")
        return lambda: path.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    """A lab of four nodes on which everything is applied."""
    root = tmp_path_factory.mktemp("fleet")
    template = specs_for_tests(root)
    before = Path.cwd()
    lab = Lab(root / "lab", template, owned=True)
    try:
        lab.up(len(NODES))
        os.chdir(root)
        found = Fleet(lab, root)
        assert found.run("apply", "--site", found.site) == 0
        yield found
    finally:
        os.chdir(before)
        lab.down()


@pytest.fixture
def changed(fleet):
    """The same, all nodes there and alike, with a spec that has changed since."""
    for node in fleet.lab.nodes.values():
        node.start()
    assert fleet.run("apply", "--site", fleet.site) == 0
    fleet.change()
    return fleet


@pytest.fixture
def soon(monkeypatch):
    """Read-back gives up sooner, in this process."""
    monkeypatch.setattr(reload, "_READ_BACK_SECONDS", 0.5)


def test_all_are_applied_and_nothing_is_left(changed, capsys):
    """Every node has a new release and a line of history; a second apply finds nothing to do."""
    before = changed.releases()
    code, states, nodes = changed.apply(capsys, "--canary", "n3")
    assert (code, states) == (0, APPLIED)
    assert all(now != before[name] for name, now in changed.releases().items())
    assert {one["node"]: one["release_now"] for one in nodes} == changed.releases()
    code, states, _ = changed.apply(capsys)
    assert (code, states) == (0, dict.fromkeys(NODES, "unchanged"))
    assert changed.run("plan", "--site", changed.site) == 0


def test_a_closed_terminal_cuts_no_apply_off(changed):
    """Its pipes lose their readers and its terminal hangs up while the first node changes: all are applied, exit code 0."""
    before = changed.releases()
    command = [sys.executable, "-m", "cctoolkit", "apply", "--site", changed.site]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=changed.root) as process:
        process.stdout.close()
        while not process.stderr.readline().startswith(b"n1: stage"):
            assert process.poll() is None
        process.stderr.close()
        process.send_signal(signal.SIGHUP)
    assert process.returncode == 0
    assert all(now != before[name] for name, now in changed.releases().items())


def test_the_canary_goes_first(changed, capsys):
    """Nobody is staged before the canary was read back; one that fails leaves the others alone."""
    before = changed.releases()
    back = changed.give("n3", 0)
    code = changed.run("apply", "--site", changed.site, "--canary", "n3")
    said = capsys.readouterr()
    back()
    assert code == 1
    assert "n3: stage release" in said.err
    assert "n1: stage release" not in said.err
    assert changed.releases() == before
    assert "n3: node at" in said.out
    assert [line.split()[-2] for line in said.out.splitlines() if line.startswith("n") and "unchanged" in line] == (
        ["unchanged"] * 3
    )


def test_who_is_away_is_caught_up_by_the_next_apply(changed, capsys):
    """One node is down, one is not prepared: the others are applied, exit code 4, and later these two alone."""
    before = changed.releases()
    changed.lab.nodes["n2"].stop()
    folder = changed.lab.nodes["n4"].config / "cctoolkit"
    folder.rename(folder.with_name("elsewhere"))
    try:
        assert changed.run("plan", "--site", changed.site) == 4
        said = capsys.readouterr().out
        assert "node n2: away: " in said
        assert "node n4: away: " in said
        assert "node n1: release" in said
        assert changed.run("apply", "--site", changed.site, "--all-or-none") == 4
        assert "node n2: the node is away" in capsys.readouterr().err
        code, states, nodes = changed.apply(capsys)
    finally:
        folder.with_name("elsewhere").rename(folder)
    assert (code, states) == (4, {"n1": "applied", "n2": "away", "n3": "applied", "n4": "away"})
    assert "not prepared" in nodes[3]["why"]
    now = changed.releases()
    assert {name for name in NODES if now[name] != before[name]} == {"n1", "n3"}
    changed.lab.nodes["n2"].start()
    code, states, _ = changed.apply(capsys)
    assert (code, states) == (0, {"n1": "unchanged", "n2": "applied", "n3": "unchanged", "n4": "applied"})


def test_a_node_that_does_not_take_it_takes_the_others_back(changed, capsys, soon):
    """Files that Asterisk may not read on one node: exit code 1, every release as it was, memory too."""
    before = changed.releases()
    back = changed.give("n3", 0)
    code, states, nodes = changed.apply(capsys, "--at-once", "1")
    back()
    assert (code, states) == (1, {"n1": "rolled back", "n2": "rolled back", "n3": "failed", "n4": "unchanged"})
    assert changed.releases() == before
    assert {one["node"]: one["release_now"] for one in nodes} == before
    assert "did not take the new files" in nodes[2]["why"]
    changed.change()
    # With the spec of before there is nothing to do: disk, memory and members are what they were.
    assert changed.run("plan", "--site", changed.site) == 0
    history = (changed.lab.nodes["n1"].config / "cctoolkit/history.jsonl").read_text().splitlines()
    assert json.loads(history[-1])["to"] == before["n1"]


def test_one_node_alone(changed, capsys):
    """--node leaves the others behind, which is legal."""
    code, states, _ = changed.apply(capsys, "--node", "n2")
    assert (code, states) == (0, {"n2": "applied"})
    assert changed.apply(capsys)[1] == {**APPLIED, "n2": "unchanged"}
    assert changed.run("apply", "--site", changed.site, "--node", "n7") == 3


def test_ctrl_c_puts_back_who_is_at_work(changed):
    """The canary and n2 are done and stay, n3 is at work and puts itself back, n4 does not begin; exit code 130."""
    before = changed.releases()
    back = changed.give("n3", 0)
    # Where the tests run in the background, Ctrl-C is ignored, and a child would inherit that.
    command = [
        "env",
        "--default-signal=INT",
        sys.executable,
        "-m",
        "cctoolkit",
        "apply",
        "--site",
        changed.site,
        "--at-once",
        "1",
    ]
    done = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=changed.root)
    for line in done.stderr:
        if line.startswith("n3: flip"):
            done.send_signal(signal.SIGINT)
            break
    out, err = done.communicate(timeout=60)
    back()
    assert done.returncode == 130, err
    table = {
        row[0]: " ".join(row[3:-1]) for row in map(str.split, out.splitlines()) if row[0] in NODES and len(row) > 4
    }
    assert table == {"n1": "applied", "n2": "applied", "n3": "rolled back", "n4": "unchanged"}
    now = changed.releases()
    assert {name for name in NODES if now[name] != before[name]} == {"n1", "n2"}
    assert changed.run("apply", "--site", changed.site) == 0


def test_a_canary_that_fails_its_test_calls_is_taken_back(changed, capsys):
    """The test calls of --verify-canary are placed on the canary before anybody else begins."""
    before = changed.releases()
    # A prompt that is nowhere on the node: memory is as the files say, and yet callers would hear nothing.
    text = changed.project.read_text(encoding="utf-8")
    assert "[vm-press," in text
    changed.project.write_text(text.replace("[vm-press,", "[no-such-sound,"), encoding="utf-8")
    code, states, nodes = changed.apply(capsys, "--verify-canary")
    changed.project.write_text(text, encoding="utf-8")
    assert (code, states["n1"], states["n2"]) == (1, "failed", "unchanged")
    assert "the canary fails" in nodes[0]["why"]
    assert changed.releases() == before
