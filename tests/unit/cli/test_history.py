import json

import pytest
from msgspec.structs import replace

from cctoolkit.__main__ import run
from cctoolkit.errors import SwitchUnreachable
from cctoolkit.workflow import history, nodes


@pytest.fixture
def away(monkeypatch):
    """A site whose second node does not answer; return how many nodes are asked for."""
    monkeypatch.chdir("tests/thin")
    site = nodes.load_nodes("site.yaml")
    (first,) = site.site.nodes

    async def told(node):
        if node.id == "n2":
            raise SwitchUnreachable("no answer", where="node n2")
        return history.Told(())

    def of(*names):
        asked = tuple(replace(first, id=name) for name in names)
        monkeypatch.setattr(nodes, "load_nodes", lambda _name: replace(site, site=replace(site.site, nodes=asked)))

    monkeypatch.setattr(history, "_told", told)
    return of


def test_a_node_that_is_away_hides_no_other(away, capsys):
    """It is said in its place, and by the exit code."""
    away("n1", "n2", "n3")
    assert run(["history", "--site", "s"]) == 4
    told = capsys.readouterr().out.splitlines()
    assert told == ["n1  nothing applied yet", "n2  away: node n2: no answer", "n3  nothing applied yet"]
    assert run(["history", "--site", "s", "--format", "json"]) == 4
    assert json.loads(capsys.readouterr().out) == {"n1": [], "n2": [{"away": "node n2: no answer"}], "n3": []}


def test_the_only_node_is_away(away, capsys):
    """Then that is the command's error."""
    away("n2")
    assert run(["history", "--site", "s"]) == 4
    assert "node n2: no answer" in capsys.readouterr().err
