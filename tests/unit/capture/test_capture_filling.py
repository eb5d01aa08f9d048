"""Lines of a gap that cannot be read at once: waited for a while, and taken when they come; nothing else waits for them."""

import asyncio

from cctoolkit.capture import filling, session
from cctoolkit.capture.feeder import Feeder
from cctoolkit.capture.following import select
from cctoolkit.capture.reading import read
from cctoolkit.capture.replay import drain
from cctoolkit.capture.tracker import Tracker
from cctoolkit.cdr.store import Store
from tests.unit.capture.made_calls import EPOCH, SECOND, Call, answered
from tests.unit.capture.test_capture_session import Capture, moments, stored, switch  # noqa: F401 - a fixture

AWAY = ConnectionError("db: it is away")


class Log:
    """A log whose database is away so many times."""

    def __init__(self, *calls, away, error=AWAY):
        found = sorted((moment for call in calls for moment in call if moment.line), key=lambda moment: moment.at)
        self.text = "".join(f"{moment.line}\n" for moment in found)
        self.away, self.error, self.asked = away, error, []

    def __call__(self, since):
        self.asked.append(since)
        self.away -= 1
        if self.away >= 0:
            raise self.error
        return select(self.text, since, only_live=since == 0)


def events(found):
    return b"".join(moment.event for moment in found)


def quickly(monkeypatch, hold):
    monkeypatch.setattr(filling, "HOLD_SECONDS", hold)
    for module in (filling, session):
        monkeypatch.setattr(module, "delays", lambda _rng, **_more: iter([0.01] * 1000))


async def test_away_for_a_moment(switch, tmp_path, monkeypatch):  # noqa: F811
    """Events wait for a database that comes soon: the call that was up is told in order, and what is wrong is said once."""
    quickly(monkeypatch, 5.0)
    log = Log(moments()[:8], away=3)
    capture = Capture(tmp_path, switch, log)
    async with capture.running():
        await switch.push(events(moments()[8:]))
        (record,) = await stored(capture)
    assert (record.entered.source, record.ended.source, record.outcome) == ("queue_log", "ami", "answered")
    assert sum("cannot be read (db: it is away)" in text for text in capture.said) == 1
    assert sum("is read again" in text for text in capture.said) == 1
    assert len(log.asked) == 4


async def test_away_for_long(switch, tmp_path, monkeypatch):  # noqa: F811
    """What goes on is told meanwhile; when the database is there the call of the gap is told too, what agents did in the gap
    changes nothing they did since, and a replay of the journal tells the same.
    """
    quickly(monkeypatch, 0.0)
    before, lost, after = (answered(Call(f"n1-{n}.1", EPOCH + n * 60 * SECOND)).moments for n in range(3))
    log = Log(before, lost, after, away=1_000_000)
    monkeypatch.setattr(filling, "now_us", lambda: EPOCH + 1000 * SECOND)
    log.text += f"{(EPOCH + 70 * SECOND) // SECOND}|NONE|northwind.orders|petrov|ADDMEMBER|\n"
    capture = Capture(tmp_path, switch, log)
    async with capture.running():
        await switch.push(events(before))
        await stored(capture)
        log.away = 1_000_000
        switch.writer.close()
        async with asyncio.timeout(5):
            while switch.connections < 2 or not any("capturing" in text for text in capture.said[2:]):
                await asyncio.sleep(0.01)
        await switch.push(events(after))
        await stored(capture, 2)
        log.away = 0
        found = await stored(capture, 3)
        states = list(capture.store.states())
    assert [one.entered.source for one in found] == ["ami", "queue_log", "ami"]
    assert {state.agent for state in states} == {"ivanova"}
    assert sum("cannot be read" in text for text in capture.said) == 1
    feeder = Feeder(Tracker("n1"))
    for chunk in read(tmp_path / "n1"):
        feeder.take(chunk.data, chunk.received_us)
    with Store.open(tmp_path / "again") as again:
        drain(feeder, again)
        assert list(again.calls()) == found
        assert list(again.states()) == states


async def test_never_there_again(switch, tmp_path, monkeypatch):  # noqa: F811
    """A capture that ends before the lines came says what tells the calls then."""
    quickly(monkeypatch, 0.0)
    capture = Capture(tmp_path, switch, Log(away=1_000_000, error=PermissionError(13, "Permission denied")))
    async with capture.running():
        pass
    assert "`import queue_log` tells the calls" in capture.said[-1]
