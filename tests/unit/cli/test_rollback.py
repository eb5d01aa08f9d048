from types import SimpleNamespace

import pytest
from msgspec.structs import replace

from cctoolkit.__main__ import run
from cctoolkit.plan.changes import Plan
from cctoolkit.plan.classes import Class, Impact
from cctoolkit.workflow import fleet, nodes, rollback


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
        return []

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
    ways = [
        SimpleNamespace(node=SimpleNamespace(id=name), plan=Plan(name, "aa", "bb", (), impacts=found))
        for name, found in (("n1", ()), ("n2", (strands,)))
    ]

    async def plan(*_what, **_more):
        return ways

    async def nobody(*_what, **_more):
        raise AssertionError("a node was changed")

    monkeypatch.setattr(rollback, "plan_rollback", plan)
    monkeypatch.setattr(fleet, "apply_site", nobody)
    assert run(["rollback", "--site", "s"]) == 1
    assert "node n2: this would touch who is live now" in capsys.readouterr().err
