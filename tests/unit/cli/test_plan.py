"""plan and apply as they are typed: what is wrong usage is told before any node is asked."""

import json

import pytest

from cctoolkit.__main__ import run
from cctoolkit.cli import plan
from cctoolkit.plan.changes import Change, Plan
from cctoolkit.workflow.fleet import Fleet
from cctoolkit.workflow.switch import Planned


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--accept", "everything"], "'everything' is not one of 'no-effect'"),
        (["--accept", "hot"], "hot is no danger: it needs no word; expected one of drops-log-ins"),
        (["--within", "soon"], "--within: 'soon' is no duration of up to a day; expected one such as 60s or 5m"),
        (["--plan", "nothing.json"], "nothing.json: cannot be read"),
        (["--plan", "plan.json"], "plan.json: not a plan file"),
        (["--plan", "plan.json", "--drain"], "a drain takes releases that a saved plan does not have"),
    ],
)
def test_wrong_usage(options, told, capsys, tmp_path, monkeypatch):
    """Exit code 3, with what was expected."""
    (tmp_path / "plan.json").write_text(json.dumps([1]), encoding="utf-8")
    for name in ("NORTHWIND", "CARRIER"):
        monkeypatch.setenv(name, "x")
    monkeypatch.chdir("tests/thin")
    options = [str(tmp_path / one) if one.endswith(".json") else one for one in options]
    assert run(["apply", "--site", "site.yaml", *options]) == 3
    assert told in " ".join(capsys.readouterr().err.split()).replace(f"{tmp_path}/", "")


def test_a_difference_of_texts_is_no_json(capsys):
    """The machine's form of a plan is its changes."""
    assert run(["plan", "--site", "lab", "--diff", "--format", "json"]) == 3
    assert "expected --diff with text or markdown" in capsys.readouterr().err


def test_what_is_the_same_on_several_nodes_is_told_once():
    """Of nodes in a row that change alike, below all their names; another one, and one with nothing to do, by itself."""
    longer = (Change("disk", "queue", "p.orders", "maxlen", "1", "2"),)
    plans = [
        Plan("n1", "a1", "b1", longer), Plan("n2", "a2", "b2", longer), Plan("n3", "a3", "a3", ()),
        Plan("n4", "a4", "b4", (Change("disk", "queue", "p.orders", "maxlen", "1", "3"),)),
    ]  # fmt: skip
    fleet = Fleet(None, tuple(Planned(None, one, None, None, None) for one in plans))
    assert list(plan.told(fleet)) == [
        "node n1: release a1 -> b1\nnode n2: release a2 -> b2\n  ~ queue orders of p\n      maxlen: 1 -> 2",
        "node n3: nothing to change (release a3)",
        "node n4: release a4 -> b4\n  ~ queue orders of p\n      maxlen: 1 -> 3",
    ]
