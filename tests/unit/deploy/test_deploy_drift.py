import os

import pytest
from msgspec.structs import replace

from cctoolkit.__main__ import run
from cctoolkit.cli import drift as cli
from cctoolkit.errors import SpecError
from cctoolkit.state.settings import NodeState, Setting
from cctoolkit.workflow import drift, specs
from tests.unit.deploy.conftest import SECRET

ORDERS = "northwind-hotline.orders"


@pytest.fixture
async def drifting(node, monkeypatch):
    """A node with a release, and what drift finds on it."""
    await node.apply()
    monkeypatch.setattr(drift, "deploy_client", node.switch.connect)
    monkeypatch.setattr(drift, "load_site", lambda _name: node.loaded)
    monkeypatch.setattr(drift, "load_nodes", lambda _name: specs.LoadedSite(node.loaded.site, ()))
    node.drift = lambda: found(node)
    return node


async def found(node):
    (one,) = (await drift.drift_site("golden")).values()
    return one


def edit(node, name, old, new):
    path = node.current / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    os.utime(path, (0, 1_700_000_000))


def test_a_node_that_is_away_hides_no_other(drifting, tmp_path, capsys):
    """It is said in its place, and by the exit code; alone it is the command's error."""
    (tmp_path / "away").touch()
    first = drifting.loaded.site.nodes[0]
    both = (first, replace(first, id="n2", folder=str(tmp_path / "away")))
    drifting.loaded = replace(drifting.loaded, site=replace(drifting.loaded.site, nodes=both))
    assert run(["drift", "--site", "golden"]) == 4
    told = capsys.readouterr().out
    assert "node n1: nothing drifted from" in told
    assert "node n2: away: node n2" in told
    assert run(["drift", "--site", "golden", "--node", "n2"]) == 1


async def test_nothing_drifted(drifting):
    """Neither a pause nor a log-in is drift."""
    at_lunch = {"Penalty": "0", "Paused": "1", "PausedReason": "lunch"}
    drifting.switch.members = {(ORDERS, "PJSIP/ivanova"): at_lunch}
    one = await drifting.drift()
    assert (one.findings, one.notes) == ((), ())


async def test_an_edited_file_is_told_with_its_lines(drifting):
    """What, when, whose, how to take it in and to put it back; whether the switch runs it."""
    edit(drifting, "queues.conf", "maxlen = 20", "maxlen = 77")
    (one,) = (await drifting.drift()).findings
    assert (one.kind, one.name, one.what) == ("file", "queues.conf", "edited")
    assert "-maxlen = 20\n+maxlen = 77" in one.diff
    assert one.by.startswith("last written 2023-11-14T22:13:20Z, owner ")
    assert one.take_in == "queues of the projects"
    assert one.put_back == "cctoolkit apply --overwrite-edits --site golden"
    assert one.loaded == "the switch has not loaded it: the next reload does"
    await drifting.switch._load(("queue",))
    (one,) = (await drifting.drift()).findings
    assert one.loaded == "the switch runs it"


async def test_another_edit_of_memory_beside_a_file_is_told_too(drifting):
    """The file says 77, the switch runs 5: both are findings."""
    edit(drifting, "queues.conf", "maxlen = 20", "maxlen = 77")
    drifting.switch.memory = NodeState.of(
        Setting(*s.key, "5") if s.key == ("queue", ORDERS, "maxlen") else s for s in drifting.switch.memory
    )
    file, memory = (await drifting.drift()).findings
    assert file.kind == "file"
    assert (memory.side, memory.option, memory.was, memory.now) == ("memory", "maxlen", "20", "5")
    assert memory.take_in.startswith("queues.orders.maxlen (projects/northwind-hotline/project.yaml:")


async def test_added_and_removed_files(drifting):
    """A file that is none of ours is not shown, whatever it holds; one that is gone is shown whole."""
    (drifting.current / "own.conf").write_text("password = letmein\n")
    (drifting.current / "messages.conf").unlink()
    gone, own = (await drifting.drift()).findings
    assert (gone.name, gone.what, own.name, own.what) == ("messages.conf", "removed", "own.conf", "added")
    assert own.diff == ""
    assert gone.diff.startswith("--- a/messages.conf\n+++ /dev/null")


async def test_the_text_of_before_is_found_in_another_release(drifting):
    """The spec has changed since; the file of the release before has the same digest."""
    drifting.change_flow()
    await drifting.apply()
    drifting.change(queues={**drifting.project.queues, "vip": drifting.project.queues["orders"]})
    edit(drifting, "queues.conf", "maxlen = 20", "maxlen = 77")
    (one,) = (await drifting.drift()).findings
    assert "+maxlen = 77" in one.diff
    assert one.put_back.endswith("which also brings what the spec says since then")


async def test_where_nobody_has_the_text_of_before_there_is_no_diff(drifting):
    """It is told that it was edited, and memory is held against the file as it is."""
    drifting.change(queues={**drifting.project.queues, "vip": drifting.project.queues["orders"]})
    edit(drifting, "queues.conf", "maxlen = 20", "maxlen = 77")
    file, memory = (await drifting.drift()).findings
    assert (file.diff, memory.was, memory.now) == ("", "77", "20")


async def test_no_secret_is_shown(drifting):
    """Not the password that stood there, nor the new one, nor one somebody noted elsewhere."""
    edit(drifting, "pjsip.conf", f"password = {SECRET}IVANOVA", "password = letmein99")
    edit(drifting, "pjsip.conf", "[petrov]", f"; old password was {SECRET}PETROV\n[petrov]")
    edit(drifting, "runtime.conf", "[cct-mark]", "; crm password: letmein99\n[cct-mark]")
    one = await drifting.drift()
    text = "\n".join(line for finding in one.findings for line in cli.shown([finding]))
    assert "password = hmac:" in text
    assert "letmein99" not in text + str(one.findings)
    assert SECRET not in text + str(one.findings)


async def test_lines_of_the_dialplan_and_their_steps(drifting):
    """A line changed in a step of a generation names the step; one in what the toolkit owns, nothing."""
    generation = next(s for s in drifting.switch.memory if s.name.endswith("-night"))
    drifting.switch.memory = NodeState.of([
        *(s for s in drifting.switch.memory if s != generation), Setting("dialplan", "cct-own", "1,1", "NoOp(hi)"),
    ])  # fmt: skip
    gone, own = (await drifting.drift()).findings
    assert gone.take_in.startswith("flow.night (")
    assert (gone.now, own.was, own.take_in, own.put_back) == (None, None, "", "cctoolkit apply --site golden")


async def test_members_the_release_does_not_give(drifting, tmp_path):
    """A stranger and a wrong penalty, with what queue_log says of them; an agent it gives one queue more."""
    drifting.switch.members = {
        (ORDERS, "PJSIP/ivanova"): {"Penalty": "7", "Name": "ivanova"},
        (ORDERS, "Local/7@x/n"): {"Penalty": "0", "Name": "stranger"},
    }
    log = tmp_path / "queue_log"
    log.write_text(
        f"1700000000|MANAGER|{ORDERS}|stranger|ADDMEMBER|\n1700000001|NONE|{ORDERS}|PJSIP/ivanova|PENALTY|7\n"
    )
    site = drifting.loaded.site
    node = replace(site.nodes[0], queue_log=str(log))
    drifting.loaded = replace(drifting.loaded, site=replace(site, nodes=(node,)))
    stranger, ivanova = (await drifting.drift()).findings
    assert (stranger.was, stranger.by) == (None, "added 2023-11-14T22:13:20Z over AMI")
    assert (ivanova.was, ivanova.now, ivanova.by) == ("0", "7", "given its penalty 2023-11-14T22:13:21Z")
    assert ivanova.take_in.startswith("agents (")


async def test_a_member_that_rings_while_it_talks(drifting):
    """What somebody set on a member is told; a reload of everything takes it back."""
    drifting.switch.shown = (
        f"{ORDERS} has 0 calls (max 20) in 'rrmemory' strategy\n   Members: \n"
        "      petrov (PJSIP/petrov) with penalty 1 (ringinuse enabled) (dynamic) (Not in use) has taken no calls yet\n"
        "      ivanova (PJSIP/ivanova) (ringinuse disabled) (dynamic) (Not in use) has taken no calls yet\n   No Callers\n"
    )
    (one,) = (await drifting.drift()).findings
    assert (one.option, one.now, one.put_back) == (
        "petrov", "ringinuse yes", "cctoolkit apply --reload --site golden",
    )  # fmt: skip


async def test_a_spec_that_does_not_validate_hides_no_drift(drifting, monkeypatch):
    """What drifted is found all the same; a missing secret hides no more than the diff."""

    def broken(_name):
        raise SpecError("3 mistakes")

    edit(drifting, "queues.conf", "maxlen = 20", "maxlen = 77")
    with monkeypatch.context() as patch:
        patch.setattr(drift, "load_site", broken)
        one = await drifting.drift()
        assert "does not validate" in one.notes[0]
        assert one.findings[0].name == "queues.conf"

    monkeypatch.delenv("GOLDEN_IVANOVA")
    one = await drifting.drift()
    assert "cannot be rendered" in one.notes[0]
    assert one.findings[0].name == "queues.conf"


async def test_a_file_nobody_can_read_leaves_memory_uncompared(drifting):
    """Said in a note; the file itself is the finding."""
    drifting.change(queues={**drifting.project.queues, "vip": drifting.project.queues["orders"]})
    edit(drifting, "queues.conf", "maxlen = 20", "nonsense")
    one = await drifting.drift()
    assert [f.name for f in one.findings] == ["queues.conf"]
    assert one.notes[0].startswith("memory is not compared: queues.conf:")


async def test_before_the_first_apply_nothing_drifts(node, monkeypatch):
    """What is in the folder then is none of ours."""
    monkeypatch.setattr(drift, "load_site", lambda _name: node.loaded)
    one = await found(node)
    assert (one.findings, one.notes) == ((), ("nothing applied yet",))
