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


def passing() -> tuple:
    """Build a project that passes calls to a node, on the number it has itself."""
    _, spec = project("one", agents=0)
    spec.data["trunks"] = {"far": {"node": "n2"}}
    spec.data["flow"]["bye"] = {"type": "transfer", "trunk": "far", "number": "+48221234513", "next": {"busy": "end"}}
    spec.data["flow"]["end"] = {"type": "hangup"}
    return build.project(spec), spec


@pytest.mark.parametrize(
    ("carrier", "address", "found"),
    [
        ({"address": "10.30.0.1"}, "10.20.0.12", []),
        ({"address": "10.30.0.1"}, "10.20.0.11", ["node-address-twice"]),
        ({"address": "10.20.0.12"}, "10.20.0.12", ["carrier-at-node"]),
        ({"address": "10.30.0.1", "match": ["sip.b.example", "10.20.0.0/28"]}, "10.20.0.12", ["carrier-at-node"]),
        ({"address": "10.30.0.1", "match": ["10.20.0.12/28"]}, "10.20.0.12", ["carrier-at-node"]),
        ({"address": "10.30.0.1", "match": ["10.20.0.16/28"]}, "10.20.0.12", []),
        ({"address": "2001:DB8:0::2"}, "2001:db8::2", ["carrier-at-node"]),
        ({"address": "10.30.0.1"}, "10.20.0.999", ["impossible-address"]),
    ],
)
def test_who_passes_a_call_on_is_known(carrier, address, found):
    """Between nodes that pass calls an address is one node's and no carrier's; elsewhere it may be anybody's."""
    site = deepcopy(EXAMPLES["site"]) | {"trunks": [{"id": "carrier"} | carrier], "projects": ["one"], "trunks_at": {}}
    (node,) = site["nodes"]
    ami = node["ami"] | {"host": "10.20.0.12"}
    site["nodes"] = [node, deepcopy(node) | {"id": "n2", "address": address, "folder": "/srv/n2", "ami": ami}]
    assert codes(site, passing()) == found
    assert codes(site, project("one", agents=0)) == [code for code in found if code == "impossible-address"]


def test_a_node_alone_passes_nothing():
    """A site of one node, to which a project's trunk leads, may have its carrier on the node's machine."""
    carrier = {"id": "carrier", "address": EXAMPLES["site"]["nodes"][0]["address"]}
    site = EXAMPLES["site"] | {"trunks": [carrier], "projects": ["one"], "trunks_at": {"far": "n1"}}
    assert codes(site, passing()) == []


def test_a_phone_is_no_trunk_between_nodes():
    """Nobody on the roster has the name of one."""
    site = deepcopy(EXAMPLES["site"])
    site["roster"][0]["agent"] = "cct-node-n2"
    assert codes(site) == ["endpoint-reserved"]


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
