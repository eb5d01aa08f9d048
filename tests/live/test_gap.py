"""Capture cut off in every way: what AMI could not tell is filled from queue_log, and replays tell the same."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from random import Random

import pytest

from cctoolkit import clock
from cctoolkit.capture.journal import Journal, Terms
from cctoolkit.capture.keeper import Keeper
from cctoolkit.capture.reading import read
from cctoolkit.capture.session import Session, journal_path
from cctoolkit.cdr.store import FILE_NAME, Store
from cctoolkit.errors import OperatorError, SwitchUnreachable
from cctoolkit.lab.compare import compare
from cctoolkit.secret import Secret
from cctoolkit.workflow import records, specs
from cctoolkit.workflow.reach import follower
from cctoolkit.workflow.switch import account
from tests.live.capturing import PROJECT, legs, log_in, log_out

pytestmark = pytest.mark.live

NUMBER = "+78001002030"
ROOT = Path(__file__).parents[2]


def command(line, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-u", "-m", "cctoolkit", "capture", "--site", line.site, "--store", str(folder)],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=line.root, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def capture(line, folder: Path) -> subprocess.Popen[str]:
    """Start a capture in a process of its own and wait until it reads."""
    process = command(line, folder)
    assert process.stderr is not None
    for text in process.stderr:
        if "capturing" in text:
            return process
    raise AssertionError("capture ended: " + str(process.wait()))


def end(process: subprocess.Popen[str], number: int) -> None:
    process.send_signal(number)
    process.wait(timeout=20)
    assert process.stderr is not None
    process.stderr.close()


def calls(folder: Path):
    with Store.read(folder / FILE_NAME) as store:
        return {record.caller: record for record in store.calls(PROJECT, test=False)}


def wait_for(folder: Path, done) -> None:
    deadline = time.monotonic() + 20
    while not done(calls(folder)):
        assert time.monotonic() < deadline, calls(folder)
        time.sleep(0.1)


def whole(record) -> bool:
    return record.outcome != "unfinished"


def session(line, folder: Path, said: list[str], secret: Secret | None = None, log=None):
    """Return a session of the line's node, its journal and its store."""
    (node,) = specs.load_site(line.site).site.nodes
    who = account(node, node.ami.accounts.capture)
    if secret:
        who = type(who)(who.host, who.port, who.username, secret, who.tls)
    store, journal = Store.open(folder / FILE_NAME), Journal(journal_path(folder, node.id))
    log = log or follower(node)
    return Session(node.id, lambda: nullcontext(who), journal, store, log, said.append), journal, store


@asynccontextmanager
async def running(line, folder: Path, said: list[str], log=None):
    """Capture into `folder` while the body runs; `log` instead of the node's queue_log."""
    one, journal, store = session(line, folder, said, log=log)
    task = asyncio.create_task(one.run())
    try:
        async with asyncio.timeout(10):
            await one.reading.wait()
        yield one
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        journal.close()
        store.close()


def test_killed_for_seconds_with_calls_in_every_state(line, tmp_path):
    """Calls that began before, in and after a gap of capture, and one that lies in it, are whole, each once."""
    street = line.lab.street

    async def prepare():
        await street.agent_dials("petrov", "*12")
        await street.agent_dials("ivanova", "*11")
        await street.set_phone("ivanova", answer_after=0.3, talk=5)
        await asyncio.sleep(2.5)

    asyncio.run(prepare())
    process = capture(line, tmp_path)
    placed = {}

    async def call(caller, **more):
        placed[caller] = await street.place_call(NUMBER, caller=caller, keys=[(0.4, "1")], **more)

    async def answered():
        await call("+79160000001")
        await street.wait_for(lambda e: (e.kind, e.endpoint) == ("ANSWER", "phone-ivanova"), since=since)
        # Nobody after this one is, however slow the machine.
        await street.set_phone("ivanova", answers=False)

    since = clock.now()
    asyncio.run(answered())  # before the gap, ends in it
    wait_for(tmp_path, lambda found: any(r.visits for r in found.values()))
    asyncio.run(call("+79160000002", hang_up_after=9))  # waits through the gap, and longer
    wait_for(tmp_path, lambda found: len(found) == 2 and all(r.visits for r in found.values()))
    time.sleep(1)
    end(process, signal.SIGKILL)
    asyncio.run(call("+79160000003", hang_up_after=2))  # lies in the gap
    time.sleep(4)
    process = capture(line, tmp_path)
    asyncio.run(call("+79160000004", hang_up_after=1.5))
    wait_for(tmp_path, lambda found: len(found) == 4 and all(map(whole, found.values())))
    # The second call ends after the gap.
    wait_for(tmp_path, lambda found: all(r.ended for r in found.values()))
    end(process, signal.SIGTERM)
    found = calls(tmp_path)
    outcomes = {caller[-1]: record.outcome for caller, record in found.items()}
    assert outcomes == {"1": "answered", "2": "abandoned", "3": "abandoned", "4": "abandoned"}
    assert found["+79160000003"].entered.source == "queue_log"
    assert found["+79160000001"].entered.source == "ami"
    assert found["+79160000004"].entered.source == "ami"
    events = street.witness()
    for caller, record in found.items():
        assert len(record.visits) == 1, record
        assert record.answered, record
        assert [s.step for s in record.steps][:3] == ["opening-hours", "subject", "orders"]
        edges = {"entered": record.entered, "answered": record.answered, "ended": record.ended}
        for row in compare(record, placed[caller], events):
            if row.edge in edges:
                limit = 0.05 if edges[row.edge].source == "ami" else 1.05
                assert row.apart_seconds is not None, (caller, row)
                assert row.apart_seconds <= limit, (caller, row)
    again = tmp_path / "again"
    records.replay(tmp_path / "journal" / "n1", "n1", again)
    assert calls(again) == found


OFTEN = """
import sys
from cctoolkit.capture import keeper, session
from cctoolkit.capture.journal import Terms
from cctoolkit.workflow import records
keeper.SNAPSHOT_SECONDS, session.TEND_SECONDS = 0.1, 0.02
records.Terms = lambda _bytes, days: Terms(10_000, days)
from cctoolkit.__main__ import main
sys.argv[0] = "cctoolkit"
main()
"""
"""Capture as it is, but it seals every ten kilobytes, and takes a snapshot ten times a second."""


async def test_killed_at_random_while_it_seals_packs_and_takes_snapshots(line, tmp_path):
    """Killed nine times at any moment, every other time while it starts, a capture that seals, packs and takes a snapshot all the
    time has every call once and whole; what it had to read anew is told by its snapshots, and the journal alone tells
    the same.
    """
    street, random, callers, enough = line.lab.street, Random(20261129), list[str](), asyncio.Event()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    arguments = [sys.executable, "-u", "-c", OFTEN, "capture", "--site", line.site, "--store", str(tmp_path)]

    def start() -> subprocess.Popen[bytes]:
        with (tmp_path / "capture.log").open("ab") as log:
            return subprocess.Popen(arguments, stdout=log, stderr=log, cwd=line.root, env=environment)

    async def call_on() -> None:
        while not enough.is_set():
            callers.append(f"+7916100{len(callers):04}")
            await street.place_call(NUMBER, caller=callers[-1], keys=[(0.4, "1")], hang_up_after=random.uniform(0.3, 4))
            await asyncio.sleep(0.3)

    async def started() -> subprocess.Popen[bytes]:
        log = tmp_path / "capture.log"
        before = log.read_text().count("capturing") if log.exists() else 0
        process = start()
        async with asyncio.timeout(20):
            while log.read_text().count("capturing") == before:
                await asyncio.sleep(0.02)
        return process

    process = await started()
    calling = asyncio.create_task(call_on())
    for kill in range(8):
        await asyncio.sleep(random.uniform(0, 1.5))
        process.kill()
        await asyncio.to_thread(process.wait)
        process = start() if kill % 2 == 0 else await started()
    enough.set()
    await calling
    process.kill()
    await asyncio.to_thread(process.wait)
    process = await started()
    try:
        await asyncio.to_thread(
            wait_for,
            tmp_path,
            lambda found: set(callers) <= set(found) and all(record.ended for record in found.values()),
        )
        process.terminate()
        assert await asyncio.to_thread(process.wait, 20) == 0
    finally:
        process.kill()
    said = (tmp_path / "capture.log").read_text()
    assert "Traceback" not in said, said
    journal = journal_path(tmp_path, "n1")
    assert list(journal.glob("*.zst"))
    assert len(list(journal.glob("*.ccts"))) == 2
    with Store.read(tmp_path / FILE_NAME) as store:
        found = sorted(record.caller for record in store.calls(PROJECT, test=False))
    # A call of the test before may still be up when this one begins.
    assert [caller for caller in found if caller.startswith("+7916100")] == callers
    records.replay(journal, "", tmp_path / "again", pytest.fail)
    assert calls(tmp_path / "again") == calls(tmp_path)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own of two megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_is_full(small_disk, tmp_path):
    """On a full disk what is sealed stays plain and no snapshot is written, which is said and stops nothing; what stops
    capture is a journal that takes no more. All that it took is read again, and with room everything goes on.
    """
    said, number = [], 0

    def folder():
        return [path.name for path in (small_disk / "n1").iterdir() if path.suffix == ".tmp"]

    with Store.open(tmp_path / FILE_NAME) as store:
        with Journal(small_disk / "n1", Terms(400_000)) as journal:
            keeper = Keeper(journal, store, said.append)
            (small_disk / "filler").write_bytes(bytes(600_000))

            def fill() -> None:
                nonlocal number
                while True:
                    keeper.keep(b"Event: Odd\r\nData: %s\r\n\r\n" % os.urandom(2048).hex().encode())
                    number += 1

            with pytest.raises(OperatorError, match="No space left"):
                fill()
            keeper.pack()
            keeper.snapshot()()
            assert "the journal cannot be packed (No space left on device); it stays as it is" in said
            assert any(text.startswith("no snapshot can be written (No space left on device)") for text in said)
            assert folder() == []
        assert [chunk.sequence for chunk in read(small_disk / "n1")] == list(range(number))
        (small_disk / "filler").unlink()
        with Journal(small_disk / "n1", Terms(400_000)) as journal:
            keeper = Keeper(journal, store, said.append)
            keeper.recall()
            keeper.keep(b"")
            before = len(said)
            keeper.pack()
            keeper.snapshot()()
            assert (said[before:], folder()) == ([], [])
        assert [chunk.sequence for chunk in read(small_disk / "n1")] == list(range(number + 1))


async def test_the_switch_restarts(line, tmp_path):
    """Capture comes back to a restarted switch: later calls are captured; one cut off stays unfinished and is counted."""
    street, said = line.lab.street, []
    async with running(line, tmp_path, said) as one:
        await street.place_call(NUMBER, caller="+79160000011", hang_up_after=20)
        await asyncio.to_thread(wait_for, tmp_path, lambda found: "+79160000011" in found)
        await asyncio.to_thread(line.lab.nodes["n1"].kill9)
        await asyncio.to_thread(line.lab.nodes["n1"].start)
        async with asyncio.timeout(30):
            while not any("trying again" in text for text in said) or not one.reading.is_set():
                await asyncio.sleep(0.05)
        await street.wait_registered(["ivanova"])
        await street.place_call(NUMBER, caller="+79160000012", hang_up_after=1)
        await asyncio.to_thread(
            wait_for, tmp_path, lambda found: "+79160000012" in found and whole(found["+79160000012"])
        )
    found = calls(tmp_path)
    assert (found["+79160000011"].outcome, found["+79160000011"].ended) == ("unfinished", None)
    assert any("1 calls are gone without an end" in text for text in said), said


async def test_phones_that_began_to_ring_in_a_gap(line, tmp_path):
    """A phone rings out, and again until the caller gives up, each time from before anybody listened: two legs, whole,
    although the switch says CANCEL twice of the phone whose caller gave up, and once of the one that rang out.
    """
    street, caller = line.lab.street, "+79160000031"

    async def rings(since):
        return await street.wait_for(
            lambda e: (e.kind, e.endpoint) == ("CHAN_START", "phone-ivanova"), since=since, timeout=20
        )

    def has(*wanted):
        return lambda found: caller in found and [leg.outcome for leg in legs(found[caller])] == list(wanted)

    await log_in(line, "ivanova")
    await street.set_phone("ivanova", answers=False)
    since = clock.now()
    call = await street.place_call(NUMBER, caller=caller, keys=[(0.4, "1")], hang_up_after=60)
    await rings(since)
    async with running(line, tmp_path, []):
        await asyncio.to_thread(wait_for, tmp_path, has("no_answer"))
        since = clock.now()
    await rings(since)
    async with running(line, tmp_path, []):
        await asyncio.sleep(1)
        await street.hang_up(call)
        await asyncio.to_thread(wait_for, tmp_path, has("no_answer", "cancelled"))
        await asyncio.to_thread(wait_for, tmp_path, lambda found: whole(found[caller]))
    await log_out(line, "ivanova")
    record = calls(tmp_path)[caller]
    assert [leg.offered.source for leg in legs(record)] == ["queue_log"] * 2
    rows = compare(record, call, street.witness())
    for edge, limit in (("rings", 1), ("talk ends", 0.05)):
        apart = [row.apart_seconds for row in rows if row.edge == f"ivanova: {edge}"]
        assert len(apart) == 2
        assert all(one is not None and one <= limit for one in apart), rows
    wire = b"".join(chunk.data for chunk in read(journal_path(tmp_path, "n1")))
    told = re.findall(r"(?:Event: Agent|DialStatus: )(\w+)", wire.decode())
    assert told == ["RingNoAnswer", "NOANSWER", "CANCEL", "CANCEL", "CANCEL"]


async def test_agents_who_came_before(line, tmp_path):
    """A capture that begins with agents logged in, one paused, and no queue_log to read, has their intervals; coming
    back to the same agents, over a killed connection, adds none.
    """
    said, node = [], line.lab.nodes["n1"]
    await log_out(line, "ivanova", "petrov")
    began = clock.now()
    await log_in(line, "ivanova", "petrov")
    node.cli(f"queue pause member PJSIP/ivanova queue {PROJECT}.orders reason lunch")
    await asyncio.sleep(1.1)
    for _ in range(2):
        async with running(line, tmp_path, said, log=lambda _since: ""):
            await asyncio.sleep(0.5)
    with Store.read(tmp_path / FILE_NAME) as store:
        found = {(one.agent, one.state): one for one in store.states()}
        assert len(list(store.states())) == 3
    assert {key: one.reason for key, one in found.items()} == {
        ("ivanova", "logged_in"): "", ("petrov", "logged_in"): "", ("ivanova", "paused"): "lunch",
    }  # fmt: skip
    for one in found.values():
        assert one.end is None
        assert one.start.source == "queue_status"
        assert -1 <= (one.start.moment() - began).total_seconds() < 8
    async with running(line, tmp_path, said):
        await log_out(line, "ivanova", "petrov")
        await asyncio.sleep(0.5)
    with Store.read(tmp_path / FILE_NAME) as store:
        assert [one.end is not None for one in store.states()] == [True] * 3


async def test_an_agent_whose_call_came_before(line, tmp_path):
    """Only the queue whose call it is says InCall; without queue_log the agent is in a call of no record, to its end."""
    street = line.lab.street
    await log_in(line, "ivanova")
    await street.set_phone("ivanova", answer_after=0.2)
    since = clock.now()
    call = await street.place_call(NUMBER, keys=[(0.4, "1")])
    await street.wait_for(lambda e: (e.kind, e.endpoint) == ("ANSWER", "phone-ivanova"), since=since)
    await asyncio.sleep(0.5)
    async with running(line, tmp_path, [], log=lambda _since: ""):
        await asyncio.sleep(0.5)
        await street.hang_up(call)
        await asyncio.sleep(0.5)
    await log_out(line, "ivanova")
    wire = b"".join(chunk.data for chunk in read(journal_path(tmp_path, "n1"))).decode()
    entries = [text for text in wire.split("\r\n\r\n") if "Event: QueueMember\r\n" in text and "ivanova" in text]
    in_call = [re.search(r"\r\nInCall: (\d)", text)[1] for text in entries]
    assert sorted(in_call) == ["0", "1"]
    with Store.read(tmp_path / FILE_NAME) as store:
        (one,) = (state for state in store.states() if state.state == "in_call")
    assert (one.agent, one.start.source) == ("ivanova", "queue_status")
    assert one.end.source == "ami"


async def test_a_wrong_password(line, tmp_path):
    """A login that the switch refuses ends a capture that has never read, at once."""
    one, journal, store = session(line, tmp_path, [], Secret("wrong"))
    with journal, store, pytest.raises(SwitchUnreachable, match="refused the login"):
        async with asyncio.timeout(3):
            await one.run()


async def test_stopping_is_prompt(line, tmp_path):
    """A capture told to stop has ended, everything kept, within a second."""
    async with running(line, tmp_path, []):
        stopping = time.monotonic()
    assert time.monotonic() - stopping < 1


def test_two_captures(line, tmp_path):
    """Two captures of one node into two stores do each other no harm; into one store the second is refused."""
    first, second = capture(line, tmp_path / "a"), capture(line, tmp_path / "b")
    third = command(line, tmp_path / "a")
    assert third.stderr is not None
    told = third.stderr.read()
    third.stderr.close()
    assert third.wait(timeout=10) == 1, told
    assert "another capture writes this journal" in told
    asyncio.run(line.lab.street.place_call(NUMBER, caller="+79160000021", hang_up_after=1))
    for folder in ("a", "b"):
        wait_for(tmp_path / folder, lambda found: "+79160000021" in found and whole(found["+79160000021"]))
    for process in (first, second):
        end(process, signal.SIGTERM)
    assert calls(tmp_path / "a") == calls(tmp_path / "b")
