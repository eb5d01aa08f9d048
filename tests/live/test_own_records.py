"""Calls of a dialplan that is not ours, made while nobody listened: told by the switch's own records."""

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from cctoolkit import clock
from cctoolkit.__main__ import run
from cctoolkit.cdr.schema import BELOW
from cctoolkit.cdr.store import FILE_NAME, Store
from cctoolkit.workflow import records
from tests.live.exchange import STORIES, happens, put_through
from tests.live.test_exchange import EXPECTED
from tests.live.test_exchange import told as said

pytestmark = pytest.mark.live

ROOT = Path(__file__).parents[2]
BY_NAME = {story.__name__: story for story in STORIES}


@asynccontextmanager
async def captured(exchange, folder: Path, ends_by: int):
    """Capture in a process of its own, which a signal ends."""
    arguments = ["capture", "--site", str(exchange.lab.site_file), "--store", str(folder)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-u", "-m", "cctoolkit", *arguments,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert process.stderr is not None
    try:
        while b"capturing" not in (text := await process.stderr.readline()):
            assert text, await process.wait()
        yield
    finally:
        process.send_signal(ends_by)
        async with asyncio.timeout(20):
            await process.communicate()


def stored(folder: Path):
    """Return the calls in the order of their channels: a row's second begins before its call."""
    with Store.read(folder / FILE_NAME) as store:
        return sorted(store.calls(), key=lambda record: int(record.call.rpartition(".")[2]))


async def heard(folder: Path, event: bytes, times: int):
    """Wait until a journal has events of a name."""
    async with asyncio.timeout(20):
        while sum(path.read_bytes().count(event) for path in folder.glob("journal/n1/*.cctj")) < times:
            await asyncio.sleep(0.05)


async def told(folder: Path, done):
    async with asyncio.timeout(20):
        while not done(stored(folder)):
            await asyncio.sleep(0.05)


def parties(record):
    found = [(party.how, party.endpoint.removeprefix("PJSIP/"), party.outcome) for party in record.parties]
    return sorted(found, key=lambda party: party[1])


def audit(exchange, folder, capsys):
    capsys.readouterr()
    day = f"{clock.now():%Y-%m-%d}"
    code = run(
        [
            "capture",
            "audit",
            "--site",
            str(exchange.lab.site_file),
            "--store",
            str(folder),
            "--day",
            day,
            "--format",
            "json",
        ]
    )
    (found,) = json.loads(capsys.readouterr().out)
    return code, found


@asynccontextmanager
async def site_says(exchange, text: str):
    """Let the node's entry in the site say something more."""
    path = exchange.lab.site_file
    whole = path.read_text(encoding="utf-8")
    (row,) = [one for one in whole.splitlines() if "queue_log:" in one]
    path.write_text(
        whole.replace(row, f"{row}\n{row[: row.index('queue_log')].replace('-', ' ')}{text}"), encoding="utf-8"
    )
    try:
        yield
    finally:
        path.write_text(whole, encoding="utf-8")


FIRST = ("dial", "201", "answered")
IN_THE_GAP = {
    "busy": [("not_answered", [("dial", "201", "busy")])],
    "blind": [("answered", [FIRST, ("dial", "203", "answered")])],
    "attended": [("answered", [FIRST, ("transfer", "202", "answered")])],
    "conference": [("answered", [("conference", "room", "answered")])] * 2,
    "group": [("answered", [("dial", "202", "answered"), ("dial", "203", "no_answer")])],
    "queued": [
        ("answered", [("queue", "202", "answered"), ("queue", "203", "no_answer"), ("transfer", "204", "answered")])
    ],
}


async def test_capture_is_killed(exchange, tmp_path, capsys):
    """A call that was up when capture was killed, those that came and went meanwhile, and one that went on when it was back are
    each one record, whose moments say which source they are from: the last one too, though the agent was asking somebody
    then, by a call of which a row was there before the caller's. The journal tells the same, the audit fits, and finds what
    is spoiled then.
    """
    async with exchange.open():
        async with captured(exchange, tmp_path, signal.SIGKILL):
            _, phone = await put_through(exchange)
            await heard(tmp_path, b"Event: BridgeEnter", 2)
        await exchange.phones["201"].hangs_up(phone)
        await exchange.alone()
        for name in IN_THE_GAP:
            await happens(exchange, BY_NAME[name])
        exchange.phones["201"].forgets()
        call, phone = await put_through(exchange)
        exchange.phones["201"].holds(phone)
        await exchange.held(phone)
        asked = await (await exchange.call("202", user="201")).until("up")
        await exchange.talk("202")
        async with captured(exchange, tmp_path, signal.SIGTERM):
            exchange.phones["201"].refers_to(phone, asked)
            await exchange.talk("trunk", "202")
            await told(tmp_path, lambda found: any(one.caller == "201" for one in found))
            await exchange.line.hangs_up(call)
            await told(tmp_path, lambda found: all(one.caller != "201" for one in found))
            await told(tmp_path, lambda found: len(found) == 2 + sum(map(len, IN_THE_GAP.values())))
            await told(tmp_path, lambda found: all(record.ended for record in found))
    before, *within, after = stored(tmp_path)
    sources = [(one.entered.source, one.answered.source, one.ended.source) for one in (before, after)]
    assert sources == [("ami", "ami", "cdr"), ("cdr", "cdr", "ami")]
    assert (parties(before), parties(after)) == ([FIRST], [FIRST, ("transfer", "202", "answered")])
    assert [(one.outcome, parties(one)) for one in within] == [one for story in IN_THE_GAP.values() for one in story]
    assert {one.ended.source for one in within} == {"cdr"}
    assert {one.entered.source for one in within} == {"cdr", "queue_log"}
    records.replay(tmp_path / "journal/n1", "n1", tmp_path / "again")
    assert stored(tmp_path / "again") == [before, *within, after]
    code, found = audit(exchange, tmp_path, capsys)
    assert (code, found["findings"], found["odd"]) == (0, [], {})
    assert found["cdr"] == 2 + len(within)
    with sqlite3.connect(tmp_path / FILE_NAME) as database:
        for table in ("calls", *BELOW):
            database.execute(f"DELETE FROM {table} WHERE call = ?", (within[0].call,))
        database.execute("UPDATE calls SET ended_us = ended_us + 5000000 WHERE call = ?", (within[1].call,))
    database.close()
    code, found = audit(exchange, tmp_path, capsys)
    spoiled = {(one["kind"], one["of"]) for one in found["findings"] if "CDR" in one["text"]}
    assert (code, spoiled) == (2, {("missing", within[0].call), ("edge", within[1].call)})


AS_HEARD = (
    "plain",
    "given_up",
    "attended",
    "blind",
    "picked_up",
    "conference",
    "queued",
    "group",
    "parked",
    "caller_joins",
)


async def test_channels_events(exchange, tmp_path):
    """Where the switch logs its channels' events, a gap is told as if it had been heard: transfers, pick-ups, parking, who hung
    up, to the microsecond; a call that was transferred in the gap goes on with whoever has it.
    """
    channels = exchange.node.folder / "log/cel-custom/channels.csv"
    async with exchange.open(), site_says(exchange, f"cel_log: {{file: {channels}}}"):
        async with captured(exchange, tmp_path, signal.SIGKILL):
            call, phone = await put_through(exchange)
            await heard(tmp_path, b"Event: BridgeEnter", 2)
        exchange.phones["201"].refers(phone, "204")
        await exchange.talk("trunk", "204")
        async with captured(exchange, tmp_path, signal.SIGKILL):
            await exchange.line.hangs_up(call)
            await told(tmp_path, lambda found: len(found) == 1 and found[0].ended)
        for name in AS_HEARD:
            await happens(exchange, BY_NAME[name])
        async with captured(exchange, tmp_path, signal.SIGTERM):
            await told(tmp_path, lambda found: len(found) == 2 + len(AS_HEARD))
    sent_on, *within = stored(tmp_path)
    assert said(sent_on) == (
        "answered", "caller", [FIRST, ("transfer", "204", "answered")], [("blind", "201", "204", "PJSIP/204")], [],
    )  # fmt: skip
    assert [party.ended.source for party in sent_on.parties] == ["cel", "ami"]
    assert (sent_on.transfers[0].at.source, sent_on.ended.source) == ("cel", "ami")
    found = {}
    for name in AS_HEARD:
        one, *within = within[1:] if name == "queued" else within
        found[name] = (*said(one)[:2], sorted(said(one)[2], key=lambda party: party[1]), said(one)[3])
    # Whom a queue rang and another answered for, queue_log does not say.
    assert found == {name: EXPECTED[name][:4] for name in AS_HEARD}
