"""Sealed days: every reader sees them and the rows as one, whatever came in the middle of sealing them."""

import shutil
import signal
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest

from cctoolkit.cdr import schema, sqlite
from cctoolkit.cdr.days import Days
from cctoolkit.cdr.forgetting import Rule
from cctoolkit.cdr.retention import forget
from cctoolkit.cdr.sealing import seal
from cctoolkit.cdr.store import Store, micros
from cctoolkit.cdr.wanted import Wanted
from cctoolkit.errors import OperatorError
from tests.unit.cdr.store_contract import START, assert_same_figures, at, made, record

DAYS = 4
FIRST = START.date()


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A store of some days that is never sealed."""
    place = tmp_path_factory.mktemp("whole") / "calls.sqlite"
    calls, states = made(160, DAYS)
    with Store.open(place) as store:
        store.put(calls)
        store.put_states(states)
    return place


@pytest.fixture
def place(whole, tmp_path):
    """The same, of which days will be sealed."""
    place = tmp_path / "calls.sqlite"
    with Store.read(whole) as store:
        store.database.connection.execute("VACUUM INTO ?", (str(place),))
    return place


def everything(place):
    with Store.read(place) as store:
        return list(store.search(Wanted(joined=True))), sorted(store.states(), key=repr)


def rows(store, table="calls"):
    return next(iter(store.database.rows(f"SELECT count(*) AS n FROM {table}")))["n"]


def test_sealed_and_hot_are_one(place, whole):
    """With some days sealed every list, filter and figure is what it was, and the rows are fewer."""
    with Store.open(place) as store:
        before = rows(store)
        sealed = seal(store, FIRST + timedelta(days=2))
        assert [one.day for one in sealed] == [FIRST, FIRST + timedelta(days=1)]
        assert rows(store) == before - sum(one.calls for one in sealed) > 0
        assert seal(store, FIRST + timedelta(days=2)) == []
    assert everything(place) == everything(whole)
    with Store.read(place) as store, Store.read(whole) as plain:
        for wanted in (Wanted(queue="orders", agent="agent-1"), Wanted(outcome="abandoned"), Wanted(caller="4567"),
                       Wanted("hotline", START + timedelta(days=1), START + timedelta(days=2, hours=3))):  # fmt: skip
            assert list(store.search(wanted)) == list(plain.search(wanted)) != []
        assert store.get("n1-00003") == plain.get("n1-00003") is not None
    assert_same_figures(place, whole, DAYS)


def test_replays_add_nothing(place, whole):
    """A record that is sealed is not put again, an older version neither; what is newer is kept hot, and wins."""
    calls, states = everything(whole)
    with Store.open(place) as store:
        seal(store, FIRST + timedelta(days=2))
        left = rows(store)
        assert store.put(calls) + store.put_states(states) == 0
        assert store.put([msgspec.structs.replace(calls[0], ended=None)]) == 0
        late = msgspec.structs.replace(calls[0], ended=at(99), answered=at(7))
        unseen = record("n1-late", entered=at(5))
        assert store.put([late, unseen]) == 2
        assert seal(store, FIRST + timedelta(days=2)) == []
        assert rows(store) == left + 2
    found = {one.call: one for one in everything(place)[0]}
    assert (found[late.call], found["n1-late"], len(found)) == (late, unseen, len(calls) + 1)


def test_an_unfinished_call_keeps_its_day(place):
    """A day in which a call has not ended is not sealed, and it is said which; after a month it is."""
    said = []
    with Store.open(place) as store:
        store.put([record("n1-open", entered=at(86_400), ended=None, outcome="unfinished")])
        sealed = seal(store, FIRST + timedelta(days=3), said.append)
        assert [one.day for one in sealed] == [FIRST, FIRST + timedelta(days=2)]
        assert said == [f"{FIRST + timedelta(days=1)} stays as it is: n1-open has not ended"]
        late = seal(store, FIRST + timedelta(days=40))
        assert [one.day for one in late] == [FIRST + timedelta(days=n) for n in (1, 3, 4)]


def test_columns_and_versions(place, tmp_path):
    """A file says its version of the schema; a column it lacks is read as the field's default, and what a newer
    cctoolkit sealed is refused with what to do.
    """
    with Store.open(place) as store:
        seal(store, FIRST + timedelta(days=1))
    path = place.parent / "days" / FIRST.isoformat() / "calls.parquet"
    table = pq.read_table(path)
    assert table.schema.metadata[b"cctoolkit_schema"] == str(len(schema.MIGRATIONS)).encode()
    pq.write_table(table.drop_columns(["cause", "score"]), path)
    (path.parent / "parkings.parquet").unlink()
    assert {one.cause for one in everything(place)[0]} == {0}
    assert_same_figures(place, place)
    newer = table.replace_schema_metadata({"cctoolkit_schema": "99"})
    pq.write_table(newer, path)
    with pytest.raises(OperatorError, match=r"newer cctoolkit \(version 99"):
        everything(place)
    with pytest.raises(OperatorError, match="newer cctoolkit"):
        assert_same_figures(place, place)


def test_forgetting_in_sealed_days(place):
    """Numbers are masked, and old calls removed, in what is sealed as in what is not; again changes nothing; what is
    left of a day cut off in the middle is done by the next.
    """
    calls = everything(place)[0]
    with Store.open(place) as store:
        seal(store, FIRST + timedelta(days=2))
        rule = Rule("hotline", "mask", micros(START.replace(hour=0)) + 3 * 86_400_000_000)
        due = [one for one in calls if one.entered.at < rule.before]
        assert forget(store, rule).numbers == len(due)
        stamp = {path: path.stat().st_mtime_ns for path in (place.parent / "days").rglob("*.parquet")}
        assert forget(store, rule).numbers == 0
        assert {path: path.stat().st_mtime_ns for path in stamp} == stamp
        assert store.put(calls) == 0
        assert {one.caller for one in store.calls() if one.entered.at < rule.before} == {"+7916•••••67"}
        gone = Rule("hotline", "mask", rule.before, micros(START.replace(hour=0)) + 86_400_000_000)
        assert forget(store, gone).records == sum(one.entered.at < gone.records_before for one in calls)
        assert store.put(calls) == 0
        left = [one.call for one in calls if one.entered.at >= gone.records_before]
        assert [one.call for one in store.calls()] == left
    assert b"9161234567" not in b"".join(path.read_bytes() for path in (place.parent / "days").rglob("*.parquet"))


_SEALER = """
import os, sys
from datetime import date
from pathlib import Path
from cctoolkit.cdr.forgetting import Rule
from cctoolkit.cdr.retention import forget
from cctoolkit.cdr.sealing import seal
from cctoolkit.cdr.store import Store
left = int(sys.argv[3])
def watch(event, args):
    global left
    if event in ("os.rename", "os.mkdir", "os.remove", "open") and "days" in str(args[0]) or event == "kill.here":
        left -= 1
        if left == 0:
            os.kill(os.getpid(), 9)
import sqlite3
class Watched(sqlite3.Connection):
    def execute(self, *args):
        if args[0] in ("COMMIT", "BEGIN IMMEDIATE"):
            sys.audit("kill.here")
        return super().execute(*args)
plain = sqlite3.connect
sqlite3.connect = lambda *args, **kw: plain(*args, factory=Watched, **kw)
sys.addaudithook(watch)
with Store.open(Path(sys.argv[1])) as store:
    seal(store, date.fromisoformat(sys.argv[2]))
print("done")
"""


def test_killed_anywhere(place, whole, tmp_path):
    """Killed (signal 9) at each step of sealing, each record is there once; the next sealing ends what was begun."""
    expected, step, kills = everything(whole), 0, 0
    before = (FIRST + timedelta(days=1)).isoformat()
    fresh = place.read_bytes()
    while True:
        step += 1 if step < 8 else 5
        for path in (place, *place.parent.glob("calls.sqlite-*")):
            path.unlink()
        subprocess.run(["rm", "-rf", str(place.parent / "days")], check=True)
        place.write_bytes(fresh)
        command = [sys.executable, "-c", _SEALER, str(place), before, str(step)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[3])
        if done.returncode != -signal.SIGKILL:
            assert done.stdout == "done\n", done.stderr
            break
        kills += 1
        assert everything(place) == expected, step
        with Store.open(place) as store:
            seal(store, date.fromisoformat(before))
            assert rows(store) == sum(
                one.entered.at // 86_400_000_000 > (FIRST - date(1970, 1, 1)).days for one in expected[0]
            )
        assert everything(place) == expected, step
        assert not [path for path in (place.parent / "days").iterdir() if path.name == ".building"]
    assert kills > 10


def test_a_folder_that_takes_no_day(place, whole):
    """What the disk does not take is said of the folder in a sentence, and every record stays where it is."""
    (place.parent / "days").write_text("no folder")
    with Store.open(place) as store, pytest.raises(OperatorError, match="sealed days cannot be written"):
        seal(store, FIRST + timedelta(days=2))
    (place.parent / "days").unlink()
    assert everything(place) == everything(whole)


def test_a_day_that_is_sealed_while_numbers_are_forgotten(place, monkeypatch):
    """A day that another process was sealing when forgetting began has no number left either."""
    rule, real = Rule("hotline", "drop", micros(START + timedelta(days=DAYS))), Days.alone
    with Store.open(place) as other, Store.open(place) as store:
        seal(other, FIRST + timedelta(days=1))

        def alone(days):
            monkeypatch.setattr(Days, "alone", real)
            # It wrote its day before the rows were changed, and has the lock until it is done.
            being_sealed = other.days.path(store.days.listed()[0] + 1)
            shutil.copytree(store.days.path(store.days.listed()[0]), being_sealed)
            return real(days)

        before = (store.days.path(store.days.listed()[0]) / "calls.parquet").read_bytes()
        monkeypatch.setattr(Days, "alone", alone)
        forget(store, rule)
        assert len(store.days.listed()) == 2
        for day in store.days.listed():
            assert (store.days.path(day) / "calls.parquet").read_bytes() != before
            assert not {row["caller"] for row in store.days.rows(day, "calls") if row["project"] == "hotline"} - {""}


def test_the_log_is_cut_unless_somebody_reads(place, monkeypatch):
    """What stood in SQLite's log is moved into the file; a reader keeps it there, and no writer waits for him."""
    monkeypatch.setattr(sqlite, "_CUT_SECONDS", 0.01)
    log = place.with_name(f"{place.name}-wal")
    with Store.open(place) as store, Store.read(place) as reader:
        listed = reader.search(Wanted())
        next(listed)
        store.put([record("n1-9.1")])
        assert not sqlite.cut_log(place)
        forget(store, Rule("hotline", "drop", micros(START)))
        store.put([record("n1-9.2")])
        listed.close()
        assert sqlite.cut_log(place)
        assert log.stat().st_size == 0
