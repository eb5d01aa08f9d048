"""A capture watches itself: what Prometheus, systemd and `capture status` are shown, and when it is said to be stuck."""

import asyncio
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.request import urlopen

import msgspec
import pytest

from cctoolkit.__main__ import run
from cctoolkit.ami import clocks
from cctoolkit.ami.clocks import Clocks, Reading
from cctoolkit.capture import keeper as keeper_module
from cctoolkit.capture import service as service_module
from cctoolkit.capture import session as session_module
from cctoolkit.capture import status
from cctoolkit.capture.journal import Journal, now_us
from cctoolkit.capture.keeper import Keeper
from cctoolkit.capture.metrics import Exporter, served
from cctoolkit.capture.notify import Notifier
from cctoolkit.capture.outbox import Outbox
from cctoolkit.capture.pulse import SECOND, Gaps, Pulse, Tally
from cctoolkit.capture.service import Service
from cctoolkit.cdr.store import Store
from cctoolkit.errors import OperatorError, StoreAway, SwitchUnreachable, UsageError
from cctoolkit.workflow import capture_status
from tests.unit.ami.conftest import FakeSwitch
from tests.unit.capture import test_capture_session as sessions
from tests.unit.capture.made_calls import EPOCH, Call, answered

switch = sessions.switch
DAY = 86_400 * SECOND
ROOT = Path(__file__).resolve().parents[3]


@asynccontextmanager
async def watched(folder, switch, notifier=None):
    """A session and the service that watches it."""
    capture, exporter = sessions.Capture(folder, switch), Exporter()
    service = Service(
        [capture.session], [folder / "n1"], capture.said.append, exporter=exporter, notifier=notifier or Notifier()
    )
    async with capture.running():
        task = asyncio.create_task(service.run())
        try:
            yield capture, service, exporter
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def until(true):
    async with asyncio.timeout(5):
        while not true():
            await asyncio.sleep(0.01)


async def test_prometheus_is_shown_figures_and_nobodys_number(switch, tmp_path, monkeypatch, unused_tcp_port):
    """Every figure stands there by node, what was odd by kind; no caller, agent or secret does. The skew is the switch's."""
    monkeypatch.setattr(service_module, "PULSE_SECONDS", 0.02)
    monkeypatch.setattr(keeper_module, "COUNT_SECONDS", 0.0)
    monkeypatch.setattr(session_module, "TEND_SECONDS", 0.01)
    monkeypatch.setattr(session_module, "delays", lambda _rng: iter([0.01] * 1000))
    ahead = f"Timestamp: {(now_us() + 5 * SECOND) / SECOND:.6f}"
    switch.answers["Ping"] = f"Response: Success\r\nActionID: {{id}}\r\nPing: Pong\r\n{ahead}\r\n\r\n"
    async with watched(tmp_path, switch) as (capture, _, exporter):
        with served(f"127.0.0.1:{unused_tcp_port}", exporter):
            await switch.push(b"".join(moment.event for moment in answered(Call("n1-1.1", EPOCH)).moments))
            await switch.push(b"What: is this\r\n\r\n")
            (record,) = await sessions.stored(capture)
            assert record.caller
            capture.session.reading.clear()
            capture.session.reading.set()
            switch.writer.close()
            await until(lambda: exporter.pulses and exporter.pulses[0].reconnects == 1)
            await until(lambda: exporter.pulses[0].journal_bytes > exporter.pulses[0].received_bytes)
            text = await asyncio.to_thread(
                lambda: urlopen(f"http://127.0.0.1:{unused_tcp_port}/metrics").read().decode()
            )
    figures = dict(row.rsplit(" ", 1) for row in text.splitlines() if not row.startswith("#"))
    named = {name.removeprefix("cctoolkit_capture_"): float(value) for name, value in figures.items()}
    assert named['reconnects_total{node="n1"}'] == named['gaps_total{node="n1"}'] == 1
    assert named['odd_total{kind="foreign_block",node="n1"}'] == 1
    assert named['calls{node="n1"}'] == 0
    assert named['store_records_total{node="n1"}'] >= 1
    assert 4.5 < named['clock_skew_seconds{node="n1"}'] < 5.5
    assert 0 < named['clock_precision_seconds{node="n1"}'] < 0.5
    assert named['lag_seconds{node="n1"}'] < 2
    assert named['received_bytes_total{node="n1"}'] > 1000

    for secret in (record.caller, record.number, "ivanova", "correct-horse"):
        assert secret not in text


@pytest.mark.parametrize("address", ["0.0.0.0:9750", "127.0.0.1", "127.0.0.1:x", "192.0.2.1:80", "127.0.0.1:0", "::"])
def test_figures_stay_on_this_machine(address):
    """Another address than a loopback one is refused as wrong usage."""
    with pytest.raises(UsageError, match="metrics cannot be shown"), served(address, Exporter()):
        pass


def test_a_port_that_is_taken(unused_tcp_port):
    """Who has the port already is told from a wrong address."""
    address = f"127.0.0.1:{unused_tcp_port}"
    with (
        served(address, Exporter()),
        pytest.raises(OperatorError, match="nothing can listen there"),
        served(address, Exporter()),
    ):
        pass


@pytest.fixture
def listener(tmp_path):
    """What systemd listens on."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as there:
        there.bind(str(tmp_path / "notify"))
        there.settimeout(5)
        yield there


async def test_systemd_is_told(switch, tmp_path, listener, monkeypatch):
    """Ready once events flow, alive while journal and store are written, why not when they are not, and that it stops."""
    monkeypatch.setattr(service_module, "PULSE_SECONDS", 0.02)
    notifier = Notifier.of(
        {"NOTIFY_SOCKET": listener.getsockname(), "WATCHDOG_USEC": "30000", "WATCHDOG_PID": str(os.getpid())}
    )
    assert notifier.watchdog_seconds == 0.03

    async def heard(what):
        while what not in (text := (await asyncio.to_thread(listener.recv, 4096)).decode()):
            pass
        return text

    async with watched(tmp_path / "store", switch, notifier) as (capture, service, _):
        await service.ready()
        assert "capturing n1" in await heard("READY=1")
        await heard("WATCHDOG=1")
        monkeypatch.setattr(session_module, "STUCK_SECONDS", -1.0)
        assert "WATCHDOG" not in await heard("journal and store were not written")
        assert "WATCHDOG" not in (await asyncio.to_thread(listener.recv, 4096)).decode()
        monkeypatch.setattr(session_module, "STUCK_SECONDS", 15.0)
        await heard("WATCHDOG=1")
        monkeypatch.setattr(session_module, "_SILENT_SECONDS", -1.0)
        assert "WATCHDOG" not in await heard("not even the answer to a ping")
        service.stopping()
        await heard("STOPPING=1")
    assert sum("nothing was read" in line for line in capture.said) == 1


def test_nobody_listens():
    """Without systemd, and with one that has gone, nothing is told and nothing fails; another's watchdog is not ours."""
    Notifier().tell(READY="1")
    Notifier("/nowhere").tell(READY="1")
    assert Notifier.of({"WATCHDOG_USEC": "30000", "WATCHDOG_PID": "1"}) == Notifier()


async def test_a_patient_capture_waits_for_the_switch(tmp_path, monkeypatch):
    """A switch that is away at the start is waited for; one that refuses the login is not."""
    monkeypatch.setattr(session_module, "delays", lambda _rng: iter([0.01] * 1000))
    fake = FakeSwitch()
    fake.answers["CoreShowChannels"], fake.answers["Login"] = sessions.CHANNELS, fake.answers["Login"] + sessions.BOOTED
    server = await asyncio.start_server(fake.serve, "127.0.0.1", 0)
    fake.port = server.sockets[0].getsockname()[1]
    server.close()
    capture = sessions.Capture(tmp_path, fake)
    capture.session.patient = True
    task = asyncio.create_task(capture.session.run())
    await until(lambda: sum("trying again" in line for line in capture.said) > 2)
    server = await asyncio.start_server(fake.serve, "127.0.0.1", fake.port)
    await until(capture.session.reading.is_set)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    capture.close()
    wrong = fake.account("wrong")
    fake.account = lambda: wrong
    refused = sessions.Capture(tmp_path, fake)
    refused.session.patient = True
    with pytest.raises(SwitchUnreachable, match="refused the login"):
        async with asyncio.timeout(2):
            await refused.session.run()
    refused.close()
    server.close()
    await server.wait_closed()


def test_gaps_are_counted_by_day():
    """The first beginning is no gap; those of today go on in the next capture, those of yesterday do not."""
    tally, noon = Tally(), 20_000 * DAY + DAY // 2
    tally.gap(0, noon)
    tally.gap(noon, noon + 3 * SECOND)
    assert (tally.gaps, tally.todays(noon)) == (Gaps(1, 3.0), Gaps(1, 3.0))
    before = Pulse(node="n1", at=noon, reading=True, gaps=tally.gaps, today=tally.todays(noon))
    again = Tally()
    again.carry(before)
    again.gap(noon, noon + SECOND)
    assert (again.gaps, again.todays(noon)) == (Gaps(1, 1.0), Gaps(2, 4.0))
    assert again.todays(noon + DAY) == Gaps()


def test_the_store_is_late_by_its_oldest_event():
    """The delay of a commit is that of what waited longest for it."""
    tally = Tally()
    tally.received(10, 1 * SECOND)
    tally.received(10, 2 * SECOND)
    tally.put(3, 4 * SECOND, 5 * SECOND)
    assert (tally.put_records, tally.put_seconds, tally.put_delay_seconds) == (3, 1.0, 4.0)
    tally.put(0, 6 * SECOND, 6 * SECOND)
    assert tally.put_delay_seconds == 0


def test_the_quickest_ping_tells_the_clock(monkeypatch):
    """A late answer says less of the clock; a switch without the time, or with nonsense, says nothing."""
    assert Clocks().best is None
    found = Clocks()
    now = now_us() / SECOND
    monkeypatch.setattr(clocks.clock, "now", lambda: clocks.clock.datetime.fromtimestamp(now, clocks.clock.UTC))
    found.told(round((now + 1) * SECOND), 2.0)
    found.told(None, 0.001)
    found.told(round((now + 3) * SECOND), 0.2)
    assert found.best.skew_seconds == pytest.approx(3.1, abs=0.001)
    assert found.best.precision_seconds == 0.1


def pulse(**fields):
    return Pulse(**{"node": "n1", "at": now_us(), "reading": True, "gaps": Gaps(), "today": Gaps(2, 14.0), **fields})


@pytest.mark.parametrize(
    ("heard", "fields", "state"),
    [
        (1, {}, "capturing"),
        (90, {}, "late"),
        (90, {"clock": Reading(-89.0, 0.1)}, "capturing"),
        (0, {"reading": False}, "away"),
        (0, {"running": False}, "stopped"),
        (0, {"at": 1}, "stopped"),
    ],
)
async def test_how_a_capture_does(tmp_path, heard, fields, state):
    """Heard lately (so many seconds ago) by the switch's own clock, not heard, no connection, ended, or no word for
    long: five states. Without its process it is stopped at once, whatever it said last.
    """
    folder = tmp_path / "journal/n1"
    with Journal(folder):
        status.write(folder, pulse(heard=now_us() - heard * SECOND, **fields))
        assert (folder / "status.json").stat().st_mode & 0o777 == 0o600
        (one,) = await capture_status.look(tmp_path, None)
    assert (one.node, one.state, one.good) == ("n1", state, state == "capturing")
    assert msgspec.json.encode(one)
    assert "2, 14.0 s" in capture_status.table([one])[1]
    (one,) = await capture_status.look(tmp_path, None)
    assert (one.state, one.pulse.running) == ("stopped", fields.get("running", True))


def test_a_look_disturbs_no_capture(tmp_path):
    """A capture that starts while somebody looks whether there is one waits for that moment; two who look do not take
    each other for it.
    """
    with (tmp_path / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        assert not status.held(tmp_path)
        threading.Timer(0.03, fcntl.flock, (file, fcntl.LOCK_UN)).start()
        with Journal(tmp_path):
            assert status.held(tmp_path)


async def test_no_capture_here(tmp_path):
    """A folder without a journal is an error, a journal without a word a capture that does not run."""
    with pytest.raises(OperatorError, match="nothing has been captured"):
        await capture_status.look(tmp_path, None)
    (tmp_path / "journal/n1").mkdir(parents=True)
    (tmp_path / "journal/n1/lock").touch()
    (tmp_path / "journal/n1/status.json").write_bytes(b"torn{")
    (one,) = await capture_status.look(tmp_path, None)
    assert (one.state, one.pulse) == ("stopped", None)
    (tmp_path / "journal/n1/status.json").unlink()
    (tmp_path / "journal/n1/status.json").mkdir()
    with pytest.raises(OperatorError, match="cannot be read"):
        await capture_status.look(tmp_path, None)


_NEVER_ENDING = """
import asyncio, sys
from cctoolkit.__main__ import run
from cctoolkit.workflow import records, specs

async def never(loaded, store, stop, told, manner):
    print("on", flush=True)
    await stop.wait()
    print("stopping", flush=True)
    await asyncio.Event().wait()

specs.load_site = lambda name: None
records.capture = never
sys.exit(run(["capture", "--site", "x", "--store", "y"]))
"""


@pytest.mark.parametrize(("second", "code"), [(signal.SIGTERM, -signal.SIGTERM), (signal.SIGINT, 130)])
def test_a_second_signal_ends_it_at_once(second, code):
    """The first one lets a capture end in its own time; the second does not wait for that."""
    # Where the tests run in the background Ctrl-C is ignored, and a child would inherit that.
    command = ["env", "--default-signal=INT", sys.executable, "-c", _NEVER_ENDING]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout.readline() == "on\n"
        process.send_signal(signal.SIGTERM)
        assert process.stdout.readline() == "stopping\n"
        process.send_signal(second)
        assert process.wait(timeout=10) == code


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A site's file in the working folder."""
    text = (ROOT / "projects/sites/production.example.yaml").read_text(encoding="utf-8")
    (tmp_path / "projects/sites").mkdir(parents=True)
    (tmp_path / "projects/sites/production.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_unit_is_one_that_systemd_takes(site, capsys):
    """`capture unit` prints a unit in which every word is quoted as systemd reads it; systemd finds nothing wrong."""
    assert run(["capture", "unit", "--site", "production", "--store", "50% of it", "--user", "root"]) == 3
    assert "as one path" in capsys.readouterr().err
    assert run(["capture", "unit", "--site", "production", "--store", "records%", "--user", "root"]) == 0
    text = capsys.readouterr().out
    assert f"ReadWritePaths={site}/records%%\n" in text
    assert f'--store "{site}/records%%" --wait --metrics 127.0.0.1:9750\n' in text
    for line in (
        "Type=notify",
        "WatchdogSec=30",
        "Restart=on-failure",
        "NoNewPrivileges=yes",
        f"WorkingDirectory={site}",
    ):
        assert f"\n{line}\n" in text
    arguments = ["capture", "unit", "--site", "production", "--store", "records", "--journal", "journals"]
    assert run(arguments) == 0
    assert f"ReadWritePaths={site}/journals {site}/records\n" in capsys.readouterr().out
    if shutil.which("systemd-analyze"):
        unit = site / "cctoolkit-capture-production.service"
        unit.write_text(text, encoding="utf-8")
        found = subprocess.run(["systemd-analyze", "verify", str(unit)], check=False, capture_output=True, text=True)
        assert (found.returncode, found.stdout + found.stderr) == (0, "")


async def test_a_database_that_is_away_is_seen(tmp_path, monkeypatch):
    """While records wait for their database `status` and the figures say so, and how many were handed over."""

    def away(_place):
        raise StoreAway("nobody answers", where="postgresql://db/calls")

    monkeypatch.setattr(Store, "open", away)
    outbox = Outbox(tmp_path / "calls.sqlite", lambda _text: None, {"n1": tmp_path / "journal/n1"})
    await outbox.start()
    with Journal(tmp_path / "journal/n1") as journal:
        keeper = Keeper(journal, outbox, lambda _text: None)
        keeper.recall()
        for moment in answered(Call("n1-1.1", EPOCH)).moments:
            keeper.keep(moment.event)
        keeper.drain()
        pulse = keeper.pulse(reading=True, clock=None)
    status.write(tmp_path / "journal/n1", pulse)
    assert capture_status.table(await capture_status.look(tmp_path, None))[-1] == (
        "n1: the database is away; records wait"
    )
    exporter = Exporter()
    exporter.pulses = [pulse]
    named = {metric.name: metric.samples[0].value for metric in exporter.collect() if metric.samples}
    assert named["cctoolkit_capture_store_away"] == 1
    assert named["cctoolkit_capture_store_records"] >= 1
