"""Calls that a gap left up, told by their rows when they have ended: nothing else is journalled, and no restart costs them."""

import asyncio
from collections import Counter
from contextlib import asynccontextmanager, nullcontext

import pytest

from cctoolkit.capture import own_filling
from cctoolkit.capture.feeder import BACKFILL, Feeder
from cctoolkit.capture.following import OwnFollower
from cctoolkit.capture.journal import Journal
from cctoolkit.capture.keeper import Keeper
from cctoolkit.capture.own_filling import OwnFilling
from cctoolkit.capture.own_records import Reader
from cctoolkit.capture.reading import read
from cctoolkit.capture.replay import drain
from cctoolkit.capture.rotated import Here
from cctoolkit.capture.tracker import Tracker
from cctoolkit.cdr.store import FILE_NAME, Store
from tests.unit.capture.made_calls import EPOCH, SECOND, event
from tests.unit.capture.test_capture_own_told import BEFORE, NAMES, A, channel, listing, moment, row

END = 9 * 3600.0
"""When the call ends, in seconds: long after its first rows."""


def hangup():
    return event("Hangup", moment(END), **channel(A, "PJSIP/trunk-1", Cause="16"))


def other(number, end):
    id_ = f"n1-{EPOCH // SECOND + round(end) - 1}.{number + 10}"
    names = {"channel": f"PJSIP/trunk-{number + 10}", "uniqueid": id_, "linkedid": id_}
    return row(end - 1, 0, end, f"PJSIP/203-{number}", "NO ANSWER", **names)


class Capture:
    """What keeps a node's journal and store, and pays; `tries` counts how often the rows were asked for."""

    def __init__(self, folder):
        self.log = folder / "Master.csv"
        self.store, self.journal = Store.open(folder / FILE_NAME), Journal(folder / "n1")
        self.keeper = Keeper(self.journal, self.store, lambda _text: None)
        self.keeper.recall()
        self.filling = OwnFilling(self.keeper, lambda _text: None)
        follower = OwnFollower(lambda: nullcontext(Here(self.log)), *(reader() for _ in range(2)))
        self.filling.followers = {"cdr": follower}
        self.tries, of = 0, follower.of

        def counted(ended):
            found = of(ended)
            self.tries += 1
            return found

        follower.of = counted

    async def listens(self, up, at):
        """Take a gap with its lines, and what the switch lists after it."""
        self.keeper.keep(b"")
        lines = await self.filling.lines(self.keeper.feeder.since)
        self.keeper.keep(BACKFILL + lines.encode())
        self.keeper.keep(listing(at, up))

    async def tried(self):
        """Wait until rows have been asked for once more, and taken."""
        tries = self.tries + 2
        async with asyncio.timeout(30):
            while self.tries < tries and self.keeper.feeder.tracker.due:
                await asyncio.sleep(0.01)

    def calls(self):
        self.keeper.drain()
        return list(self.store.calls())


def reader():
    return Reader(None, Counter(), lambda: moment(END + 3600), NAMES)


@asynccontextmanager
async def capturing(folder):
    capture = Capture(folder)
    task = asyncio.create_task(capture.filling.pay())
    try:
        yield capture
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        capture.journal.close()
        capture.store.close()


def write(log, rows):
    """Write more rows, some of which the switch keeps back for a while."""
    with log.open("a") as file:
        file.writelines(f"{one}\n" for one in rows)


def told(*rows):
    return BACKFILL + "".join(f"{'|'.join(reader().line(one).fields)}\n" for one in rows).encode()


def kept(folder):
    """Return the lines that the journal has, gap by gap, without the empty ones."""
    return [c.data for c in read(folder / "n1") if c.data.startswith(BACKFILL) and len(c.data) > len(BACKFILL)]


@pytest.fixture
def quickly(monkeypatch):
    monkeypatch.setattr(own_filling, "PAY_SECONDS", 0.01)
    monkeypatch.setattr(own_filling, "_PAY_AT_MOST", 0.01)


FIRST, LAST = row(5, 6, 30, "PJSIP/201-2", "ANSWERED"), row(30, 31, END, "PJSIP/202-3", "ANSWERED")
ASKED = {"channel": "PJSIP/201-5", "uniqueid": A.replace(".1", ".8"), "linkedid": A.replace(".1", ".8")}
CONSULT = row(END - 30, END - 29, END - 20, "PJSIP/202-3", "ANSWERED", **ASKED)
"""Only by the phone is it a part of the call."""


@pytest.mark.usefixtures("quickly")
async def test_no_rows_but_those_of_what_is_owed(tmp_path):
    """However many calls came and went since the gap, and however often it is tried, the journal takes the rows of the call
    that is owed alone, those of hours before its end too, and once.
    """
    others = [other(number, 60 + number * (END - 60) / 11_000) for number in range(11_000)]
    async with capturing(tmp_path) as capture:
        write(capture.log, [other(11_000, -600)])
        capture.keeper.keep(BEFORE)
        await capture.listens([A], 40)
        capture.keeper.keep(hangup())
        write(capture.log, others[:9])
        await capture.tried()
        await capture.tried()
        assert kept(tmp_path) == []
        write(capture.log, [FIRST, *others[9:], CONSULT, LAST])
        await capture.tried()
        (record,) = capture.calls()
        assert capture.keeper.feeder.tracker.due == {}
    assert kept(tmp_path) == [told(FIRST, CONSULT, LAST)]
    assert (record.call, record.ended.at, record.ended.source) == (A, moment(END), "ami")
    parties = [(party.how, party.endpoint) for party in record.parties]
    assert parties == [("dial", "PJSIP/201"), ("transfer", "PJSIP/202")]


@pytest.mark.usefixtures("quickly")
@pytest.mark.parametrize(
    ("written", "rows"),
    [("before", [FIRST, LAST]), ("meanwhile", [FIRST, LAST]), ("meanwhile", [FIRST]), ("after", [FIRST])],
)
async def test_a_restart_while_rows_are_owed(tmp_path, written, rows):
    """Whether its rows are written before, while or after capture is restarted, also when the last of them is of hours before
    its end, a call is told whole, once, and the journal tells the same to the byte.
    """
    async with capturing(tmp_path) as capture:
        write(capture.log, [])
        capture.keeper.keep(BEFORE)
        await capture.listens([A], 40)
        capture.keeper.keep(hangup())
        await capture.tried()
        if written == "before":
            write(capture.log, rows)
            await capture.tried()
        capture.keeper.snapshot()()
    if written == "meanwhile":
        write(capture.log, rows)
    async with capturing(tmp_path) as capture:
        await capture.listens([], END + 20)
        if written == "after":
            await capture.tried()
            write(capture.log, rows)
        await capture.tried()
        (record,) = capture.calls()
        assert capture.keeper.feeder.tracker.due == {}
    assert record.ended.at == moment(END)
    assert [party.endpoint for party in record.parties] == ["PJSIP/201", "PJSIP/202"][: len(rows)]
    folded = Feeder(Tracker("n1"))
    for chunk in read(tmp_path / "n1"):
        folded.take(chunk.data, chunk.received_us)
    with Store.open(tmp_path / "again") as again:
        drain(folded, again)
        assert list(again.calls()) == [record]


@pytest.mark.usefixtures("quickly")
@pytest.mark.parametrize("late", [True, False])
async def test_an_end_that_nobody_heard(tmp_path, late):
    """A call that began in one gap, was listed, and ended in another of hours, in which capture was restarted, is told by all
    its rows, whenever they are written.
    """
    async with capturing(tmp_path) as capture:
        write(capture.log, [])
        capture.keeper.keep(BEFORE)
        await capture.listens([A], 40)
        write(capture.log, [FIRST])
    async with capturing(tmp_path) as capture:
        write(capture.log, [] if late else [LAST])
        await capture.listens([], END + 20)
        assert bool(capture.keeper.feeder.tracker.due) is late
        write(capture.log, [LAST] if late else [])
        await capture.tried()
        (record,) = capture.calls()
        assert capture.keeper.feeder.tracker.due == {}
    assert (record.call, record.ended.at // SECOND, record.ended.source) == (A, moment(END) // SECOND, "cdr")
    assert [party.endpoint for party in record.parties] == ["PJSIP/201", "PJSIP/202"]


async def test_what_cannot_be_read_is_said_once(tmp_path):
    """Each time anew: once while it lasts, however often it is tried, and again when it had been read meanwhile."""
    said, there = [], [Here(tmp_path / "Master.csv")]

    def opened():
        if not there:
            raise PermissionError(13, "Permission denied")
        return nullcontext(there[0])

    with Journal(tmp_path / "n1") as journal, Store.open(tmp_path / FILE_NAME) as store:
        filling = OwnFilling(Keeper(journal, store, said.append), said.append)
        filling.followers = {"cdr": OwnFollower(opened, reader(), reader())}
        for files in ([], [], there[:], []):
            there[:] = files
            assert await filling.lines(moment(0)) == ""
    assert said == ["cdr cannot be read (Permission denied): what it alone tells stays untold"] * 2
