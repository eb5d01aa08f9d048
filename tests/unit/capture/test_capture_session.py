"""A session against a switch made of recorded answers, over a real socket."""

import asyncio
from contextlib import asynccontextmanager, nullcontext

import pytest
import pytest_asyncio

from cctoolkit.capture import journal as journal_module
from cctoolkit.capture import keeper as keeper_module
from cctoolkit.capture import session as module
from cctoolkit.capture.feeder import Feeder
from cctoolkit.capture.following import select
from cctoolkit.capture.journal import Journal
from cctoolkit.capture.reading import read
from cctoolkit.capture.session import Session
from cctoolkit.cdr.store import FILE_NAME, Store
from cctoolkit.errors import OperatorError, SwitchUnreachable
from tests.unit.ami.conftest import FakeSwitch
from tests.unit.capture.made_calls import EPOCH, Call, answered

CHANNELS = "Response: Success\r\nActionID: {id}\r\nEventList: start\r\n\r\nEvent: CoreShowChannelsComplete\r\nActionID: {id}\r\nEventList: Complete\r\n\r\n"

BOOTED = "Event: FullyBooted\r\nUptime: 106\r\nLastReload: 106\r\nStatus: Fully Booted\r\n\r\n"


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


class Capture:
    """A session with its journal and store, and what it said."""

    def __init__(self, folder, switch, log=lambda _since: "", secret=None):
        self.said = []
        self.store = Store.open(folder / FILE_NAME)
        self.journal = Journal(folder / "n1")
        who = switch.account(secret) if secret else switch.account()
        self.session = Session("n1", lambda: nullcontext(who), self.journal, self.store, log, self.said.append)

    @asynccontextmanager
    async def running(self):
        task = asyncio.create_task(self.session.run())
        try:
            async with asyncio.timeout(5):
                await self.session.reading.wait()
            yield task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            self.close()

    def close(self):
        self.journal.close()
        self.store.close()


def moments():
    return answered(Call("n1-1.1", EPOCH)).moments


async def stored(capture, wanted=1):
    async with asyncio.timeout(5):
        while len(found := list(capture.store.calls())) < wanted or not found[-1].ended:
            await asyncio.sleep(0.02)
    return found


async def test_events_become_records(switch, tmp_path):
    """What the switch sends is in the journal, and soon in the store; the connection begins with a gap and its lines."""
    capture = Capture(tmp_path, switch)
    async with capture.running():
        await switch.push(b"".join(moment.event for moment in moments()))
        (record,) = await stored(capture)
        assert record.outcome == "answered"
    chunks = [chunk.data for chunk in read(tmp_path / "n1")]
    assert chunks[0] == b""
    assert any(data.startswith(b"\0queue_log\n") for data in chunks)


async def test_coming_back(switch, tmp_path, monkeypatch):
    """A connection lost is made again, the gap filled from queue_log; the call is one, and whole."""
    monkeypatch.setattr(module, "delays", lambda _rng: iter([0.01] * 1000))
    all_of_it = moments()
    log = "".join(f"{moment.line}\n" for moment in all_of_it if moment.line)
    capture = Capture(
        tmp_path, switch, lambda since: select(log, since, only_live=since == 0) if switch.connections > 1 else ""
    )
    async with capture.running():
        await switch.push(b"".join(moment.event for moment in all_of_it[:8]))
        capture.session.reading.clear()
        capture.session.reading.set()
        switch.writer.close()
        (record,) = await stored(capture)
    assert (record.outcome, record.entered.source, record.ended.source) == ("answered", "ami", "queue_log")
    assert any("trying again" in text for text in capture.said)
    assert switch.connections == 2


async def test_a_stop_leaves_a_snapshot(switch, tmp_path, monkeypatch):
    """A graceful stop writes a snapshot, as does time; the next session folds nothing of before, and the call that was up
    goes on. What is sealed meanwhile is packed.
    """
    monkeypatch.setattr(module, "TEND_SECONDS", 0.01)
    monkeypatch.setattr(keeper_module, "SNAPSHOT_SECONDS", 0.0)
    all_of_it = moments()
    capture = Capture(tmp_path, switch)
    async with capture.running():
        await switch.push(b"".join(moment.event for moment in all_of_it[:8]))
        async with asyncio.timeout(5):
            while not list((tmp_path / "n1").glob("*.ccts")):
                await asyncio.sleep(0.01)
        capture.journal.append(b"", 1)
        while not list((tmp_path / "n1").glob("*.zst")):
            await asyncio.sleep(0.01)
    taken, real = [], Feeder.take
    monkeypatch.setattr(Feeder, "take", lambda self, data, at=0: (taken.append(data), real(self, data, at))[1])
    again = Capture(tmp_path, switch)
    async with again.running():
        before = taken[: next(place for place, data in enumerate(taken) if data.startswith(b"\0queue_log"))]
        assert [data for data in before if b"AgentCalled" in data] == []
        await switch.push(b"".join(moment.event for moment in all_of_it[8:]))
        (record,) = await stored(again)
    assert (record.outcome, record.entered.source, again.said[0]) == ("answered", "ami", "n1: capturing")


async def test_refused_at_first(switch, tmp_path):
    """A wrong password is an error at once, not something to try again."""
    capture = Capture(tmp_path, switch, secret="wrong")
    with pytest.raises(SwitchUnreachable, match="refused the login"):
        async with asyncio.timeout(2):
            await capture.session.run()
    capture.close()


async def test_refused_later(switch, tmp_path, monkeypatch):
    """Once it has read, a capture goes on trying, and says why it must."""
    monkeypatch.setattr(module, "delays", lambda _rng: iter([0.01] * 1000))
    capture = Capture(tmp_path, switch)
    async with capture.running() as task:
        switch.answers["Login"] = switch.answers["Login refused"]
        switch.writer.close()
        async with asyncio.timeout(5):
            while sum("refused the login" in text for text in capture.said) < 2:
                await asyncio.sleep(0.01)
        assert not task.done()


async def test_a_full_disk_ends_it(switch, tmp_path, monkeypatch):
    """When the journal takes no more, capture ends with that error instead of losing calls unseen."""
    capture = Capture(tmp_path, switch)

    def full(data, received_us):
        raise OperatorError("the journal cannot be written: No space left on device")

    async with capture.running() as task:
        monkeypatch.setattr(capture.journal, "append", full)
        await switch.push(moments()[0].event)
        with pytest.raises(OperatorError, match="No space left"):
            async with asyncio.timeout(3):
                await task


async def test_a_store_that_fails_ends_it(switch, tmp_path, monkeypatch):
    """An error of the store ends capture as well: it is not swallowed by the timer that flushes."""
    capture = Capture(tmp_path, switch)

    def broken(*_):
        raise OperatorError("the store is full")

    async with capture.running() as task:
        monkeypatch.setattr(keeper_module, "drain", broken)
        with pytest.raises(OperatorError, match="store is full"):
            async with asyncio.timeout(3):
                await task


async def test_a_log_that_cannot_be_read(switch, tmp_path):
    """Without queue_log capture goes on, and says what it cannot tell."""

    def forbidden(_since):
        raise PermissionError(13, "Permission denied")

    capture = Capture(tmp_path, switch, forbidden)
    async with capture.running():
        await switch.push(b"".join(moment.event for moment in moments()))
        assert (await stored(capture))[0].outcome == "answered"
    assert any("queue_log cannot be read (Permission denied)" in text for text in capture.said)


async def test_it_says_what_makes_no_record(switch, tmp_path, monkeypatch):
    """Calls without an entry, and events without a time, are told while capture runs and when it ends."""
    monkeypatch.setattr(module, "COMPLAIN_SECONDS", 0.05)
    capture = Capture(tmp_path, switch)
    async with capture.running():
        await switch.push(moments()[3].event + b"Event: Hangup\r\nUniqueid: 1\r\n\r\n")
        async with asyncio.timeout(5):
            while len(capture.said) < 3:
                await asyncio.sleep(0.02)
    assert any("1 calls began before" in text for text in capture.said)
    assert any("timestampevents" in text for text in capture.said)


async def test_the_journal_is_synced(switch, tmp_path, monkeypatch):
    """What was received reaches the disk itself within a second or two, not only when capture ends."""
    capture, synced = Capture(tmp_path, switch), asyncio.Event()
    monkeypatch.setattr(journal_module.os, "fsync", lambda _file: synced.set())
    async with capture.running():
        async with asyncio.timeout(3):
            await synced.wait()
