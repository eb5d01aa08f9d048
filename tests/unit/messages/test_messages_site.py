"""Messages of a site's nodes: sent from the machine they are on, whatever is wrong with one of them, and sent again."""

import asyncio
import re
import resource
import shutil
import tempfile
import threading
import time
from base64 import b64encode
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from cctoolkit.cli import messages as cli
from cctoolkit.cli.watch import _panel
from cctoolkit.errors import OperatorError, UsageError
from cctoolkit.messages.notes import Note
from cctoolkit.model.ssh import Ssh
from cctoolkit.model.steps.voicemail import Voicemail, VoicemailNext
from cctoolkit.state.settings import NodeState
from cctoolkit.verify.checks import Evidence, Mailing
from cctoolkit.verify.checks.messages import judge
from cctoolkit.workflow import mailing, message_copies, message_nodes, messages, reach, specs
from cctoolkit.workflow import watch as watching
from cctoolkit.workflow.watch import Watch
from tests.unit.messages.left import LINE, NAME, leave
from tests.unit.messages.site import release, site

TO = "hotline@centre.example"
GONE = "gone@centre.example"
OTHER = "n1-1763800009.8-1"


def once(loaded, **how):
    says = []
    return mailing.send(loaded, threading.Event(), says.append, once=True, **how), says


def test_nodes_that_share_a_folder_are_one(tmp_path, post):
    """On each of two machines the folder is /etc/asterisk: one sender, one letter, and what is passed over is said."""
    release(tmp_path, post.port, TO)
    leave(tmp_path / "spool")
    loaded = site(n1=tmp_path, n2=tmp_path, n3=tmp_path / "elsewhere")
    waiting, says = once(loaded)
    assert waiting == 0
    assert [said.partition(":")[0] for said in says[:2]] == ["node n2 is passed over", "node n3 is passed over"]
    assert says[2:] == ["sending messages of n1", f"n1: message {NAME} mailed to {TO}"]
    assert len(post.letters()) == 1
    assert [one.message for one in messages.shown(loaded)] == [NAME]
    assert once(loaded, node="n2")[1][0] == "sending messages of n2"


def test_a_node_that_is_reached_by_ssh(tmp_path, post):
    """A folder of the same path on this machine is not its; named, or on the machine with its address, it is."""
    release(tmp_path, post.port, TO)
    loaded = site(n1=tmp_path, n2=tmp_path)
    far = replace(loaded.site.nodes[0], transport="ssh", ssh=Ssh(host="n1.centre.example", user="deploy"))
    loaded = replace(loaded, site=replace(loaded.site, nodes=(far, loaded.site.nodes[1])))
    assert once(loaded)[1] == [
        "node n1 is passed over: reached by ssh; its messages are to be had there alone",
        "sending messages of n2",
    ]
    assert once(loaded, node="n1")[1] == ["sending messages of n1"]
    here = replace(loaded, site=replace(loaded.site, nodes=(replace(far, address="127.0.0.1"),)))
    assert once(here)[1] == ["sending messages of n1"]


def test_a_node_whose_ssh_cannot_be_used_hides_no_other(tmp_path, post):
    """It is passed over and named; where there is no other, its error is the command's."""
    release(tmp_path, post.port, TO)
    leave(tmp_path / "spool")
    loaded = site(n1=tmp_path / "far", n2=tmp_path)
    ssh = Ssh(host="n1.centre.example", user="deploy", known_hosts=str(tmp_path / "none"))
    far = replace(loaded.site.nodes[0], transport="ssh", ssh=ssh)
    both = replace(loaded, site=replace(loaded.site, nodes=(far, loaded.site.nodes[1])))
    says = []
    assert [one.node for one in messages.shown(both, "", says.append)] == ["n2"]
    assert says == [f"node n1 is passed over: node n1, {tmp_path}/none: No such file or directory"]
    assert messages.fetch(both, NAME)
    with pytest.raises(OperatorError, match="No such file or directory"):
        list(messages.shown(both, "n1"))


@pytest.fixture
def watch(tmp_path, post):
    """A watch of n1, which ssh leads to and whose host keys nobody has, n2, which is here, and n3, which is not."""
    release(tmp_path, post.port, TO)
    leave(tmp_path / "spool")
    loaded = site(n1=tmp_path / "far", n2=tmp_path, n3=tmp_path / "elsewhere")
    ssh = Ssh(host="n1.centre.example", user="deploy", known_hosts=str(tmp_path / "none"))
    n1, *others = loaded.site.nodes
    nodes = (replace(n1, transport="ssh", ssh=ssh), *others)
    loaded = replace(loaded, site=replace(loaded.site, nodes=nodes))
    return Watch(loaded, loaded.projects, waiting={"n1": (5, 5), "n2": (7, 7)})


class Answering:
    """A node's end of ssh, as far as a copy needs it; `cut` is how much of an answer is lost."""

    def __init__(self, folder):
        self.folder, self.cut = folder, dict[str, int]()

    @asynccontextmanager
    async def shell(self, _node, _ssh):
        yield self

    async def ask(self, operation, *_arguments, **_payload):
        def told(path):
            return b64encode(path.read_bytes()).decode()

        spool = self.folder / "spool"
        files = [(path, path.stat()) for path in spool.rglob("*.*")]
        said = {
            "current": ["1-x"], "now": [str(time.time())], "notes": [],
            "peek": [told(self.folder / "cctoolkit/current/messages.conf")],
            "spool": [
                row for path, stat in files
                for row in (str(path.relative_to(spool)), f"{stat.st_size} {stat.st_mtime}", told(path))
            ],
        }[operation]  # fmt: skip
        return said[: len(said) - self.cut.get(operation, 0)]


async def counted(watch):
    for there in watch._there():
        await watch._count_there(*there)
    watch.count()
    return watch.picture()


async def test_watch_counts_what_waits_where_it_can_look(watch, tmp_path):
    """A node that cannot be looked at adds nothing, what it added before is no longer told, and it is named; whose error
    it is, of two that are here or not, hides no other.
    """
    found = await counted(watch)
    away = {
        "n1": f"{tmp_path}/none: No such file or directory",
        "n3": f"{tmp_path}/elsewhere is not on this machine, or this user cannot see it",
    }
    assert (found.unmailed[0], found.uncounted) == (1, away)
    current = tmp_path / "cctoolkit/current"
    current.unlink()
    found = await counted(watch)
    assert found.unmailed == (0, 0)
    assert found.uncounted == away | {"n2": f"{current}: No such file or directory"}
    assert [*found.uncounted] == ["n1", "n2", "n3"]
    current.symlink_to("releases/1-x")
    assert [*(await counted(watch)).uncounted] == ["n1", "n3"]


@contextmanager
def no_folder(_node):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", "/nowhere/at/all")
        yield


@contextmanager
def no_room(_node):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def cut(operation, rows):
    @contextmanager
    def answering(node):
        node.cut = {operation: rows}
        yield
        node.cut = {}

    return answering


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (no_folder, "/nowhere/.+: no copy of its messages can be kept here: No such file or directory"),
        (no_room, "/.+: no copy of its messages can be kept here: File too large"),
        (cut("spool", 1), "what the node says of its messages was cut short"),
        (cut("now", 1), "what the node says of its messages was cut short"),
        (cut("current", 1), "what the node says of its messages was cut short"),
    ],
)
async def test_watch_outlives_a_copy_that_fails(watch, tmp_path, post, monkeypatch, fault, why):
    """The node is named with what is wrong, until its messages are counted again; the other's are counted meanwhile. Where
    the node itself is at fault, its place is not told again.
    """
    node = Answering(tmp_path / "far")
    release(node.folder, post.port, TO)
    leave(node.folder / "spool", age=10)
    monkeypatch.setattr(reach, "shell", node.shell)
    with fault(node):
        found = await counted(watch)
    assert found.unmailed[0] == 1
    assert re.match(why, found.uncounted["n1"])
    found = await counted(watch)
    assert found.unmailed[0] == 2
    assert [*found.uncounted] == ["n3"]


async def test_a_copy_that_cannot_be_removed_is_told(watch, tmp_path, post, monkeypatch):
    """There are recordings in it: who looks for them is told where the copy stays."""
    node = Answering(tmp_path / "far")
    release(node.folder, post.port, TO)
    monkeypatch.setattr(reach, "shell", node.shell)
    [there] = watch._there()
    stack = AsyncExitStack()
    near = await stack.enter_async_context(message_copies.brought(*there))
    shutil.rmtree(near.prefix)
    Path(near.prefix).touch()
    with pytest.raises(OperatorError, match="Not a directory") as caught:
        await stack.aclose()
    assert near.prefix in caught.value.where
    Path(near.prefix).unlink()


async def test_a_watch_that_runs_counts_there_too(watch, tmp_path, post, monkeypatch):
    """Where ssh leads messages are counted as long as the watch runs, also while no switch answers."""
    node = Answering(tmp_path / "far")
    release(node.folder, post.port, TO)
    leave(node.folder / "spool", age=10)
    monkeypatch.setattr(reach, "shell", node.shell)
    monkeypatch.setattr(watching, "THERE_SECONDS", 0.01)
    running = asyncio.create_task(watch.run())
    try:
        async with asyncio.timeout(10):
            while watch.picture().unmailed[0] != 2:
                await asyncio.sleep(0.01)
            leave(node.folder / "spool", name=OTHER, age=10)
            while watch.picture().unmailed[0] != 3:
                await asyncio.sleep(0.01)
    finally:
        running.cancel()
        await asyncio.wait([running])
    assert running.cancelled()


@pytest.mark.parametrize("width", [80, 120])
def test_watch_names_whose_messages_are_not_counted(watch, width):
    """Nodes with one reason share a line, and however many reasons there are, the picture stays one; where nobody leaves a
    message nobody is told.
    """
    from rich.console import Console

    def lines():
        console = Console(width=width)
        with console.capture() as capture:
            console.print(_panel(watch, watch.picture()))
        shown = capture.get()
        return " ".join(shown.split()), [row.strip() for row in shown.splitlines()]

    nodes = tuple(replace(watch.loaded.site.nodes[0], id=f"n{number}") for number in range(1, 31))
    watch.loaded = replace(watch.loaded, site=replace(watch.loaded.site, nodes=nodes))
    project = watch.loaded.projects[0]
    taking = replace(project, flow={**project.flow, "leave-message": Voicemail(next=VoicemailNext(done="bye"))})
    watch.loaded = replace(watch.loaded, projects=(taking,))
    watch.uncounted = {node.id: "deploy is not let in" for node in nodes[:3]}
    assert "messages not counted on n1, n2, n3: deploy is not let in" in lines()[0]
    watch.uncounted = {node.id: f"the host's key is not known: known_hosts has none of {node.id}" for node in nodes}
    text, rows = lines()
    assert "messages not counted on n2: the host's key is not known: known_hosts has none of n2" in text
    assert "on n3, n4, n5" in text
    assert "n30 either: --format json says why" in text
    assert rows.index("") < 10
    watch.loaded = replace(watch.loaded, projects=(project,))
    assert "not counted" not in lines()[0]


def test_a_node_that_is_not_here_or_not_at_all(tmp_path):
    """With none here there is nothing to do, and a name that is none is said to be none."""
    loaded = site(n1=tmp_path / "a", n2=tmp_path / "b")
    with pytest.raises(OperatorError, match="no folder of n1, n2 is on this machine"):
        once(loaded)
    with pytest.raises(UsageError, match="no node 'n9'"):
        once(loaded, node="n9")


def test_a_secret_that_is_missing_for_a_moment(tmp_path, post, monkeypatch):
    """Sending does not end: it is said once, messages are taken up, other nodes' go, and then these."""
    secret = tmp_path / "secret"
    release(tmp_path / "a", post.port, TO, more=f"user = \npassword from = file:{secret}")
    release(tmp_path / "b", post.port, TO)
    leave(tmp_path / "a/spool")
    leave(tmp_path / "b/spool", name="n2-1763800000.7-1")
    loaded, stop, says = site(n1=tmp_path / "a", n2=tmp_path / "b"), threading.Event(), []
    monkeypatch.setattr(mailing, "LOOK_SECONDS", 0.01)
    thread = threading.Thread(target=mailing.send, args=(loaded, stop, says.append))
    thread.start()
    try:
        until(lambda: len(post.letters()) == 1)
        time.sleep(0.1)
        assert thread.is_alive()
        assert [said for said in says if "cannot be read" in said] == [said for said in says if said.startswith("n1: ")]
        assert len([said for said in says if "cannot be read" in said]) == 1
        secret.write_text("hush")
        until(lambda: len(post.letters()) == 2)
    finally:
        stop.set()
        thread.join(10)
    assert [one.state for one in messages.shown(loaded)] == ["mailed", "mailed"]


def until(holds):
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("fault", ["secret", "settings", "spool"])
def test_one_round_with_a_node_that_fails(tmp_path, post, fault):
    """The other node's messages go first, and then the exit says which node's did not."""
    more = f"user = m\npassword from = file:{tmp_path}/none" if fault == "secret" else ""
    release(tmp_path / "a", post.port, TO, more=more)
    release(tmp_path / "b", post.port, TO)
    if fault == "settings":
        (tmp_path / "a/cctoolkit/current").unlink()
    elif fault == "spool":
        (tmp_path / "a/spool").write_text("")
    leave(tmp_path / "b/spool")
    with pytest.raises(OperatorError, match="messages of n1 could"):
        once(site(n1=tmp_path / "a", n2=tmp_path / "b"))
    assert len(post.letters()) == 1


def test_a_second_sender_ends(tmp_path, post):
    """The lock is no passing fault."""
    release(tmp_path, post.port, TO)
    loaded = site(n1=tmp_path)
    with message_nodes.outbox(loaded.site.nodes[0]).alone(), pytest.raises(OperatorError, match="another process"):
        mailing.send(loaded, threading.Event(), lambda _line: None)


def test_a_caller_s_number_is_of_the_project_s_country(tmp_path, post):
    """What Moscow's carrier delivers without a plus is no number of Vietnam."""
    release(tmp_path, post.port, TO)
    leave(tmp_path / "spool", line=LINE.replace("+79161234567", "84951234567"))
    once(site(n1=tmp_path))
    assert "+7 495 123-45-67" in post.letters()[0]["Subject"]


def test_messages_that_cannot_be_read_are_listed(tmp_path, post):
    """One damaged note and one link do not hide the others; they count as late."""
    release(tmp_path, post.port, TO)
    loaded = site(n1=tmp_path)
    path = leave(tmp_path / "spool", age=1000)
    leave(tmp_path / "spool", name=OTHER)
    assert once(loaded)[0] == 0
    path.unlink()
    path.symlink_to("/etc/hostname")
    box = message_nodes.outbox(loaded.site.nodes[0])
    leave(tmp_path / "spool", name="n1-1.1-1", age=1000)
    (box.folder / "n1-1.1-1.json").write_text("{")
    assert {one.message: one.state for one in messages.shown(loaded)} == {
        NAME: "unreadable",
        OTHER: "mailed",
        "n1-1.1-1": "unreadable",
    }
    assert messages.waiting(loaded)[1] >= 1


@pytest.fixture
def given_up(tmp_path, post):
    """A site with a message that one address has, and one was given up for."""
    release(tmp_path, post.port, TO, GONE)
    loaded = site(n1=tmp_path)
    leave(tmp_path / "spool")
    now = time.time()
    note = Note((TO, GONE), now, {TO: now}, failed={GONE: now}, error=f"{GONE}: 550 no such user")
    message_nodes.outbox(loaded.site.nodes[0]).write(NAME, note)
    return loaded


def test_a_message_that_was_given_up_is_shown(given_up, monkeypatch):
    """In the list, its exit code and verify; nobody waits for it."""
    monkeypatch.setattr(specs, "load_site", lambda _name: given_up)
    run = CliRunner().invoke(cli.app, ["--site", "x"], standalone_mode=False)
    assert f"mailed to {TO}; given up for {GONE}; {GONE}: 550 no such user" in run.output
    assert "1 failed" in run.output
    assert run.return_value == 2
    assert messages.waiting(given_up) == (0, 0)
    assert messages.failed(given_up.site.nodes[0], "northwind-hotline") == 1
    assert messages.failed(given_up.site.nodes[0], "another") == 0
    nothing = NodeState.of([])
    [found] = judge(Evidence(nothing, nothing, (), (), mailing=Mailing({}, failed=1)))
    assert not found.good
    assert "1 given up" in found.text


@pytest.mark.parametrize(
    ("name", "to", "gets"), [(NAME, "", GONE), ("n1-1763800000.7", "new@centre.example", "new@centre.example")]
)
def test_it_is_sent_again(given_up, post, name, to, gets):
    """To who was given up, or to somebody else instead; who has it does not get it twice, and it is failed no longer."""
    assert mailing.resend(given_up, name, to) == {NAME: (gets,)}
    assert once(given_up)[0] == 0
    [found] = post.letters()
    assert found["X-Envelope-To"] == gets
    [one] = messages.shown(given_up)
    assert (one.state, set(one.mailed), one.failed) == ("mailed", {TO, gets}, {})
    assert mailing.resend(given_up, NAME) == {NAME: tuple(dict.fromkeys((TO, gets)))}


@pytest.mark.parametrize(
    ("name", "to", "what"),
    [
        ("n1-9.9", "", "no message or call"), (NAME, "x@y.example\r\nBcc: z@z.example", "no address"), (NAME, "x", "no address"),
        (OTHER, "", "not taken up"), ("n1-2.2-1", "", "was to go to nobody"),
    ],
)  # fmt: skip
def test_what_cannot_be_sent_again(given_up, tmp_path, name, to, what):
    """Each says why, and nothing is left for the sender."""
    leave(tmp_path / "spool", name=OTHER, line=LINE.replace("message-left", "message-too-short"))
    leave(tmp_path / "spool", name="n1-2.2-1")
    box = message_nodes.outbox(given_up.site.nodes[0])
    box.write("n1-2.2-1", Note((), time.time()))
    with pytest.raises(UsageError, match=what):
        mailing.resend(given_up, name, to)
    assert box.wishes() == []
