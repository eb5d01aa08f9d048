"""plan and apply as they are typed: what is wrong usage is told before any node is asked."""

import json

import pytest

from cctoolkit.__main__ import run


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
