"""The store keeps call records exactly, once, and says what is wrong with a file it cannot use."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from cctoolkit.cdr import schema
from cctoolkit.cdr.columns import columns
from cctoolkit.cdr.records import (
    AgentInterval,
    AgentLeg,
    CallRecord,
    Edge,
    Hold,
    Party,
    QueueVisit,
    StepTaken,
    Transfer,
)
from cctoolkit.cdr.store import Store, micros
from cctoolkit.errors import OperatorError, ToolkitBug

START = datetime(2026, 11, 2, 9, tzinfo=UTC)


def at(seconds: float) -> Edge:
    return Edge(micros(START + timedelta(seconds=seconds)))


def record(call: str = "n1-1.1", **changes: object) -> CallRecord:
    leg = AgentLeg("agent-1", at(2), "answered", at(9), at(60), "caller", at(60))
    whole = CallRecord(
        call=call,
        node="n1",
        project="hotline",
        generation="0a1b2c3d",
        release="r7",
        number="+78001002030",
        caller="+79161234567",
        entered=at(0),
        ended=at(60),
        outcome="answered",
        steps=(StepTaken("welcome", at(0), "done", at(1)), StepTaken("line", at(1))),
        visits=(QueueVisit("orders", at(1), "answered", at(9), (leg,)),),
    )
    return msgspec.structs.replace(whole, **changes)


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "new" / "calls.sqlite") as opened:
        yield opened


def test_newer_version_replaces_older(store):
    """A record whose wrap-up end arrived later takes the place of the earlier one, whichever is put last."""
    early = record()
    leg = msgspec.structs.replace(early.visits[0].legs[0], wrap_up_ended=at(75))
    visit = msgspec.structs.replace(early.visits[0], legs=(leg,))
    late = msgspec.structs.replace(early, visits=(visit,))
    assert store.put([early, late]) == 2
    assert store.put([early]) == 0
    assert list(store.calls()) == [late]


def test_correction_of_equal_knowledge_replaces(store):
    """A record that knows as many moments as the one kept, but other ones, replaces it."""
    store.put([record()])
    moved = record(ended=Edge(at(61).at, "queue_log"))
    assert store.put([moved]) == 1
    assert store.get(moved.call) == moved


def test_state_gains_its_end_once(store):
    """An agent's state put again with its end is one row; put again without the end it keeps it."""
    begun = AgentInterval("n1", "agent-1", "paused", at(0), None, "lunch")
    ended = msgspec.structs.replace(begun, end=at(600))
    assert [store.put_states([one]) for one in (begun, ended, ended, begun)] == [1, 1, 0, 0]
    assert list(store.states()) == [ended]
    assert list(store.states(since=START + timedelta(seconds=600))) == []


def test_filters(store):
    """calls() yields by project, by time of entry (start in, end out) and by the test mark, in order of
    entry.
    """
    one = record("n1-1", entered=at(10))
    two = record("n1-2", entered=at(5), test=True)
    three = record("n1-3", entered=at(20), project="other")
    store.put([one, two, three])
    assert list(store.calls()) == [two, one, three]
    assert list(store.calls(test=False)) == [one, three]
    assert list(store.calls("hotline", test=True)) == [two]
    inside = store.calls(since=START + timedelta(seconds=10), until=START + timedelta(seconds=20))
    assert list(inside) == [one]
    assert store.get("n1-9") is None


def test_many_calls_come_in_chunks(store):
    """More calls than are read at a time come back complete and in order."""
    records = [record(f"n1-{i:04}", entered=at(i)) for i in range(1203)]
    assert store.put(records) == len(records)
    assert list(store.calls()) == records


def test_failed_batch_leaves_nothing(store):
    """An exception inside a batch undoes all of it."""

    def cut_off():
        with store.batch():
            store.put([record()])
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        cut_off()
    assert list(store.calls()) == []


def test_survives_reopening(tmp_path):
    """A store opened again holds what was committed, writes ahead and syncs every commit."""
    path = tmp_path / "calls.sqlite"
    with Store.open(path) as store:
        store.put([record()])
        assert store._database.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert store._database.execute("PRAGMA synchronous").fetchone()[0] == 2
    with Store.read(path) as store:
        assert list(store.calls()) == [record()]
        with pytest.raises(OperatorError, match="readonly"):
            store.put([record("n1-2")])


def test_reader_sees_commits_of_the_writer(store):
    """A reader opened while the writer works sees each commit."""
    with Store.read(store.path) as reader:
        assert list(reader.calls()) == []
        store.put([record()])
        assert list(reader.calls()) == [record()]


def test_column_added_later_is_added_on_opening(tmp_path):
    """A file written before a field existed gains its column on opening, and reads as the field's default."""
    path = tmp_path / "calls.sqlite"
    with Store.open(path) as store:
        store.put([record(cause=16)])
        store._database.execute("ALTER TABLE calls DROP COLUMN cause")
    with pytest.raises(OperatorError, match="older cctoolkit"):
        Store.read(path)
    with Store.open(path) as store:
        assert list(store.calls()) == [record(cause=0)]


def test_unstorable_field_is_noticed():
    """A record struct with a field that no column holds is a bug that names the field."""
    kind = msgspec.defstruct("Odd", [("when", dict[str, str])])
    with pytest.raises(ToolkitBug, match=r"Odd\.when"):
        columns(kind)


def test_not_a_database(tmp_path):
    """A file that is no SQLite database is refused with its path, for writing and for reading."""
    path = tmp_path / "calls.sqlite"
    path.write_text("call;number\n" * 100)
    for opened in (Store.open, Store.read):
        with pytest.raises(OperatorError, match="not a database") as caught:
            opened(path)
        assert caught.value.where == str(path)
        assert caught.value.next_step


def test_somebody_elses_database(tmp_path):
    """An SQLite database without our schema version is refused and not touched."""
    path = tmp_path / "other.sqlite"
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE notes (text)")
    database.close()
    with pytest.raises(OperatorError, match="not a store of call records"):
        Store.open(path)


@pytest.mark.parametrize("change", ["UPDATE schema_version SET version = 99", "ALTER TABLE legs ADD COLUMN mood TEXT"])
def test_newer_file(tmp_path, change):
    """A file of a later schema, or with a column unknown here, is refused, not read halfway."""
    path = tmp_path / "calls.sqlite"
    with Store.open(path) as store:
        store._database.execute(change)
    for opened in (Store.open, Store.read):
        with pytest.raises(OperatorError, match="newer cctoolkit"):
            opened(path)


def test_damaged_row(store):
    """A row that no record can be made from names the file instead of a traceback."""
    store.put([record()])
    store._database.execute("UPDATE calls SET outcome = 'lost'")
    with pytest.raises(OperatorError, match="no call record") as caught:
        list(store.calls())
    assert caught.value.where == str(store.path)


def test_damaged_file(tmp_path):
    """A store whose pages were overwritten is reported as damaged, with what to do."""
    path = tmp_path / "calls.sqlite"
    with Store.open(path) as store:
        store.put([record(f"n1-{i}") for i in range(200)])
    whole = bytearray(path.read_bytes())
    whole[4096 * 3 :] = b"\xff" * (len(whole) - 4096 * 3)
    path.write_bytes(whole)
    with pytest.raises(OperatorError, match="the store failed") as caught, Store.open(path) as store:
        list(store.calls())
    assert "journal" in caught.value.next_step


def test_missing_file_and_unusable_folder(tmp_path):
    """Reading where there is no store, and writing where no folder can be, say so with the path."""
    with pytest.raises(OperatorError, match="no store"):
        Store.read(tmp_path / "calls.sqlite")
    (tmp_path / "file").write_text("")
    with pytest.raises(OperatorError, match="cannot be made"):
        Store.open(tmp_path / "file" / "calls.sqlite")


@pytest.fixture
def old(tmp_path):
    """A store as the version before holds wrote it: one answered call, one agent's state."""
    path = tmp_path / "calls.sqlite"
    with closing(sqlite3.connect(path)) as database:
        database.executescript((Path(__file__).parent / "store-version-1.sql").read_text(encoding="utf-8"))
    return path


def test_a_store_of_before_holds_opens(old):
    """Its calls and states are there, without holds; a later version of a call, with a hold, replaces it; read again
    it is whole. Until it has been opened to write, a reader is told what to do.
    """
    with pytest.raises(OperatorError, match="older cctoolkit"):
        Store.read(old)
    with Store.open(old) as store:
        (kept,) = store.calls()
        assert [leg.holds for leg in kept.visits[0].legs] == [(), ()]
        assert (kept.parties, kept.transfers, kept.recordings, kept.joined) == ((), (), (), "")
        assert kept.visits[0].legs[1].talk_seconds == 51
        assert len(list(store.states())) == 1
        leg = msgspec.structs.replace(kept.visits[0].legs[1], holds=(Hold(at(20), at(25)), Hold(at(30), at(60), False)))
        visit = msgspec.structs.replace(kept.visits[0], legs=(kept.visits[0].legs[0], leg))
        party = Party("n1-2.1", "PJSIP/petrov", "202", "transfer", at(60), at(61), at(70), "answered", (Hold(at(62)),))
        moved = Transfer("attended", at(60), "PJSIP/agent-1", "202", "PJSIP/petrov")
        held = msgspec.structs.replace(kept, visits=(visit,), parties=(party,), transfers=(moved,), score=5)
        assert store.put([held]) == 1
        assert store.put([kept]) == 0
    with Store.read(old) as store:
        assert list(store.calls()) == [held]
    with closing(sqlite3.connect(old)) as database:
        assert database.execute("SELECT version FROM schema_version").fetchone() == (4,)


def test_what_fails_in_an_upgrade_leaves_the_old_store(old, monkeypatch):
    """An upgrade is whole or not there: after one that failed, the file is of the old version and opens later."""
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, ("CREATE TABLE x (y INTEGER) STRICT", "nonsense")))
    with pytest.raises(OperatorError):
        Store.open(old)
    monkeypatch.undo()
    with Store.open(old) as store:
        assert len(list(store.calls())) == 1
