import pytest
from msgspec.structs import replace

from cctoolkit.__main__ import run
from cctoolkit.deploy.release import Disk
from cctoolkit.node.transports import Manifest
from cctoolkit.plan.changes import Plan
from cctoolkit.plan.classes import Class, Impact
from cctoolkit.workflow import fleet, nodes, rollback
from cctoolkit.workflow.switch import Planned


@pytest.fixture
def planned(monkeypatch):
    """A site of three nodes, and those for which a way back was planned."""
    monkeypatch.chdir("tests/thin")
    site = nodes.load_nodes("site.yaml")
    (first,) = site.site.nodes
    three = tuple(replace(first, id=name) for name in ("n1", "n2", "n3"))
    asked = []

    async def plan(loaded, _to, only, **_more):
        asked.extend(node.id for node in nodes.chosen(loaded, only))
        return fleet.Fleet(loaded, ())

    monkeypatch.setattr(nodes, "load_nodes", lambda _name: replace(site, site=replace(site.site, nodes=three)))
    monkeypatch.setattr(rollback, "plan_rollback", plan)
    return asked


def test_several_nodes_may_be_named(planned):
    """As for apply: with one node away the others go back in one command."""
    assert run(["rollback", "--site", "s", "--node", "n1", "--node", "n3"]) == 0
    assert planned == ["n1", "n3"]


def test_an_unknown_node_is_wrong_usage(planned, capsys):
    """Nothing is planned, and what there is is named."""
    assert run(["rollback", "--site", "s", "--node", "n1", "--node", "n9"]) == 3
    assert "the site has no node 'n9'" in capsys.readouterr().err
    assert planned == []


def test_of_many_nodes_none_goes_back_where_one_would_be_refused(planned, monkeypatch, capsys):
    """A caller waits on the second: the first is not taken there and back under its calls."""
    strands = Impact("disk", "queue", "q", Class.strands, "r", "they wait on", {"waiting": 1})
    found = {"n1": (), "n2": (strands,)}
    disk = Disk("000002-aa", Manifest("aa", "", "", "", {}, {}), {}, {}, ())

    async def plan(loaded, *_what, **_more):
        ways = [
            Planned(node, Plan(node.id, "aa", "bb", (), impacts=found[node.id]), None, disk, disk)
            for node in loaded.site.nodes[:2]
        ]
        return fleet.Fleet(loaded, tuple(ways))

    async def nobody(*_what, **_more):
        raise AssertionError("a node was changed")

    monkeypatch.setattr(rollback, "plan_rollback", plan)
    monkeypatch.setattr(fleet, "apply", nobody)
    assert run(["rollback", "--site", "s"]) == 1
    said = capsys.readouterr().err
    assert "node n2: this would touch who is live now" in said
    assert "next: rollback with --accept strands-waiting-callers, or wait for nobody: --when-idle; nothing" in said
