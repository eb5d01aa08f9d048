"""Rules that need several projects or nodes of a site."""

from copy import deepcopy

import pytest

from cctoolkit.model import build, lint_site
from cctoolkit.model.examples import EXAMPLES
from cctoolkit.spec import schema
from cctoolkit.spec.problem import Mark
from cctoolkit.spec.source import Document


def document(data: dict) -> Document:
    return Document("f", data, {(): Mark()}, {(): Mark()})


def project(name: str, *, agents: int) -> tuple:
    """Build a project of rows of six, all led by one person."""
    rows = [f"row-{n // 6}" for n in range(agents)]
    data = {
        "project": {"id": name, "title": "T", "client": "C", "language": "en", "time_zone": "Europe/Warsaw"},
        "numbers": [{"number": f"+48 22 123 45 {10 + len(name)}", "country": "PL", "entry": "bye"}],
        "flow": {"bye": {"type": "hangup"}},
        "teams": {row: {"senior": f"{name}-{row}", "leader": "Ewa Lis"} for row in set(rows)},
        "agents": [{"agent": f"{name}{n}", "team": row} for n, row in enumerate(rows)],
    }
    spec = document(data)
    return build.project(spec), spec


def codes(site: dict, *projects: tuple) -> list[str]:
    """Return the codes of a site's problems, but those of its roster."""
    spec = document(site)
    found = lint_site.site_problems(build.site(spec), spec, projects)
    return [problem.code for problem in found if problem.code != "unknown-agent"]


def test_a_leader_of_two_projects():
    """Thirty agents of both together are led by one person, thirty-one are not."""
    assert codes(EXAMPLES["site"], project("one", agents=18), project("other", agents=12)) == []
    assert codes(EXAMPLES["site"], project("one", agents=18), project("other", agents=13)) == ["span-too-large"]


def test_two_nodes_are_two():
    """A second node has its own folder and its own AMI; 127.0.0.1 is another one on another machine."""
    site = deepcopy(EXAMPLES["site"])
    (node,) = site["nodes"]
    second = deepcopy(node) | {"id": "n2", "address": "10.20.0.12"}
    assert codes(site | {"nodes": [node, second]}) == ["node-place-twice"]
    assert codes(site | {"nodes": [node, second | {"folder": "/srv/n2"}]}) == []
    assert codes(site | {"nodes": [node, second | {"folder": "/srv/n2", "address": node["address"]}]}) == [
        "node-place-twice"
    ]


@pytest.mark.parametrize(
    ("key", "value"),
    [("folder", ""), ("folder", "etc/asterisk"), ("queue_log", "/var/log\nx"), ("spool", "/var/\x1b[31m"), ("group", -1),
     ("group", "a b"), ("group", "")],
)  # fmt: skip
def test_places_on_a_node(key, value):
    """A path on a node is absolute and has no control characters; a group is a name or a number."""
    site = deepcopy(EXAMPLES["site"])
    site["nodes"][0][key] = value
    assert {problem.code for problem in schema.check(document(site), "site")} <= {"schema-format", "schema-range"}
    assert schema.check(document(site), "site")
    site["nodes"][0][key] = {"group": 0}.get(key, "/srv/Asterisk of ours")
    assert schema.check(document(site), "site") == []


def test_shared_with_nobody():
    """What is shared is shared with another project of the site."""
    site = deepcopy(EXAMPLES["site"])
    _, spec = project("one", agents=0)
    spec.data["numbers"][0]["shared_with"] = ["other"]
    sharing = (build.project(spec), spec)
    assert codes(site | {"projects": ["one", "other"]}, sharing) == []
    assert "unknown-project" in codes(site | {"projects": ["one"]}, sharing)
