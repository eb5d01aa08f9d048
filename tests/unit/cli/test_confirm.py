import json
from contextlib import asynccontextmanager

import pytest
from msgspec.structs import replace

from cctoolkit.__main__ import run
from cctoolkit.deploy.fleet import Outcome
from cctoolkit.workflow import careful, confirm, fleet, locks, nodes, specs, trial


@pytest.fixture
def asked(monkeypatch):
    """A site of two nodes, and what is asked of them."""
    monkeypatch.chdir("tests/thin")
    for name in ("NORTHWIND", "CARRIER"):
        monkeypatch.setenv(name, "x")
    one = specs.load_site("site.yaml")
    first = one.site.nodes[0]
    two = replace(one, site=replace(one.site, nodes=(first, replace(first, id="n2"))))
    said = []

    @asynccontextmanager
    async def held(chosen, _doing, seconds, _tell):
        said.append(("waited", [node.id for node in chosen], seconds))
        yield

    async def confirmed(chosen, _tell):
        said.append(("confirmed", [node.id for node in chosen]))
        return [node.id for node in chosen]

    for module, name in ((nodes, "load_nodes"), (specs, "load_site")):
        monkeypatch.setattr(module, name, lambda *_: two)
    monkeypatch.setattr(locks, "held", held)
    monkeypatch.setattr(confirm, "confirm", confirmed)
    return said


def test_a_word_for_one_node_lets_one_stay(asked, capsys):
    """--node, --wait and --format mean with --confirm what they mean without."""
    assert run(["apply", "--confirm", "--site", "s", "--node", "n2", "--wait", "60s", "--format", "json"]) == 0
    assert asked == [("waited", ["n2"], 60), ("confirmed", ["n2"])]
    assert json.loads(capsys.readouterr().out) == {"confirmed": ["n2"]}


@pytest.mark.parametrize("other", ["--canary n2", "--verify-canary", "--all-or-none", "--drain", "--confirm-within 5m"])
def test_what_means_nothing_to_a_confirmation_is_wrong_usage(asked, other, capsys):
    """It is not passed over in silence."""
    assert run(f"apply --confirm --site s {other}".split()) == 3
    assert "--confirm applies nothing" in capsys.readouterr().err
    assert not asked


def test_a_machine_gets_one_document(asked, monkeypatch, capsys):
    """With --confirm-within too: the word that it stays is for people."""
    done = fleet.Applied((Outcome("n1", "applied", "aa", "bb"),), {}, interrupted=False)

    async def nothing(*_, **__):
        return done

    async def on_trial(_nodes, _within, act, shown, _tell):
        applied = await act()
        shown(applied, "2026-11-22T12:05:00.5+00:00")
        return applied, ["n1"]

    monkeypatch.setattr(careful, "apply", nothing)
    monkeypatch.setattr(confirm, "settle", nothing)
    monkeypatch.setattr(trial, "apply_and_wait", on_trial)
    assert run(["apply", "--site", "s", "--confirm-within", "5m", "--format", "json"]) == 0
    told = capsys.readouterr()
    found = json.loads(told.out)
    assert (found["nodes"][0]["state"], found["confirm_by"]) == ("applied", "2026-11-22T12:05:00.5+00:00")
    assert told.err == "confirmed: n1\n"
    assert run(["apply", "--site", "s", "--confirm-within", "5m"]) == 0
    assert capsys.readouterr().out == (
        "applied and read back: n1\n"
        "on trial until 2026-11-22T12:05:00Z: cctoolkit apply --confirm lets it stay\nconfirmed: n1\n"
    )
