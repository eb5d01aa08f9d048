"""The SQLite store: the suite of all stores, and what only a file can do."""

import os

import msgspec
import pytest

from cctoolkit.cdr.columns import columns
from cctoolkit.cdr.forgetting import Rule
from cctoolkit.cdr.retention import forget
from cctoolkit.cdr.sqlite import Sqlite
from cctoolkit.cdr.store import Store
from cctoolkit.errors import OperatorError, ToolkitBug
from tests.unit.cdr.store_contract import StoreContract, record


class TestSqlite(StoreContract):
    """A file."""

    @pytest.fixture
    def place(self, tmp_path):
        return tmp_path / "new" / "calls.sqlite"

    def connect(self, place):
        return Sqlite(place, write=True)


def test_survives_reopening(tmp_path):
    """A store opened again holds what was committed, writes ahead and syncs every commit."""
    path = tmp_path / "calls.sqlite"
    with Store.open(path) as store:
        store.put([record()])
        assert store.database.connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert store.database.connection.execute("PRAGMA synchronous").fetchone()[0] == 2
    with Store.read(path) as store:
        assert list(store.calls()) == [record()]
        with pytest.raises(OperatorError, match="readonly"):
            store.put([record("n1-2")])


def test_closed_to_others(tmp_path):
    """Callers' numbers are for the owner and, where the umask lets it, the group: the file, what SQLite puts beside it, and
    the folder. A file that was there keeps its mode.
    """
    before = os.umask(0)
    try:
        with Store.open(tmp_path / "new/records/calls.sqlite") as store:
            store.put([record()])
            folder = tmp_path / "new/records"
            assert {one.stat().st_mode & 0o777 for one in folder.iterdir()} == {0o660}
            assert folder.stat().st_mode & 0o777 == 0o770
    finally:
        os.umask(before)
    (folder / "calls.sqlite").chmod(0o604)
    Store.open(folder / "calls.sqlite").close()
    assert (folder / "calls.sqlite").stat().st_mode & 0o777 == 0o604


def test_a_forgotten_number_is_in_no_byte(tmp_path):
    """What was masked, or replaced before, is in no free page of the file and not in its log."""
    path = tmp_path / "calls.sqlite"
    with Store.open(path) as store:
        store.put([record(f"n1-{i}", ended=None) for i in range(300)])
        store.put([record(f"n1-{i}") for i in range(300)])
        assert forget(store, Rule("hotline", "mask", 2**60)).numbers == 300
        assert b"79161234567" not in b"".join(one.read_bytes() for one in tmp_path.iterdir())


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
