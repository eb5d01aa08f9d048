"""A site: what only shows when its parts and its projects meet."""

from pathlib import Path

import pytest

from cctoolkit.capture.table_following import OwnTable
from cctoolkit.cdr.address import parse_url
from cctoolkit.errors import UsageError
from cctoolkit.spec.problem import InvalidSpecError
from cctoolkit.workflow import specs
from cctoolkit.workflow.own import own_followers
from cctoolkit.workflow.reach import log_table

SITE = """\
site: {id: near, title: Near}
nodes:
  - &node
    id: node-1
    address: 10.0.0.1
    folder: /etc/asterisk
    ami:
      host: 10.0.0.300
      accounts:
        deploy: {user: d, secret: "env:A"}
        test: {user: t, secret: "file:secrets/t"}
        capture: {user: c, secret: "env:C"}
roster:
  - {agent: anna, name: Anna, secret: "env:A"}
  - {agent: anna, name: Anna, secret: "env:A"}
feature_codes: {login: "*11", logout: "*11"}
projects: [one, two, lost]
"""
PROJECT = """\
project: {id: %s, title: T, client: C, language: en, time_zone: Europe/Warsaw}
numbers: [{number: "22 123 45 67", country: PL, entry: bye}]
flow: {bye: {type: hangup}}
agents: [{agent: ana}]
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch):
    """A folder with two projects and a site's file, and the command run in it."""
    for name in ("one", "two"):
        (tmp_path / "projects" / name).mkdir(parents=True)
        (tmp_path / "projects" / name / "project.yaml").write_text(PROJECT % name, encoding="utf-8")
    (tmp_path / "projects/sites").mkdir()
    file = tmp_path / "projects/sites/near.yaml"
    file.write_text(SITE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return file


def found(name: str) -> list[tuple[str, int, str]]:
    with pytest.raises(InvalidSpecError) as error:
        specs.load_site(name)
    return [(Path(p.file).parent.name, p.mark.line, p.code) for p in error.value.problems]


def test_everything_at_once(site: Path):
    """The site's own mistakes and those between projects are all reported, each in its file."""
    assert sorted(found("near")) == [
        ("one", 4, "unknown-agent"),
        ("sites", 8, "impossible-address"),
        ("sites", 15, "roster-twice"),
        ("sites", 16, "feature-code-twice"),
        ("sites", 17, "unknown-project"),
        ("two", 2, "number-claimed"),
        ("two", 4, "unknown-agent"),
    ]


def test_secret_is_never_shown(site: Path):
    """A password written where its reference belongs is refused without being repeated."""
    site.write_text(SITE.replace('"env:A"', "hunter2", 1).replace('"env:C"', "123456"), encoding="utf-8")
    with pytest.raises(InvalidSpecError) as error:
        specs.load_site("near")
    assert [p.code for p in error.value.problems] == ["schema-format", "schema-type"]
    assert "hunter2" not in str(error.value)
    assert "123456" not in str(error.value)


def test_good_site(site: Path):
    """A site whose parts fit loads, with secrets beside its file."""
    text = SITE.replace("300", "30").replace(", lost", "").replace('logout: "*11"', 'logout: "*12"')
    site.write_text(text.replace("agent: anna, name: Anna", "agent: ana, name: Anna", 1), encoding="utf-8")
    two = Path("projects/two/project.yaml")
    two.write_text((PROJECT % "two").replace("45 67", "45 68"), encoding="utf-8")
    loaded = specs.load_site("near", only=["one"])
    assert [p.id for p in loaded.projects] == ["one", "two"]
    assert loaded.site.nodes[0].ami.accounts.test.secret == f"file:{site.parent}/secrets/t"
    with pytest.raises(UsageError, match="not on site"):
        specs.load_site("near", only=["three"])


@pytest.mark.parametrize(
    ("mail", "code"),
    [
        ("", "no-relay"),
        ("mail: {from: a@b.example, relay: {host: relay.b.example, tls: none}}", "mail-in-clear"),
        ("mail: {from: a@b.example, relay: {host: 10.0.0.9, user: u}}", "half-an-account"),
        ("mail: {from: a@b.example, relay: {host: 10.0.0.9, secret: env:S}}", "half-an-account"),
        ("mail: {from: a@b.example, relay: {host: 127.0.0.1, tls: none}}", ""),
        ("mail: {from: a@b.example, relay: {host: relay.b.example, user: u, secret: env:S}}", ""),
    ],
)
def test_how_mail_leaves(site, tmp_path, mail, code):
    """A site whose project mails messages has a relay, a whole account there, and no clear text on the network."""
    flow = "flow: {say: {type: voicemail, mail: [x@y.example], next: {done: bye}}, bye: {type: hangup}}"
    project = (
        PROJECT.replace("flow: {bye: {type: hangup}}", flow)
        .replace("entry: bye", "entry: say")
        .replace("ana}", "anna}")
    )
    (tmp_path / "projects/one/project.yaml").write_text(project % "one", encoding="utf-8")
    text = (
        SITE.replace("10.0.0.300", "10.0.0.3")
        .replace("[one, two, lost]", f"[one]\n{mail}")
        .replace('logout: "*11"', 'logout: "*12"')
    )
    text = text.replace('  - {agent: anna, name: Anna, secret: "env:A"}\n', "", 1)
    path = tmp_path / "mail.yaml"
    path.write_text(text, encoding="utf-8")
    if not code:
        assert specs.load_site(str(path)).site.mail is not None
        return
    with pytest.raises(InvalidSpecError) as caught:
        specs.load_site(str(path))
    assert [problem.code for problem in caught.value.problems] == [code]


def test_a_group_with_a_point(site: Path):
    """What is a whole number to JSON Schema and none to the structs is told, not run into."""
    site.write_text(SITE.replace("folder:", "group: 5.0\n    folder:"), encoding="utf-8")
    assert found("near") == [("sites", 6, "schema-type")]


def with_table(text):
    good = SITE.replace("300", "30").replace("[one, two, lost]", "[]").replace('logout: "*11"', 'logout: "*12"')
    good = good.replace('  - {agent: anna, name: Anna, secret: "env:A"}\n', "", 1)
    return good.replace("    ami:\n", f"    queue_log_table: {text}\n    ami:\n", 1)


@pytest.mark.parametrize(
    ("table", "code"),
    [
        ("{time_zone: UTC}", "table-nowhere"),
        ("{sqlite: /a, url: postgresql://db/x, time_zone: UTC}", "table-nowhere"),
        ("{url: mysql://cct:hush-hush@db/x, time_zone: UTC}", "schema-format"),
        ("{url: 'postgresql://db/x?password=hush-hush', time_zone: UTC}", "schema-format"),
        ("{url: oracle://cct@db/x, time_zone: UTC}", "schema-format"),
        ("{url: postgresql://db/x, table: 'x\"; drop', time_zone: UTC}", "schema-format"),
        ("{url: 'mysql://db/x?passwd=hush-hush', time_zone: UTC}", "table-url"),
        ("{url: 'postgresql://db/x?ssl%70assword=hush-hush', time_zone: UTC}", "table-url"),
        ("{url: mysql://db:hush-hush/x, time_zone: UTC}", "table-url"),
        ("{url: 'postgresql://a:5432,b:hush-hush/x', time_zone: UTC}", "table-url"),
        ("{url: 'mysql://[::1/x', time_zone: UTC}", "table-url"),
        ("{url: 'mysql://db:0/x', time_zone: UTC}", "table-url"),
        ("{url: 'mysql://us[er@db/x', time_zone: UTC}", "table-url"),
        ("{url: 'mysql://hush#hush:env:X@db/x', time_zone: UTC}", "table-url"),
        ("{url: 'mysql://hush?hush:env:X@db/x', time_zone: UTC}", "table-url"),
        ("{url: 'mysql://db/x?ssl_ca=/hush#hush', time_zone: UTC}", "table-url"),
        ("{url: 'mysql://db/x?sslmode=hush-hush', time_zone: UTC}", "table-url"),
        ("{url: 'mysql://db/x?hush-hush', time_zone: UTC}", "table-url"),
        ("{url: 'mysql://db/x?ssl_ca=%00', time_zone: UTC}", "table-url"),
        (f"{{url: 'mysql://{'hush' * 16}.example/x', time_zone: UTC}}", "table-url"),
        (f"{{url: 'postgresql://{'hush' * 16}/x', time_zone: UTC}}", "table-url"),
        ("{url: 'postgresql://hush%zz/x', time_zone: UTC}", "table-url"),
        ("{url: 'postgresql://us%80er@db/x', time_zone: UTC}", "table-url"),
        ("{url: 'postgresql://[::1]5/x', time_zone: UTC}", "table-url"),
        ("{url: 'postgresql://db/x?nonsense=hush', time_zone: UTC}", "table-url"),
        ("{url: 'postgresql://db/x?oauth_client_secret=hush', time_zone: UTC}", "table-url"),
        ("{url: 'postgresql://db/x?sslmode=hush', time_zone: UTC}", "table-url"),
        ("{url: 'postgresql://db/x?connect_timeout=hush', time_zone: UTC}", "table-url"),
        ("{url: 'postgresql://db/x?host=hush..hush', time_zone: UTC}", "table-url"),
        ("{url: 'postgresql://db/x?port=5432,hush', time_zone: UTC}", "table-url"),
        ("{url: 'postgresql://db/x?options=hush=1', time_zone: UTC}", "table-url"),
        ("{url: 'postgresql://db/x?=hush', time_zone: UTC}", "table-url"),
        ('{url: "mysql://cct:file:lo\\u200bg@db/x", time_zone: UTC}', "table-url"),
        ("{url: postgresql://db/x, time_zone: Europe/Moskow}", "unknown-time-zone"),
        ("{sqlite: /a, time_zone: UTC}\n    cdr_log: {file: /a, time_zone: Moscow}", "unknown-time-zone"),
        ("{sqlite: /a, time_zone: UTC}\n    cel_log: {file: /a, time_zone: Moscow}", "unknown-time-zone"),
        ("{sqlite: /a, time_zone: UTC}\n    cdr_table: {time_zone: UTC}", "table-nowhere"),
        ("{sqlite: /a, time_zone: UTC}\n    cel_table: {url: 'mysql://db/x?hush-hush', time_zone: UTC}", "table-url"),
        (
            "{sqlite: /a, time_zone: UTC}\n    cdr_table: {url: mysql://cct:hush-hush@db/x, time_zone: UTC}",
            "schema-format",
        ),
        ("{sqlite: /a, time_zone: UTC}\n    cel_table: {sqlite: /a, time_zone: Moscow}", "unknown-time-zone"),
    ],
)
def test_where_a_table_is_not(site, table, code):
    """A log's table is in one database, whose URL its driver takes and has no password; what is one is not shown. Times
    have a zone.
    """
    site.write_text(with_table(table), encoding="utf-8")
    with pytest.raises(InvalidSpecError) as caught:
        specs.load_site("near")
    assert [(problem.code, problem.mark.line) for problem in caught.value.problems] == [(code, 7 + table.count("\n"))]
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("mysql://cct:file:secrets/log@db:3307/x?ssl_ca=/etc/ca.pem", "mysql://cct:file:{}/secrets/log@db:3307/x?ssl_ca=/etc/ca.pem"),
        ("mysql://u%23%3F:file:log#1@db/x?ssl_ca=/etc/a?%23", "mysql://u%23%3F:file:{}/log#1@db/x?ssl_ca=/etc/a?%23"),
        ("postgresql://u#?:env:CCT_PG@db/x?passfile=/a#", "postgresql://u#?:env:CCT_PG@db/x?passfile=/a#"),
        ("postgresql://cct:env:CCT_PG@[::1]/asterisk", "postgresql://cct:env:CCT_PG@[::1]/asterisk"),
        ("postgresql://db/asterisk", "postgresql://db/asterisk"),
        ("postgresql://a:5432,[::1]:5433/x?sslmode=require&passfile=/a", "postgresql://a:5432,[::1]:5433/x?sslmode=require&passfile=/a"),
        ("postgresql://%2Frun%2Fpostgresql/x?connect_timeout=5&", "postgresql://%2Frun%2Fpostgresql/x?connect_timeout=5&"),
        ("postgresql://db/x?host=/run/postgresql&port=5433&ssl=true", "postgresql://db/x?host=/run/postgresql&port=5433&ssl=true"),
        (f"postgresql://db/x?host=/{'run' * 30},%40{'run' * 30}", f"postgresql://db/x?host=/{'run' * 30},%40{'run' * 30}"),
    ],
)  # fmt: skip
def test_where_a_table_is(site, url, read):
    """The password's file stands beside the site's; the table has the name that Asterisk's examples give it."""
    there = f'{{url: "{url}", time_zone: Europe/Moscow'
    text = f"{there}}}\n    cdr_table: {there}}}\n    cel_table: {there}, table: logs.cel}}"
    site.write_text(with_table(text), encoding="utf-8")
    (node,) = specs.load_site("near").site.nodes
    assert [table.url for table in (node.queue_log_table, node.cdr_table, node.cel_table)] == [
        read.format(site.parent)
    ] * 3
    tables = [log_table(node, name) for name in ("queue_log", "cdr", "cel")]
    assert [table.name for table in tables] == ["queue_log", "cdr", "logs.cel"]
    assert {(table.database.secret, str(table.zone)) for table in tables} == {
        (parse_url(read.format(site.parent), "table", "the test").secret, "Europe/Moscow")
    }


@pytest.mark.parametrize("kind", ["cdr", "cel"])
def test_a_table_beside_a_file(site, kind):
    """Where both are named the table is read, and it is said that the file is not."""
    text = "{sqlite: /a, time_zone: UTC}\n    %s_table: {sqlite: /a, time_zone: UTC}\n    %s_log: {file: /b}"
    site.write_text(with_table(text % (kind, kind)), encoding="utf-8")
    loaded, _, problems = specs.check_site(specs.find_site("near"))
    assert [(problem.code, problem.mark.line) for problem in problems] == [("never-used", 9)]
    assert isinstance(own_followers(loaded.nodes[0], print)[kind], OwnTable)
