import json
from contextlib import asynccontextmanager

import pytest
from msgspec.structs import replace

from cctoolkit.__main__ import run
from cctoolkit.errors import Busy, SwitchUnreachable
from cctoolkit.verify.checks import Finding
from cctoolkit.workflow import locks, specs, verify

VERIFY = ["verify", "northwind-hotline", "--site", "site.yaml"]


@pytest.fixture
def three(monkeypatch):
    """A site of three nodes: the first is good, the second away, the third busy unless it is `found` otherwise."""
    monkeypatch.chdir("tests/thin")
    for name in ("NORTHWIND", "CARRIER"):
        monkeypatch.setenv(name, "x")
    loaded = specs.load_site("site.yaml")
    first = loaded.site.nodes[0]
    nodes = (first, *(replace(first, id=name) for name in ("n2", "n3")))
    monkeypatch.setattr(specs, "load_site", lambda *_: replace(loaded, site=replace(loaded.site, nodes=nodes)))
    found = {
        "n1": (Finding("routes", "day", True, "answered"),),
        "n2": SwitchUnreachable("no answer", where="node n2", next_step="start it"),
        "n3": Busy("anna is at work", where="node n3"),
    }

    async def verified(_loaded, node, _config, _project, progress):
        progress(1, 2)
        if isinstance(found[node.id], Exception):
            raise found[node.id]
        return found[node.id]

    monkeypatch.setattr(verify, "verified", verified)
    return found


def test_a_node_that_is_away_hides_no_other(three, capsys):
    """Each is told in its place, in the order of the site's file; exit code 4."""
    assert run(VERIFY) == 4
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "n1 ok   routes: day: answered",
        "n1: 1 of 1 good",
        "n2: away: node n2: no answer",
        "n2:   next: start it",
        "n3: away: node n3: anna is at work",
    ]
    assert said.err.splitlines() == [f"{node}: test call 1 of 2 done" for node in ("n1", "n2", "n3")]
    assert run([*VERIFY, "--format", "json"]) == 4
    machine = json.loads(capsys.readouterr().out)
    assert [one["subject"] for one in machine["n1"]] == ["day"]
    assert machine["n2"] == {"away": "node n2: no answer", "next_step": "start it"}


def test_only_some_nodes(three, capsys):
    """With --node the others are not asked; of one alone its error is the command's."""
    three["n3"] = (Finding("routes", "day", False, "lost"),)
    assert run([*VERIFY, "--node", "n1"]) == 0
    assert run([*VERIFY, "--node", "n3", "--node", "n1"]) == 2
    assert "n2" not in capsys.readouterr().out
    assert run([*VERIFY, "--node", "n2"]) == 4
    assert "node n2: no answer\n  next: start it" in capsys.readouterr().err
    assert run([*VERIFY, "--node", "n4"]) == 3


def test_a_verify_waits_for_who_is_at_work(three, monkeypatch):
    """It holds each node it is to verify, and who is refused is told of --wait."""
    done = []

    @asynccontextmanager
    async def held(nodes, _doing, seconds, _tell):
        done.append(([node.id for node in nodes], seconds))
        yield

    monkeypatch.setattr(locks, "held", held)
    assert run([*VERIFY, "--node", "n1", "--wait", "60s"]) == 0
    assert done == [(["n1"], 60)]
