"""The ami transport against a real Asterisk: the suite of all transports, and what only a store can do."""

import json
import stat
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from cctoolkit.errors import OperatorError
from cctoolkit.node.realtime import lock
from cctoolkit.node.transports import Intent
from cctoolkit.node.transports.ami import AmiTransport
from cctoolkit.state import conf
from cctoolkit.workflow import specs, switch
from tests.live.ami_node import in_store, let_in, limited, prepare_for_ami
from tests.unit.node.transport_contract import FILES, INTENT, Far, TransportContract

pytestmark = pytest.mark.live

TABLES = ("node", "release", "file", "piece", "feed", "history")
EMPTY = [f"DELETE FROM {table}" for table in TABLES] + [
    "INSERT INTO release VALUES ('empty')", "INSERT INTO node (id, current) VALUES ('node', 'empty')",
]  # fmt: skip


class FarStore(Far):
    """A node whose releases are rows."""

    preparation = "docs/nodes.md"
    knows_writers = False
    cure = "realtime update cct_node id node current"
    node = None

    def contents(self):
        """Return everything but the lock."""
        columns = {"node": "current, intent, key"}
        return {
            table: in_store(self.node, f"SELECT {columns.get(table, '*')} FROM {table} ORDER BY 1")
            for table in TABLES[:-1]
        }

    def in_force(self, path):
        """Return a file's lines as the store has them for Asterisk."""
        [(lines,)] = in_store(
            self.node,
            "SELECT lines FROM node JOIN file ON release = current JOIN text USING (digest) "
            f"WHERE path = '{path}'",
        )  # fmt: skip
        return "\n".join(json.loads(lines)).encode()

    def check_readers(self, release):
        """The store is Asterisk's, and nobody else's."""
        assert release
        for path in self.root.glob("node.sqlite3*"):
            found = path.stat()
            assert (stat.S_IMODE(found.st_mode), found.st_uid) == (0o600, self.node.installation.uid)

    def check_key_readers(self):
        """The key stands in the store; that no action shows it, another test holds."""
        self.check_readers("any")

    async def config(self, name):
        """Return the sections of one of the node's own files, as Asterisk reads it with all it includes."""
        reply = await self.transport._store.client.action("GetConfig", {"Filename": name})
        found = {}
        for header, value in reply.headers:
            kind, _, number = header.partition("-")
            if kind == "Category":
                found[number] = (value, [])
            elif kind == "Line":
                found[number.partition("-")[0]][1].append(tuple(value.split("=", 1)))
        return list(found.values())

    def occupy(self, name):
        """Make a release without files."""
        in_store(self.node, f"INSERT INTO release VALUES ('{name}')")

    def spoil_intent(self):
        """Leave half an intent."""
        in_store(self.node, "UPDATE node SET intent = '{half'")

    def cut_off_history(self):
        """Leave the first half of an entry of two: nobody is told of it."""
        in_store(self.node, "INSERT INTO history (entry, number, body) VALUES ('x', 0, '\"to')")
        return []

    def cut_off(self, release):
        """Leave what one leaves who dies while staging: a file, and half of its lines."""
        in_store(
            self.node, f"INSERT INTO file VALUES ('{release}', 'half.conf', 'd')",
            """INSERT INTO piece VALUES ('d', 0, '["[x]","so')""",
        )  # fmt: skip

    def unprepare(self):
        """Take the node's row away."""
        in_store(self.node, "DELETE FROM node")

    def lead_astray(self):
        """Name no release, and one that is gone."""
        for name in ("", "gone"):
            in_store(self.node, f"UPDATE node SET current = '{name}'")
            yield


@pytest.fixture(scope="module")
def node(lab):
    """The lab's node, prepared."""
    prepare_for_ami(lab)
    return lab.nodes["n1"]


@pytest.fixture(scope="module")
def site_node(lab, node):
    """The node as its site describes it."""
    return specs.load_site(str(lab.site_file)).site.nodes[0]


@asynccontextmanager
async def reached(site_node):
    """Yield the transport, over a connection of its own."""
    async with switch.deploy_client(site_node) as client:
        yield AmiTransport("n1", client)


@pytest.fixture
async def far(node, site_node):
    """An empty store, and two connections to it."""
    in_store(node, *EMPTY)
    async with AsyncExitStack() as stack:
        there, other = [await stack.enter_async_context(reached(site_node)) for _ in range(2)]
        found = FarStore(there, node.config / "cctoolkit", lambda: other)
        found.node = node
        yield found


class TestAmi(TransportContract):
    """Rows of a real Asterisk's store pass the suite of all transports."""


HOSTILE = {
    "extensions.conf": '; A comment; with = signs\n[x]\n#include "cctoolkit/current/more.conf"\n'
    'exten => s,1,Set(A="b\\;c" \\\\ \'d\' $[1 > 0] => ${E} | ^3B %s {"j": [1]})\n same => n,NoOp(Мария, zażółć)\n'
    f" same => n,Set(LONG={'x' * 3000})\n",
    "more.conf": "[y]\nexten => _+7X.,1,NoOp()\n",
    "queues.conf": "[general](+)\nautofill = yes\n\n[q]\nmusicclass =\nannounce = a=>b\n",
    "pjsip.conf": "[a]\ntype = endpoint\n[a]\ntype = aor\n[b]\ntype = aor\n[a]\ntype = auth\npassword = =;\n".replace(
        "=;", "=\\;"
    ),
}


async def test_what_asterisk_reads_is_what_was_written(far):
    """Sections, options and values as config.c has them are those of the text, whatever a console would make of it."""
    files = {path: text.encode() for path, text in HOSTILE.items()}
    await far.transport.stage("000001-aa", files)
    assert await far.transport.read("000001-aa") == files
    await far.transport.flip("000001-aa")
    text = HOSTILE["extensions.conf"] + HOSTILE["more.conf"]
    wanted = {"extensions.conf": text, **{name: HOSTILE[name] for name in ("queues.conf", "pjsip.conf")}}
    for name, text in wanted.items():
        sections = [s for s in conf.parse(text, name) if not s.extra]
        found = await far.config(name)
        assert [(s.name, list(s.lines)) for s in sections] == [
            f for f in found if f[0] not in ("general", "udp", "cct-between")
        ]


async def test_history_and_intent_are_only_text(far):
    """A long line in several pieces, quotes and what a console would take for its own come back as they were."""
    lines = ['{"who": "a \\"b\\" \\\\ NULL ^3B", "x": "Ж; %s"}', "y" * 4000, '"', "\\", ""]
    for line in lines:
        await far.transport.record(line)
    assert await far.transport.history() == lines
    intent = Intent('a"b', "c\\d", "NULL", "Ж")
    await far.transport.intend(intent)
    assert await far.transport.intent() == intent


@pytest.mark.parametrize(
    ("path", "content", "why"),
    [
        ("messages.conf", b"\xff", "text alone"),
        ("messages.conf", b"a\0b", "NUL"),
        ("queues.conf", b"[q](template)\n", "section q inherits"),
        ("queues.conf", b"[q]\nstrategy = linear ; why\n", "option strategy of section q"),
        ("queues.conf", b"[general](+)\nautofill = no\n", r"\[general\] of queues.conf lacks autofill=no"),
        ("extensions.conf", b"[x]\nnot a line\n", "a line Asterisk would not read"),
        ("extensions.conf", b'#include "cctoolkit/current/gone.conf"\n', "it includes cctoolkit/current/gone.conf"),
        ("extensions.conf", b'#include "/etc/passwd"\n', "it includes /etc/passwd"),
    ],
)
async def test_what_ami_cannot_carry_is_refused(far, path, content, why):
    """Before anything is written, with the file and what it is."""
    before = far.contents()
    with pytest.raises(OperatorError, match=why):
        await far.transport.stage("000001-aa", {**FILES, path: content})
    assert far.contents() == before


async def test_who_has_lost_the_lock_changes_nothing(far, monkeypatch):
    """One of whom nothing is heard for too long is taken for dead; should it come back, it is refused."""
    monkeypatch.setattr(lock, "_BEAT_SECONDS", 1000)
    holding = far.transport.lock()
    await holding.__aenter__()
    await far.transport.stage("000001-aa", FILES)
    in_store(far.node, "UPDATE node SET heard = heard - 61")
    other = far.make()
    async with other.lock():
        for change in (far.transport.flip("000001-aa"), far.transport.intend(INTENT)):
            with pytest.raises(OperatorError, match="somebody else is at work"):
                await change
        await holding.__aexit__(None, None, None)
        await other.flip("000001-aa")
        await other.intend(INTENT)
    assert await far.transport.current() == "000001-aa"
    await far.transport.intend(None)


async def test_a_holder_whose_connection_is_gone_holds_nothing(far, site_node):
    """Its session is no more, so the next one need not wait."""
    async with reached(site_node) as gone:
        holding = gone.lock()
        await holding.__aenter__()
        gone._lock._beat.cancel()
    assert in_store(far.node, "SELECT lock FROM node") == [(gone._lock.token,)]
    async with far.transport.lock():
        pass


async def test_the_rights_it_takes(far, node, site_node):
    """config and command are enough; without command nothing is read, without config or system no release is staged."""
    let_in(
        node, enough="config,command", no_command="system,config,reporting,agent,call,originate", no_config="command"
    )
    files = {**FILES, "queues.conf": b"[general](+)\nautofill = yes\n"}
    async with limited(site_node, "enough") as client:
        there = AmiTransport("n1", client)
        async with there.lock():
            await there.stage("000001-aa", files)
            await there.flip("000001-aa")
            await there.record("x")
        assert len(await there.key()) == 32
    async with limited(site_node, "no_command") as client:
        there = AmiTransport("n1", client)
        for ask in (there.current, there.key, there.history, there.lock().__aenter__):
            with pytest.raises(OperatorError, match="Permission denied") as caught:
                await ask()
            assert "config and command" in caught.value.next_step
    async with limited(site_node, "no_config") as client:
        with pytest.raises(OperatorError, match="Permission denied") as caught:
            await AmiTransport("n1", client).stage("000002-bb", files)
        assert "config and command" in caught.value.next_step
