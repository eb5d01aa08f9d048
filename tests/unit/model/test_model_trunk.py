"""Trunks: what their parts say together, and where they meet a site."""

from pathlib import Path

import pytest

from cctoolkit.model.listener import Listener, choose
from cctoolkit.render import pjsip
from cctoolkit.spec.problem import InvalidSpecError
from cctoolkit.workflow import specs

PROJECT = """\
project: {id: one, title: T, client: C, language: en, time_zone: Europe/Warsaw}
numbers: [{number: "22 123 45 67", country: PL, entry: bye}]
flow: {bye: {type: transfer, trunk: pbx, number: "10", next: {busy: end}}, end: {type: hangup}}
trunks:
  pbx: %s
"""
SITE = """\
site: {id: near, title: Near}
nodes:
  - id: node-1
    address: 10.0.0.1
    folder: /etc/asterisk
    transports: {%s}
    ami:
      host: 10.0.0.1
      accounts:
        deploy: {user: d, secret: "env:A"}
        test: {user: t, secret: "env:B"}
        capture: {user: c, secret: "env:C"}
roster: [{agent: anna, name: Anna, secret: "env:A"}]
projects: [one]
trunks: %s
"""
AUTH = 'auth: {user: centre, secret: "env:P"}'
BOTH = "udp: {protocol: udp}, tls: {protocol: tls}"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch):
    (tmp_path / "projects/one").mkdir(parents=True)
    (tmp_path / "projects/sites").mkdir()
    monkeypatch.chdir(tmp_path)


def codes(trunk: str, transports: str = BOTH, carriers: str = "[]", more: str = "") -> list[str]:
    Path("projects/one/project.yaml").write_text(PROJECT % trunk, encoding="utf-8")
    Path("projects/sites/near.yaml").write_text(SITE % (transports, carriers) + more, encoding="utf-8")
    try:
        specs.load_site("near")
    except InvalidSpecError as error:
        return [problem.code for problem in error.problems]
    return []


@pytest.mark.parametrize(
    ("trunk", "found"),
    [
        ("{address: 10.0.0.9}", []),
        ("{address: pbx.client.example, transport: tls, media_encryption: sdes}", []),
        ("{address: 10.0.0.9, media_encryption: sdes}", ["srtp-keys-readable"]),
        ("{address: 10.0.0.9, transport: tls, port: 5060}", ["tls-port"]),
        ("{address: 10.0.0.9, register: {}}", ["registration-without-secret"]),
        (f"{{address: 10.0.0.9, register: {{}}, {AUTH}}}", []),
        (f"{{address: 10.0.0.9, register: {{server: 10.0.0.999}}, {AUTH}}}", ["impossible-address"]),
        ("{address: 10.0.0.999}", ["impossible-address"]),
        ("{}", ["trunk-nowhere"]),
        ('{registers_here: {secret: "env:P"}}', []),
        ('{registers_here: {secret: "env:P"}, address: 10.0.0.9}', ["trunk-twice-placed"]),
        ("{address: 10.0.0.9, transport: tcp}", ["no-transport"]),
        ("{node: node-1, address: 10.0.0.9}", ["trunk-twice-placed", "number-elsewhere"]),
        (
            "{node: node-1, transport: tls, send_pai: true}",
            ["trunk-twice-placed", "trunk-twice-placed", "number-elsewhere"],
        ),
        ('{address: "10.0.0.9;transport=tls"}', ["schema-format"]),
        ('{address: 10.0.0.9, from_user: "a;b"}', ["schema-format"]),
        ('{address: 10.0.0.9, auth: {user: "a\\nb", secret: "env:P"}}', ["schema-format"]),
        ("{address: 10.0.0.9, auth: {user: centre, secret: hunter2}}", ["schema-format"]),
    ],
)
def test_what_a_trunk_may_say(trunk, found):
    """Each rule finds its mistake and nothing else; what could end a line of configuration is refused by the schema."""
    assert codes(trunk) == found


CARRIER = f'[{{id: %s, address: %s, register: {{contact_user: "221234567"}}, {AUTH}}}]'


@pytest.mark.parametrize(
    ("trunk", "transports", "carriers", "more", "found"),
    [
        ("{address: 10.0.0.9}", "", "[]", "", []),
        ("{address: 10.0.0.9, transport: tls}", "", "[]", "", ["no-transport"]),
        ("{address: 10.0.0.9, transport: tls}", "tls: {protocol: tls, verify_server: false}", "[]", "",
         ["server-not-verified"]),
        ("{address: 10.0.0.9, transport: tls, verify_server: false}", "tls: {protocol: tls, verify_server: false}",
         "[]", "", []),
        (f"{{address: 10.0.0.9, register: {{}}, {AUTH}}}", BOTH, CARRIER % ("c", "10.0.0.9"), "",
         ["registration-twice"]),
        (f"{{address: 10.0.0.9, register: {{}}, {AUTH}}}", BOTH, CARRIER % ("c", "10.0.0.8"), "", []),
        ("{address: 10.0.0.9}", BOTH, CARRIER % ("anna", "10.0.0.8"), "", ["endpoint-twice"]),
        ("{address: 10.0.0.9}", BOTH, CARRIER % ("cct-node-2", "10.0.0.8"), "", ["endpoint-reserved"]),
        ("{address: 10.0.0.9}", BOTH, CARRIER % ("cct-nodes", "10.0.0.8"), "", []),
        ("{address: 10.0.0.9}", BOTH, CARRIER % ("c", "10.0.0.1"), "", []),
        ("{address: 10.0.0.9}", BOTH, "[]", "trunks_via: {pbxx: udp}", ["unknown-trunk"]),
        ("{node: node-1}", BOTH, "[]", "", ["number-elsewhere"]),
        ("{node: node-2}", BOTH, "[]", "", ["number-elsewhere", "unknown-node"]),
        ("{node: node-2}", BOTH, "[]", "trunks_at: {one.pbx: node-1}", ["number-elsewhere"]),
        ("{node: node-1}", BOTH, "[]", "trunks_at: {pbx: node-3}", ["number-elsewhere", "unknown-node"]),
        ("{address: 10.0.0.9}", BOTH, "[]", "trunks_via: {pbx: wan}", ["unknown-transport"]),
        ("{address: 10.0.0.9}", BOTH, "[]", "trunks_via: {pbx: tls}", ["no-transport"]),
        ("{address: 10.0.0.9}", BOTH, "[]", "trunks_via: {one.pbx: tls}", ["no-transport"]),
        ("{address: 10.0.0.9}", BOTH, "[]", "trunks_at: {one.pbx: 10.0.0.7, pbx: 10.0.0.6}", []),
        ("{address: 10.0.0.9}", BOTH, "[]", "trunks_at: {two.pbx: 10.0.0.7}", ["unknown-trunk"]),
        ("{address: 10.0.0.9}", BOTH, "[]", "trunks_at: {one.: 10.0.0.7}", ["schema-format"]),
        ("{address: 10.0.0.9}", BOTH, CARRIER % ("pbx", "10.0.0.8"), "trunks_via: {pbx: udp}", []),
        ("{address: 10.0.0.9, transport: tls}", BOTH, CARRIER % ("pbx", "10.0.0.8"), "trunks_via: {pbx: udp}", []),
        (f"{{address: 10.0.0.9, register: {{}}, {AUTH}}}", BOTH, CARRIER % ("pbx", "10.0.0.8"),
         "trunks_at: {pbx: 10.0.0.8}", ["registration-twice"]),
    ],
)  # fmt: skip
def test_where_a_trunk_meets_its_site(trunk, transports, carriers, more, found):
    """A node must have the transport, names are one endpoint's, an account registers once."""
    assert codes(trunk, transports, carriers, more) == found


def test_a_misspelt_trunk_is_one_problem():
    """Of a project that is broken nothing is asked of the site."""
    path = Path("projects/one/project.yaml")
    codes("{address: 10.0.0.9}")
    path.write_text(path.read_text(encoding="utf-8").replace("trunk: pbx", "trunk: pxb"), encoding="utf-8")
    with pytest.raises(InvalidSpecError) as raised:
        specs.load_site("near")
    assert "unknown-trunk" in [problem.code for problem in raised.value.problems]


MATCHES = [
    ('[10.0.0.7, 10.0.4.0/24, sip.carrier.example, "2001:db8::/32"]', []),
    ("[10.0.0.999]", ["impossible-address"]),
    ("[10.0.0.999/24]", ["impossible-address"]),
    ("[0.0.0.0/0]", ["schema-format"]),
    ('["::/0"]', ["schema-format"]),
    ('["10.0.0.7,0.0.0.0/0"]', ["schema-format"]),
]
CONTACT = [("contact-not-declared", "warning")]


@pytest.mark.parametrize(
    ("contact", "found"),
    [
        ("", CONTACT),
        ('contact_user: "221234568"', CONTACT),
        ('contact_user: "48221234567"', []),
        ('contact_user: "221234567"', []),
    ],
)
def test_whom_a_provider_calls(contact, found):
    """A provider that calls the contact we registered must find a declared number there: a warning, or nothing."""
    Path("projects/one/project.yaml").write_text(PROJECT % "{address: 10.0.0.9}", encoding="utf-8")
    carrier = f"[{{id: c, address: 10.0.0.8, register: {{{contact}}}, {AUTH}}}]"
    Path("projects/sites/near.yaml").write_text(SITE % (BOTH, carrier), encoding="utf-8")
    _, _, problems = specs.check_site(Path("projects/sites/near.yaml"))
    assert [(problem.code, problem.level) for problem in problems] == found


@pytest.mark.parametrize(("match", "found"), MATCHES)
def test_where_a_carriers_calls_come_from(match, found):
    """Hosts, addresses and networks of a provider's size: never everybody."""
    assert codes("{address: 10.0.0.9}", BOTH, f"[{{id: c, address: 10.0.0.8, match: {match}}}]") == found


TWO = "[one, two]"


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ("trunks_at: {pbx: 10.0.0.7}", ["trunk-of-two"]),
        ("trunks_via: {pbx: udp}", ["trunk-of-two"]),
        ("trunks_at: {one.pbx: 10.0.0.7, two.pbx: 10.0.0.6}", []),
        ("trunks_at: {one.pbx: 10.0.0.7, two.pbxx: 10.0.0.6}", ["unknown-trunk"]),
    ],
)
def test_two_projects_with_a_trunk_of_one_name(more, found):
    """A name of two trunks is no name; with its project each has its own address and transport."""
    second = (PROJECT % "{address: 10.0.0.8}").replace("id: one", "id: two").replace("45 67", "45 68")
    Path("projects/two").mkdir()
    Path("projects/two/project.yaml").write_text(second, encoding="utf-8")
    site = (SITE % (BOTH, "[]")).replace("[one]", TWO) + more
    Path("projects/one/project.yaml").write_text(PROJECT % "{address: 10.0.0.9}", encoding="utf-8")
    Path("projects/sites/near.yaml").write_text(site, encoding="utf-8")
    _, _, problems = specs.check_site(Path("projects/sites/near.yaml"))
    assert [problem.code for problem in problems] == found
    if not found:
        loaded = specs.load_site("near")
        trunks = pjsip.placed(loaded.site, loaded.site.nodes[0], loaded.projects)
        assert {trunk.name: trunk.address for trunk in trunks} == {"one.pbx": "10.0.0.7", "two.pbx": "10.0.0.6"}


def test_a_secret_stands_beside_the_project():
    """A trunk's secret file is found from the project's folder, wherever the command runs."""
    codes('{address: 10.0.0.9, auth: {user: centre, secret: "file:secrets/pbx"}}')
    (trunk,) = specs.load_project("one").project.trunks.values()
    assert trunk.auth.secret == f"file:{Path.cwd()}/projects/one/secrets/pbx"


def test_the_transport_a_trunk_uses():
    """The one wanted, if it fits; else the first of the protocol; none where the node names none."""
    there = {"lan": Listener(protocol="udp"), "a": Listener(protocol="tls"), "b": Listener(protocol="tls")}
    assert choose(there, "tls", None) == "a"
    assert choose(there, "tls", "b") == "b"
    assert choose(there, "tls", "lan") is None
    assert choose({}, "udp", None) is None
