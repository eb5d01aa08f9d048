"""A day of the real switch audited: clean after gaps over which queue_log was rotated, and not after the store was spoiled."""

import asyncio
import gzip
import itertools
import json
import os
import shutil
import sqlite3

import pytest
from msgspec.structs import replace

from cctoolkit import clock
from cctoolkit.cdr.schema import BELOW
from cctoolkit.cdr.store import FILE_NAME, Store
from cctoolkit.lab.node_config import HOME, user
from cctoolkit.lab.traffic import Codes, perform
from cctoolkit.lab.traffic_plan import plan
from tests.live.capturing import PROJECT, capturing, the_record
from tests.live.test_traffic import MIX, NUMBER, captured

pytestmark = pytest.mark.live

NUMBERS = itertools.count(1)
"""Of rotated logs."""


def audit(line, folder, capsys):
    """Return the exit code and the findings of today."""
    capsys.readouterr()
    arguments = ["--site", line.site, "--store", str(folder), "--day", f"{clock.now():%Y-%m-%d}", "--format", "json"]
    code = line.run("capture", "audit", *arguments)
    (found,) = json.loads(capsys.readouterr().out)
    return code, found


def renamed(node):
    """Rotate by renaming, as logrotate does with a script that tells the switch."""
    node.queue_log.rename(node.queue_log.with_name(f"queue_log.{next(NUMBERS)}"))
    node.cli("logger reload")


def copied(node):
    """Pack what was renamed, then rotate by copying and cutting."""
    (older,) = node.queue_log.parent.glob("queue_log.?")
    packed = older.with_name(f"{older.name}.gz")
    packed.write_bytes(gzip.compress(older.read_bytes()))
    os.utime(packed, ns=(older.stat().st_mtime_ns,) * 2)
    older.unlink()
    shutil.copyfile(node.queue_log, node.queue_log.with_name(f"queue_log-2026112{next(NUMBERS)}"))
    os.truncate(node.queue_log, 0)


async def test_a_day_with_gaps_and_rotations(line, tmp_path, capsys):
    """Capture stops amid traffic, the log is rotated twice, and capture goes on; then its connection is lost and the log is
    rotated twice more: every call is whole and the audit clean. A record removed and one changed are what it finds then.
    """
    node, planned = line.lab.nodes["n1"], plan(replace(MIX, seconds=16, rate=2))
    traffic = asyncio.create_task(perform(line.lab.street, planned, Codes(), drain_seconds=60))
    said = []
    async with capturing(line, tmp_path):
        await captured(tmp_path, 3)
    renamed(node)
    await captured_by_log(node, 4)
    copied(node)
    await captured_by_log(node, 2)
    async with capturing(line, tmp_path, said.append):
        await captured(tmp_path, 12)
        renamed(node)
        await captured_by_log(node, 2)
        copied(node)
        for session in sessions(node):
            node.cli(f"manager kick session {session}")
        async with asyncio.timeout(10):
            while not any("trying again" in text for text in said):
                await asyncio.sleep(0.05)
        done = await traffic
        found = await captured(tmp_path, len(done.calls))
    assert len(found) == len(planned.calls) == len(done.calls)
    assert any("queue_log" in (call.entered.source, call.ended.source) for call in found)
    code, told = audit(line, tmp_path, capsys)
    assert code == 0, "\n".join(str(one) for one in (*told["gaps"], *told["findings"]))
    assert [gap["filled"] for gap in told["gaps"]] == [True] * len(told["gaps"])
    assert len(told["gaps"]) >= 2
    assert sum(count["store"] for count in told["counts"] if count["project"] == PROJECT) == len(found)
    removed, changed = found[2].call, next(call.call for call in found[3:] if call.outcome == "abandoned")
    with sqlite3.connect(tmp_path / FILE_NAME) as database:
        for table in ("calls", *BELOW):
            database.execute(f"DELETE FROM {table} WHERE call = ?", (removed,))
        database.execute("UPDATE calls SET outcome = 'answered' WHERE call = ?", (changed,))
    database.close()
    code, told = audit(line, tmp_path, capsys)
    assert code == 2
    assert {(one["kind"], one["of"]) for one in told["findings"]} == {("missing", removed), ("outcome", changed)}
    # The log alone has the removed call too.
    packed = [str(path) for path in node.queue_log.parent.glob("queue_log*")]
    assert line.run("import", "queue_log", *packed, "--store", str(tmp_path), "--site", line.site) == 0
    with Store.read(tmp_path / FILE_NAME) as store:
        again = store.get(removed)
    assert again.outcome == found[2].outcome


async def captured_by_log(node, count):
    """Wait until so many calls have ended in the log as it is now."""
    async with asyncio.timeout(20):
        while not node.queue_log.exists() or node.queue_log.read_bytes().count(b"|CCTEND|") < count:
            await asyncio.sleep(0.05)


def sessions(node):
    """Return the numbers of the sessions of AMI that capture has."""
    rows = [row.split() for row in node.cli("manager show connected").splitlines()]
    return [row[4] for row in rows if row[:1] == [user("capture")]]


async def test_a_node_that_logs_into_a_table(line, tmp_path, capsys):
    """A node has its queue_log in a database: a call that lies in a gap is told from there, the audit reads it, and so
    does an import, which adds nothing.
    """
    node, street = line.lab.nodes["n1"], line.lab.street
    table = node.folder / "db/queue_log.sqlite3"
    node.stop()
    with_table(node, table)
    node.start()
    await street.wait_registered(["ivanova", "petrov"])
    site = line.lab.site_file
    whole = site.read_text(encoding="utf-8")
    (row,) = [text for text in whole.splitlines() if "queue_log:" in text]
    named = f"{row[: row.index('queue_log')]}queue_log_table: {{sqlite: {table}, time_zone: UTC}}".replace("- ", "  ")
    site.write_text(whole.replace(row, f"{row}\n{named}"), encoding="utf-8")
    try:
        await call(street, "+79160000001", line, tmp_path)
        await street.place_call(NUMBER, caller="+79160000002", hang_up_after=0.5)
        async with asyncio.timeout(10):
            while not told_by(table, "CCTEND", 2):
                await asyncio.sleep(0.05)
        await call(street, "+79160000003", line, tmp_path)
        with Store.read(tmp_path / FILE_NAME) as store:
            found = {
                call.caller: (call.entered.source, call.ended.source, call.outcome) for call in store.calls(PROJECT)
            }
        assert found == {
            "+79160000001": ("ami", "ami", "ended_in_flow"),
            "+79160000002": ("queue_log", "queue_log", "ended_in_flow"),
            "+79160000003": ("ami", "ami", "ended_in_flow"),
        }
        code, told = audit(line, tmp_path, capsys)
        assert code == 0, told
        arguments = ["--store", str(tmp_path), "--node", "n1", "--time-zone", "UTC"]
        assert line.run("import", "queue_log", str(table), *arguments) == 0
        assert "3 calls, 0 of them new or newer" in capsys.readouterr().out
    finally:
        site.write_text(whole, encoding="utf-8")


async def call(street, caller, line, folder):
    """Capture while a call comes and goes."""
    async with capturing(line, folder):
        await street.place_call(NUMBER, caller=caller, hang_up_after=0.5)
        await the_record(folder, lambda record: record.caller == caller and record.ended)


def told_by(table, event, count):
    with sqlite3.connect(f"file:{table}?mode=ro", uri=True) as database:
        (found,) = database.execute("SELECT count(*) FROM queue_log WHERE event = ?", (event,)).fetchone()
    database.close()
    return found >= count


def with_table(node, table):
    """Let the node write its queue_log into an SQLite table, as extconfig.conf may say."""
    texts = {
        "modules.conf": (node.config / "modules.conf").read_text().replace("noload = res_config_sqlite3.so\n", ""),
        "extconfig.conf": "[settings]\nqueue_log => sqlite3,calls,queue_log\n",
        "res_config_sqlite3.conf": f"[general]\n\n[calls]\ndbfile => {HOME}/db/{table.name}\n",
    }
    for name, text in texts.items():
        (node.config / name).write_text(text)
        (node.config / name).chmod(0o640)
        os.chown(node.config / name, 0, node.installation.gid)
    names = "time, callid, queuename, agent, event, data1, data2, data3, data4, data5"
    with sqlite3.connect(table) as database:
        database.execute(f"CREATE TABLE queue_log (id INTEGER PRIMARY KEY, {names})")
    database.close()
    os.chown(table, node.installation.uid, node.installation.gid)
