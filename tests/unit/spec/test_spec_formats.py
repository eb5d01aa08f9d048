"""Reports for other programs, with names and values that would break them."""

import json
import re
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree as ET

import pytest

from cctoolkit.errors import ToolkitBug
from cctoolkit.spec.formats import github, junit, plain, sarif
from cctoolkit.spec.problem import Mark, Problem, errors

HOSTILE = Problem(
    "yaml-tab",
    "50% of\n::error::x\r,\x1b[31m ]]> <b> & \"'\x00\ud800",
    'a:b,c%0A\n <é>&"\udcff.yaml',
    Mark(3, 4),
    "e",
    "h",
)


def test_github():
    """Nothing of a name or a message ends the command, begins another, or adds a property."""
    line = github.line(HOSTILE)
    assert len(line.splitlines()) == 1
    properties, _, message = line.removeprefix("::error ").partition("::")
    parts = dict(part.split("=", 1) for part in properties.split(","))
    assert (parts["line"], parts["col"], parts["title"]) == ("3", "4", "yaml-tab")
    assert unquote(parts["file"]) == 'a:b,c%0A\n <é>&"\\udcff.yaml'
    assert message.startswith("50%25 of\\u000a::error::x")
    assert line.encode()


def test_sarif():
    """The log has what OASIS and GitHub require of a log, a run, a rule, a result and a region."""
    text = json.dumps(sarif.log([HOSTILE, Problem("never-used", "m", "/tmp/é.yaml")]))
    log = json.loads(text)
    (run,) = log["runs"]
    assert (log["version"], run["tool"]["driver"]["name"]) == ("2.1.0", "cctoolkit")
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["never-used", "yaml-tab"]
    for rule in rules:
        assert rule["shortDescription"]["text"].endswith(".")
        assert urlsplit(rule["helpUri"]).scheme
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] == rules[result["ruleIndex"]]["defaultConfiguration"]["level"]
        assert result["message"]["text"]
        place = result["locations"][0]["physicalLocation"]
        assert re.fullmatch(r"[\w/.%:~-]+", place["artifactLocation"]["uri"], re.ASCII)
        assert place["region"]["startLine"] >= 1
        assert place["region"]["startColumn"] >= 1
    first, second = (r["locations"][0]["physicalLocation"]["artifactLocation"] for r in run["results"])
    assert not urlsplit(first["uri"]).scheme
    assert urlsplit(second["uri"]).scheme == "file"


def test_junit():
    """The report is XML, with a case for each spec and a failure for each problem."""
    root = ET.fromstring(junit.text({"good.yaml": [], HOSTILE.file: [HOSTILE, HOSTILE]}).encode("utf-8"))
    assert (root.get("tests"), root.get("failures")) == ("2", "1")
    good, bad = root.iter("testcase")
    assert (good.get("name"), len(good), len(bad)) == ("good.yaml", 0, 2)
    assert "<b> & \"'" in bad[0].get("message")
    assert bad[0].get("type") == "yaml-tab"


def test_json():
    """A file's name that is not UTF-8 can be written all the same."""
    assert json.dumps(plain.data(HOSTILE), ensure_ascii=False).encode("utf-8", "surrogatepass")
    assert plain.data(HOSTILE)["file"].encode("utf-8")


def test_warnings():
    """What is odd breaks no build: a level in each report, and no failure."""
    odd = Problem("never-used", "m", "f.yaml")
    assert github.line(odd).startswith("::warning ")
    assert [r["level"] for r in sarif.log([HOSTILE, odd])["runs"][0]["results"]] == ["error", "warning"]
    assert plain.data(odd)["level"] == "warning"
    root = ET.fromstring(junit.text({"f.yaml": [odd]}).encode("utf-8"))
    assert root.get("failures") == "0"
    assert "[never-used]" in root.findtext(".//system-out", "")
    assert errors([odd, HOSTILE]) == [HOSTILE]


def test_a_code_is_declared():
    """No problem has a code that is not in the list."""
    with pytest.raises(ToolkitBug, match="made-up"):
        Problem("made-up", "m", "f.yaml")
