"""A store in a real PostgreSQL: the suite of all stores, and outages."""

import asyncio
import re
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest
import pytest_asyncio

from cctoolkit.capture import outbox
from cctoolkit.capture.journal import Journal
from cctoolkit.capture.outbox import Outbox
from cctoolkit.capture.session import Session, journal_path
from cctoolkit.cdr.address import FILE_NAME, Url
from cctoolkit.cdr.postgres import Postgres as Database
from cctoolkit.cdr.store import Store
from cctoolkit.errors import OperatorError
from cctoolkit.workflow import records, specs
from tests.live.capturing import PROJECT, legs, log_in, log_out, the_record
from tests.postgres import PASSWORD, Postgres
from tests.unit.ami.conftest import FakeSwitch
from tests.unit.capture.made_calls import EPOCH, Call, answered
from tests.unit.capture.test_capture_session import BOOTED, CHANNELS
from tests.unit.cdr.store_contract import StoreContract

pytestmark = pytest.mark.live

TESTS = Path(__file__).parents[1]
HOTLINE = TESTS / "unit/report/hotline"
GOLDEN = TESTS / "golden/site.yaml"


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    """A server of this module's own."""
    with Postgres(tmp_path_factory.mktemp("postgres") / "server") as server:
        yield server


@pytest.fixture
def server(servers):
    """The same, running, whatever the test before did to it."""
    if not servers.runs:
        servers.start()
    return servers


class TestPostgres(StoreContract):
    """A database of its own for each test."""

    @pytest.fixture
    def place(self, server):
        return server.url()

    def connect(self, place):
        return Database(place)

    def old_statements(self, text):
        return [re.sub(r"X'([0-9A-F]+)'", r"'\\x\1'", one) for one in super().old_statements(text)]


class Capturing:
    """A capture of a switch made of recorded answers, whose records go through an outbox into a database."""

    def __init__(self, folder, url, switch):
        self.said: list[str] = []
        self.folder = folder
        self.journal = Journal(journal_path(folder, "n1"))
        self.outbox = Outbox(url, self.said.append, {"n1": journal_path(folder, "n1")})
        account = switch.account()
        self.session = Session(
            "n1", lambda: nullcontext(account), self.journal, self.outbox, lambda _since: "", self.said.append
        )

    async def __aenter__(self):
        await self.outbox.start()
        self._tasks = [asyncio.create_task(self.session.run()), asyncio.create_task(self.outbox.run())]
        async with asyncio.timeout(20):
            await self.session.reading.wait()
        return self

    async def __aexit__(self, *_error):
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.outbox.finish()
        self.journal.close()


@pytest_asyncio.fixture
async def switch():
    fake = FakeSwitch()
    fake.answers["CoreShowChannels"] = CHANNELS
    fake.answers["Login"] += BOOTED
    server = await asyncio.start_server(fake.serve, "127.0.0.1", 0)
    fake.port = server.sockets[0].getsockname()[1]
    yield fake
    server.close()
    await server.wait_closed()


def events(number):
    """Return all that the switch says of one answered call."""
    return b"".join(moment.event for moment in answered(Call(f"n1-{number}.1", EPOCH + number * 100_000_000)).moments)


def kept(url):
    """Return the ids of the calls in a database that have ended."""
    with Store.read(url) as store:
        return [one.call for one in store.calls() if one.ended]


async def until(done):
    async with asyncio.timeout(60):
        while not await asyncio.to_thread(done):
            await asyncio.sleep(0.05)


async def test_outages_lose_nothing(server, switch, tmp_path, monkeypatch):
    """The database is away at the start, comes, dies in the middle and comes back: each call is there once, each outage
    is said once. What is too much for memory meanwhile is folded again from the journal.
    """
    url = server.url()
    server.kill()
    async with Capturing(tmp_path, url, switch) as capture:
        await switch.push(events(1))
        await until(lambda: capture.outbox.waiting)
        await until(lambda: len(capture.said) >= 2)
        server.start()
        await until(lambda: not capture.outbox.away)
        assert kept(url) == ["n1-1.1"]
        await switch.push(events(2))
        await until(lambda: kept(url) == ["n1-1.1", "n1-2.1"])
        server.kill()
        await switch.push(events(3))
        await until(lambda: capture.outbox.away)
        monkeypatch.setattr(outbox, "MOST", 5)
        for number in range(4, 12):
            await switch.push(events(number))
        await until(lambda: any("folded again" in text for text in capture.said))
        assert capture.outbox.waiting <= 5
        server.start()
        await until(lambda: not capture.outbox.away)
        wanted = [f"n1-{number}.1" for number in range(1, 12)]
        await until(lambda: sorted(kept(url)) == sorted(wanted))
    told = [text for text in capture.said if "database" in text]
    assert [("cannot be reached" in text, "is back" in text) for text in told] == [(True, False), (False, True)] * 2
    assert PASSWORD not in "".join(capture.said)


async def test_what_waits_at_the_end_is_put_by_the_next(server, switch, tmp_path):
    """A capture that stops during an outage says what waits; the next puts it from the journal, and nothing twice."""
    url = server.url()
    Store.open(url).close()
    async with Capturing(tmp_path, url, switch) as capture:
        server.kill()
        await switch.push(events(1))
        await until(lambda: capture.outbox.away)
    assert any("the next capture" in text for text in capture.said)
    server.start()
    async with Capturing(tmp_path, url, switch):
        await until(lambda: kept(url) == ["n1-1.1"])
    path = journal_path(tmp_path, "n1")
    assert await asyncio.to_thread(records.replay, path, "n1", url) == 0
    # The database is put back to what it was before: snapshots of the fold know more, and are not gone on from.
    with Store.open(url) as store:
        store.remove(["n1-1.1"])
        store.database.do("DELETE FROM journals")
    assert kept(url) == []
    async with Capturing(tmp_path, url, switch):
        await until(lambda: kept(url) == ["n1-1.1"])
    # The same, and it is away at the start, when only the note can say how much it had.
    with Store.open(url) as store:
        store.remove(["n1-1.1"])
        store.database.do("DELETE FROM journals")
    server.kill()
    async with Capturing(tmp_path, url, switch) as capture:
        assert capture.outbox.away
        server.start()
        await until(lambda: not capture.outbox.away)
        await until(lambda: kept(url) == ["n1-1.1"])


def test_commands_take_the_url(server, tmp_path, monkeypatch):
    """capture --replay, cdr, kpi, report and store forget work on a URL whose password is a reference; one with a
    password in it is refused, and none is shown; what the server does not take of one is said to be the URL's.
    """
    url, folder = server.url(), tmp_path / "stream.ami"
    folder.write_bytes(events(1))
    monkeypatch.setenv("CCT_PG", PASSWORD)
    named = url.text.replace("cct@", "cct:env:CCT_PG@")
    in_file = url.text.replace("cct@", f"cct:file:{server.password}@")
    plain = run("capture", "--replay", folder, "--node", "n1", "--store", tmp_path / "plain")
    assert run("capture", "--replay", folder, "--node", "n1", "--store", named) == plain
    assert run("capture", "--replay", folder, "--node", "n1", "--store", in_file) == (0, "0 records new or newer\n")
    code, text = run("cdr", "--store", named, "--format", "csv")
    assert (code, text.count("n1-1.1")) == (0, 1)
    assert run("kpi", HOTLINE, "--store", named, "--format", "json")[0] == 0
    assert run("report", HOTLINE, "--store", named, "-o", tmp_path / "r.html")[0] == 0
    assert run("store", "forget", HOTLINE, "--store", named)[0] == 0
    code, text = run("store", "seal", "--store", named)
    assert (code, "PostgreSQL" in text) == (1, True)
    code, text = run("cdr", "--store", url.text.replace("cct@", f"cct:{PASSWORD}@"))
    assert (code, "env:NAME" in text, PASSWORD in text) == (3, True, False)
    monkeypatch.setenv("CCT_PG", "wrong")
    code, text = run("cdr", "--store", named)
    assert (code, "password authentication failed" in text, "wrong" in text) == (1, True, False)
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    assert run("cdr", "--store", url.text)[0] == 0
    code, text = run("cdr", "--store", f"{url.text}?client_encoding=nonsense")
    assert (code, "does not take this URL: " in text) == (1, True)
    code, text = run("capture", "--site", GOLDEN, "--store", url.text)
    assert (code, "--journal DIR" in text) == (3, True)


def run(*command):
    """Run a command; return its exit code and all it says."""
    done = subprocess.run(
        [sys.executable, "-m", "cctoolkit", *map(str, command)],
        check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    return done.returncode, done.stdout


def test_without_the_driver(monkeypatch):
    """A store by URL without psycopg says what to install."""
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(OperatorError, match="driver is missing") as caught:
        Store.open(Url("postgresql://nobody@127.0.0.1/none"))
    assert "cctoolkit[postgres]" in caught.value.next_step


async def test_two_captures_of_a_node(line, server, tmp_path):
    """One capture into a folder, two at once into a database that dies in the middle of a call: the call is there once,
    the same record in both, and every figure of the day is the same.
    """
    street, url, said = line.lab.street, server.url(), []
    await log_in(line, "ivanova")
    await street.set_phone("ivanova", answer_after=0.2, talk=0.6)
    stop = asyncio.Event()
    places = [(tmp_path / "plain", None), (url, tmp_path / "a"), (url, tmp_path / "b")]
    readings = [asyncio.Event() for _ in places]
    loaded = specs.load_site(line.site)
    captures = [
        asyncio.create_task(
            records.capture(loaded, where, stop, said.append, reading, records.Manner(journals=journals))
        )
        for (where, journals), reading in zip(places, readings, strict=True)
    ]
    async with asyncio.timeout(20):
        for reading in readings:
            await reading.wait()
    await street.place_call("+78001002030", keys=[(0.4, "1")])
    server.kill()
    plain = await the_record(tmp_path / "plain", lambda r: r.ended and any(leg.wrap_up_started for leg in legs(r)))
    server.start()
    await until(lambda: kept(url) == [plain.call])
    await log_out(line, "ivanova")
    await until(lambda: states(url) == states(tmp_path / "plain" / FILE_NAME))
    stop.set()
    await asyncio.gather(*captures)
    with Store.read(url) as store, Store.read(tmp_path / "plain" / FILE_NAME) as other:
        assert list(store.calls()) == list(other.calls())
    project = specs.load_project(PROJECT).project
    today = records.span(project, "", "")
    for by in (["queue", "1h"], ["agent"]):
        now = [records.kpi(project, where, today, by) for where in (url, tmp_path / "plain")]
        counts = [[(f.metric, f.variant, f.value) for f in found if f.unit == "count"] for found in now]
        assert counts[0] == counts[1] != []
    assert sum("is back" in text for text in said) == sum("capture goes on" in text for text in said)


def states(place):
    with Store.read(place) as store:
        return [(one.agent, one.state, one.reason, one.start.at, one.end and one.end.at) for one in store.states()]
