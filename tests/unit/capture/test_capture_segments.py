"""A journal of many segments: sealed, packed, dropped, damaged, killed at any moment, taken over from the one file of old."""

import errno
import fcntl
import os
import struct
import sys
import zlib
from itertools import count

import pytest

from cctoolkit.capture import sealed, segment
from cctoolkit.capture.feeder import BACKFILL, Feeder
from cctoolkit.capture.journal import Journal, Terms
from cctoolkit.capture.reading import read
from cctoolkit.capture.replay import replay
from cctoolkit.capture.segment import listed
from cctoolkit.capture.tracker import Tracker
from cctoolkit.cdr.store import FILE_NAME, Store
from cctoolkit.errors import OperatorError
from tests.unit.capture.made_calls import EPOCH, SECOND, Call, answered

DAY = 86_400 * SECOND
SMALL = Terms(segment_bytes=300)
NOW = EPOCH
PLENTY = 10_000_000


@pytest.fixture(autouse=True)
def today(monkeypatch):
    """A segment is begun when its records are received."""
    monkeypatch.setattr("cctoolkit.capture.journal.now_us", lambda: NOW)


def write(path, number=20, terms=SMALL, at=NOW):
    with Journal(path, terms) as journal:
        for _ in range(number):
            journal.append(b"%06d" % journal.next * 10, at)


def whole(number=20):
    return [(n, b"%06d" % n * 10) for n in range(number)]


def content(path, damaged=None):
    return [(chunk.sequence, chunk.data) for chunk in read(path, damaged=damaged or pytest.fail)]


def pack_all(path):
    for one in listed(path)[:-1]:
        if one.plain.exists():
            assert sealed.pack(one)


def test_sealed_by_size_and_by_day(tmp_path):
    """A segment is sealed once it is large enough, and by the first record of another day; what is read is one journal."""
    write(tmp_path / "n1")
    sizes = [one.plain.stat().st_size for one in listed(tmp_path / "n1")]
    assert len(sizes) > 3
    assert all(300 <= size < 400 for size in sizes[:-1])
    assert content(tmp_path / "n1") == whole()
    with Journal(tmp_path / "n2") as journal:
        for day in (0, 0, 1, 1, 3):
            journal.append(b"x", NOW + day * DAY)
    assert [one.first for one in listed(tmp_path / "n2")] == [0, 2, 4]
    assert [segment.read_head(one.plain).began_us - NOW for one in listed(tmp_path / "n2")] == [0, DAY, 3 * DAY]


def test_packed(tmp_path):
    """A packed segment is smaller, reads as it did, from any record on, alone too; the last one is still appended to."""
    path = tmp_path / "n1"
    write(path)
    before = sum(file.stat().st_size for file in path.iterdir())
    pack_all(path)
    assert sum(file.stat().st_size for file in path.iterdir()) < before
    assert [one.plain.exists() for one in listed(path)] == [False] * (len(listed(path)) - 1) + [True]
    write(path, 3)
    assert content(path) == whole(23)
    for start in range(24):
        assert [chunk.sequence for chunk in read(path, start)] == list(range(start, 23))
    second = listed(path)[1]
    assert content(second.packed) == whole()[second.first : listed(path)[2].first]


def test_packing_that_is_stopped_or_finds_no_room(tmp_path, monkeypatch):
    """Told to stop, or without room for the packed one, packing leaves the segment as it was and nothing beside it."""
    write(tmp_path / "n1")
    one, names = listed(tmp_path / "n1")[0], sorted((tmp_path / "n1").iterdir())
    assert not sealed.pack(one, lambda: True)
    assert sorted((tmp_path / "n1").iterdir()) == names

    def full(_file):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        sealed.pack(one)
    monkeypatch.undo()
    assert sorted((tmp_path / "n1").iterdir()) == names
    assert content(tmp_path / "n1") == whole()


def test_without_the_package_that_unpacks(tmp_path, monkeypatch):
    """A packed segment that cannot be unpacked here is no damage: it is said what to install."""
    write(tmp_path / "n1")
    pack_all(tmp_path / "n1")
    monkeypatch.setitem(sys.modules, "zstandard", None)
    with pytest.raises(OperatorError, match="packed") as error:
        content(tmp_path / "n1")
    assert "cctoolkit[capture]" in str(error.value)
    Journal(tmp_path / "n1", SMALL).close()


@pytest.mark.parametrize("packed", [False, True])
def test_damage_costs_the_rest_of_its_segment(tmp_path, packed):
    """Wherever a byte of a sealed segment is damaged, all other segments are read, and it is named with what is missing."""
    path = tmp_path / "n1"
    write(path)
    if packed:
        pack_all(path)
    first, second, third = listed(path)[:3]
    file = second.packed if packed else second.plain
    data, others = file.read_bytes(), [one for one in whole() if not second.first <= one[0] < third.first]
    for at in range(len(data)):
        if data[at] == 3 and at == 4:
            continue  # the version: another one's is refused
        file.write_bytes(data[:at] + bytes([data[at] ^ 0x41]) + data[at + 1 :])
        said = []
        found = content(path, said.append)
        if found == whole():  # a bit of zstd's that says nothing
            assert packed
            assert not said
            continue
        assert [one for one in found if one in others] == others
        assert set(found) <= set(whole())
        assert any(str(file) in text for text in said) or any(
            f"to {third.first - 1} are not there" in text for text in said
        )
        assert len(said) <= 2
    file.unlink()
    said = []
    assert content(path, said.append) == others
    assert said == [f"{path}: records {second.first} to {third.first - 1} are not there"]
    assert first.first == 0


def test_damage_is_a_gap_for_the_fold(tmp_path):
    """Where records of the middle are lost, what comes before and after is not folded as if it were one stream, and a
    call that lies in both is still one.
    """
    moments, path, said = answered(Call("n1-1.1", EPOCH)).moments, tmp_path / "n1", []
    with Journal(path, Terms(segment_bytes=1)) as journal:
        for data in (b"", BACKFILL, *(moment.event for moment in moments)):
            journal.append(data, NOW)
    lost = listed(path)[7]
    lost.plain.write_bytes(b"")
    with Store.open(tmp_path / FILE_NAME) as store:
        assert replay(path, "n1", store, said.append)
        (record,) = store.calls()
    assert record.ended is not None
    assert any(str(lost.plain) in text for text in said)
    feeder, told = Feeder(Tracker("n1")), []
    for chunk in read(path, damaged=lambda _text: feeder.lost()):
        feeder.take(chunk.data)
        told.append(feeder.tracker._epoch)
    assert told[:7] == [0, 1, 1, 1, 1, 1, 1]
    assert told[7] > 1


OLD = struct.Struct("<QqII")


def old_record(sequence, data):
    return (
        OLD.pack(sequence, NOW, len(data), zlib.crc32(data, zlib.crc32(struct.pack("<QqI", sequence, NOW, len(data)))))
        + data
    )


def test_a_journal_of_old_is_taken_over(tmp_path):
    """The one file of before is the first segment; what follows goes into the next; one that is written is not touched."""
    old, path = tmp_path / "n1.cctj", tmp_path / "n1"
    old.write_bytes(b"CCTJ\x02\n" + b"".join(old_record(n, data) for n, data in whole(5)) + b"torn")
    assert content(old, lambda _text: None) == whole(5)
    with old.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(OperatorError, match="another capture"):
            Journal(path)
    write(path, 3)
    assert not old.exists()
    assert content(path) == whole(8)
    assert (path / "cut-5").read_bytes() == b"torn"
    assert len(listed(path)) > 1
    pack_all(path)
    assert content(path) == whole(8)
    old.write_bytes(b"CCTJ\x02\n")
    with Journal(path) as journal:
        assert "--replay" in journal.anomaly
    assert old.exists()


def test_dropped_when_old_and_needless(tmp_path):
    """Segments go when they ended before the day given and nothing from the record given on is in them, oldest first."""
    path = tmp_path / "n1"
    for day in range(5):
        write(path, 4, Terms(), NOW + day * DAY)
    assert [one.first for one in listed(path)] == [0, 4, 8, 12, 16]
    pack_all(path)
    assert sealed.drop(path, NOW + 2 * DAY, 0) == []
    assert sealed.drop(path, NOW, PLENTY) == []
    assert [one.first for one in sealed.drop(path, NOW + 2 * DAY + 1, 5)] == [0]
    assert [one.first for one in sealed.drop(path, NOW + 2 * DAY + 1, PLENTY)] == [4]
    assert content(path) == whole(20)[8:]
    assert [one.first for one in sealed.drop(path, NOW + 99 * DAY, PLENTY)] == [8, 12]
    write(path, 1, Terms(), NOW + 5 * DAY)
    assert content(path) == whole(21)[16:]


def test_no_room_for_the_next_segment(tmp_path, monkeypatch):
    """When the next segment cannot be begun the last one grows on, it is said, and nothing of the new one stays."""
    path, real, failing = tmp_path / "n1", os.fsync, [True]

    def full(file):
        if failing[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(file)

    monkeypatch.setattr("cctoolkit.node.durable.os.fsync", full)
    failing[0] = False
    with Journal(path, SMALL) as journal:
        monkeypatch.setattr(journal, "sync", lambda: None)
        monkeypatch.setattr("cctoolkit.capture.journal._AGAIN_BYTES", 100)
        failing[0] = True
        for _ in range(10):
            journal.append(b"%06d" % journal.next * 10, NOW)
        assert "next segment cannot be begun: No space left" in journal.trouble
        assert len(listed(path)) == 1
        failing[0] = False
        for _ in range(10):
            journal.append(b"%06d" % journal.next * 10, NOW)
        assert journal.trouble == ""
    assert len(listed(path)) > 2
    assert content(path) == whole()


KILLING = ("write", "fsync", "fchmod", "open", "close", "rename", "unlink", "ftruncate", "replace")


def killed_at(number, work):
    """Run `work` in a process that dies, as by signal 9, before its `number`th call to the system; say whether it did."""
    child = os.fork()
    if child == 0:
        calls = count(1)

        def dying(real):
            def call(*args, **more):
                if next(calls) == number:
                    os._exit(9)
                return real(*args, **more)

            return call

        for name in KILLING:
            setattr(os, name, dying(getattr(os, name)))
        try:
            work()
            os._exit(0)
        finally:
            os._exit(1)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, 9)
    return code == 9


def test_killed_at_every_call(tmp_path):
    """Killed before any call to the system while it appends, seals, packs and drops, a journal has every record that
    was acknowledged, in order, once, and goes on.
    """
    acknowledged = tmp_path / "acknowledged"

    def work(path):
        with acknowledged.open("ab", buffering=0) as told, Journal(path, SMALL) as journal:
            for _ in range(5):
                for _ in range(4):
                    number = journal.next
                    journal.append(b"%06d" % number * 10, NOW)
                    posix_write(told.fileno(), b"%06d" % number)
                pack_all(path)
            sealed.drop(path, NOW + DAY, 6)

    posix_write = os.write
    number, path = 0, tmp_path / "n1"
    while True:
        number += 1
        fresh = tmp_path / f"{number}"
        fresh.mkdir()
        path = fresh / "n1"
        acknowledged.write_bytes(b"")
        died = killed_at(number, lambda: work(path))  # noqa: B023 - runs at once
        told = len(acknowledged.read_bytes()) // 6
        said = []
        found = content(path, said.append) if path.is_dir() and listed(path) else []
        first = found[0][0] if found else 0
        # Only what was dropped is missing, and only at the very end is anything dropped.
        assert first == 0 or told == 20
        assert found == whole(len(found) + first)[first:]
        assert told <= len(found) + first <= told + 1
        assert said == []
        write(path, 2)
        assert content(path) == whole(len(found) + first + 2)[first:]
        if not died:
            break
    assert number > 100
