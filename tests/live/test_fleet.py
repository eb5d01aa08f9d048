"""A site of several nodes: canary first, the others at once, away ones caught up, all taken back after a failure."""

import asyncio
import json
import signal
import subprocess
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from cctoolkit import marks
from cctoolkit.deploy import reload
from cctoolkit.workflow import specs, switch
from tests.live.conftest import Line, on_nodes

pytestmark = pytest.mark.live

NODES = ("n1", "n2", "n3", "n4")
APPLIED = dict.fromkeys(NODES, "applied")
# Where the tests run in the background, Ctrl-C is ignored, and a child would inherit that.
APPLY = ("env", "--default-signal=INT", sys.executable, "-m", "cctoolkit", "apply")


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

    def history(self, node) -> list[str]:
        """The lines of a node's history."""
        return (self.lab.nodes[node].config / "cctoolkit/history.jsonl").read_text().splitlines()

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
    with on_nodes(len(NODES), tmp_path_factory.mktemp("fleet"), kind=Fleet) as found:
        yield found


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
    command = [*APPLY, "--site", changed.site, "--at-once", "1"]
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


async def test_who_waits_until_nobody_is_touched_lets_the_others_stay(changed, capsys):
    """A stranger is logged in on n3, whom the plan would log out: n3 waits at its turn, the canary and the others are
    applied once and stay; the limit takes nothing back, and when the stranger is gone the next apply needs n3 alone.
    """
    node = specs.load_site(changed.site).site.nodes[2]
    who = {"Queue": marks.queue_name("northwind-hotline", "orders"), "Interface": "Local/7@cct-shadow/n"}
    histories = {name: changed.history(name) for name in NODES}
    async with switch.deploy_client(node) as client:
        await client.action("QueueAdd", who)
        assert await changed.run_aside("apply", "--site", changed.site, "--when-idle", "--within", "1s") == 1
        said = capsys.readouterr()
        assert "n3: waiting: member orders of northwind-hotline: drops log-ins, 1 logged in" in said.err
        assert (said.out + said.err).count("after 1 s somebody is still touched") == 1
        states = {row[0]: row[3] for row in map(str.split, said.out.splitlines()) if row[:1] and row[0] in NODES}
        assert states == {**APPLIED, "n3": "unchanged"}
        going = asyncio.create_task(changed.run_aside("apply", "--site", changed.site, "--when-idle"))
        while "n3: waiting: " not in capsys.readouterr().err:
            await asyncio.sleep(0.1)
        await client.action("QueueRemove", who)
        assert await asyncio.wait_for(going, 30) == 0
    assert {name: len(changed.history(name)) - len(old) for name, old in histories.items()} == dict.fromkeys(NODES, 1)


def test_a_rollback_goes_as_an_apply_does(changed, capsys):
    """The canary first, one table, as JSON too; who is away is named with the way to follow, and follows; a node that
    does not take it takes the others back to where they were.
    """
    before = changed.releases()
    assert changed.apply(capsys)[0] == 0
    newer = changed.releases()
    back = changed.give("n3", 0)
    assert changed.run("rollback", "--site", changed.site, "--at-once", "1", "--canary", "n2") == 1
    back()
    said = capsys.readouterr()
    staged = [line.partition(":")[0] for line in said.err.splitlines() if ": stage release" in line]
    assert staged[:3] == ["n2", "n1", "n3"]
    assert (said.out + said.err).count("did not take the new files") == 1
    assert changed.releases() == newer
    changed.lab.nodes["n2"].stop()
    assert changed.run("rollback", "--site", changed.site, "--all-or-none") == 4
    assert changed.releases() == newer
    capsys.readouterr()
    assert changed.run("rollback", "--site", changed.site, "--format", "json") == 4
    nodes = json.loads(capsys.readouterr().out)["nodes"]
    assert {one["node"]: one["state"] for one in nodes} == {**APPLIED, "n2": "away"}
    assert "cctoolkit rollback --node n2 does the same there" in nodes[1]["next_step"]
    assert changed.releases() == {**before, "n2": newer["n2"]}
    changed.lab.nodes["n2"].start()
    assert changed.run("rollback", "--site", changed.site, "--node", "n2") == 0
    assert "rolled back and read back: n2" in capsys.readouterr().out
    assert changed.releases() == before


async def test_all_nodes_on_trial_have_one_deadline(changed, capsys):
    """It counts from the end of the run, is told, and stands in every node's journal; Ctrl-C then says what is where."""
    before = changed.releases()
    command = [*APPLY, "--site", changed.site, "--at-once", "1", "--confirm-within", "5m"]
    done = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE, cwd=changed.root)
    out = b""
    async with asyncio.timeout(90):
        while b"on trial until " not in out:
            out += await done.stdout.readline()
        async for line in done.stderr:
            if line.startswith(b"node n4: ") and b"waits to be confirmed" in line:
                break
    paths = [changed.lab.nodes[name].config / "cctoolkit/intent" for name in NODES]
    (by,) = {json.loads(path.read_text())["confirm_by"] for path in paths}
    assert f"on trial until {by[:19]}Z" in out.decode()
    assert await changed.run_aside("plan", "--site", changed.site) == 0
    assert capsys.readouterr().out.count(f"waits to be confirmed until {by[:19]}Z") == len(NODES)
    done.send_signal(signal.SIGINT)
    out, err = await asyncio.wait_for(done.communicate(), 60)
    assert done.returncode == 130, err
    states = {row[0]: " ".join(row[3:5]) for row in map(str.split, out.decode().splitlines()) if len(row) > 4}
    assert {name: states[name] for name in NODES} == dict.fromkeys(NODES, "rolled back")
    assert changed.releases() == before
    assert not [path for path in paths if path.exists()]


def test_a_second_ctrl_c_says_what_is_where_too(changed):
    """Whoever does not wait for the way back is told what is known; the next apply finishes or undoes the rest."""
    back = changed.give("n3", 0)
    command = [*APPLY, "--site", changed.site, "--at-once", "1"]
    done = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=changed.root)
    for line in done.stderr:
        if line.startswith("n3: flip"):
            done.send_signal(signal.SIGINT)
        if line.startswith("n3: put the old release back"):
            done.send_signal(signal.SIGINT)
            break
    out, err = done.communicate(timeout=60)
    back()
    assert done.returncode == 130, err
    states = {row[0]: row[3] for row in map(str.split, out.splitlines()) if row[0] in NODES and len(row) > 4}
    assert states.keys() == set(NODES), out + err
    assert (states["n1"], states["n4"]) == ("applied", "unchanged"), out + err
    assert changed.run("apply", "--site", changed.site) == 0
    assert changed.run("plan", "--site", changed.site) == 0
