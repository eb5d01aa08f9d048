"""The journal: what was appended is there again, whatever happened to the file, the disk or the process."""

import errno
import os
import stat
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cctoolkit.capture import journal as module
from cctoolkit.capture.feeder import BACKFILL, Feeder
from cctoolkit.capture.journal import Journal, is_journal, read
from cctoolkit.capture.replay import replay
from cctoolkit.capture.tracker import Tracker
from cctoolkit.cdr.store import FILE_NAME, Store
from cctoolkit.errors import OperatorError
from tests.unit.capture.made_calls import STORIES, day

CHUNKS = [b"", b"Event: A\r\n\r\n", BACKFILL + b"1|2|3|4|5\n", b"\xff" * 40, b"x"]


def write(path, chunks=CHUNKS):
    with Journal(path) as journal:
        for number, data in enumerate(chunks):
            journal.append(data, 1000 + number)


def content(path):
    return [(chunk.sequence, chunk.received_us, chunk.data) for chunk in read(path)]


def asides(path):
    return sorted(path.parent.glob(f"{path.name}.cut-*"))


def test_round_trip(tmp_path):
    """Chunks come back as they were, with their order and time, also after appending in a second go."""
    path = tmp_path / "deep" / "n1.cctj"
    write(path)
    assert content(path) == [(n, 1000 + n, data) for n, data in enumerate(CHUNKS)]
    write(path, [b"more"])
    assert content(path)[-1] == (len(CHUNKS), 1000, b"more")
    assert is_journal(path)
    assert asides(path) == []


def test_only_its_owner_may_read(tmp_path):
    """Journals hold callers' numbers: mode 0600, of what is put aside too."""
    path = tmp_path / "n1.cctj"
    write(path)
    path.write_bytes(path.read_bytes() + b"torn")
    with Journal(path):
        for file in (path, *asides(path)):
            assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_tail_torn_at_every_byte(tmp_path):
    """Cut anywhere, the whole records before are read and appended to, and what was cut off is put aside."""
    whole = tmp_path / "whole.cctj"
    write(whole)
    data, expected = whole.read_bytes(), content(whole)
    for cut in range(len(data)):
        path = tmp_path / f"{cut}.cctj"
        path.write_bytes(data[:cut])
        write(path, [b"after"])
        found = content(path)
        assert found[:-1] == expected[: len(found) - 1]
        assert found[-1] == (len(found) - 1, 1000, b"after")
        kept = path.read_bytes()
        before = len(kept) - module._HEADER.size - len(b"after")
        assert b"".join(file.read_bytes() for file in asides(path)) == data[max(before, 0) : cut]


def test_damage_at_every_byte(tmp_path):
    """A damaged byte ends reading at its record, is told, and nothing behind it is lost: it lies beside the journal."""
    whole = tmp_path / "whole.cctj"
    write(whole)
    data, expected = whole.read_bytes(), content(whole)
    for at in range(len(module._MAGIC), len(data)):
        path = tmp_path / f"{at}.cctj"
        path.write_bytes(data[:at] + bytes([data[at] ^ 0x41]) + data[at + 1 :])
        unread = []
        found = [(c.sequence, c.received_us, c.data) for c in read(path, unread.append)]
        assert found == expected[: len(found)]
        assert len(found) < len(expected)
        damaged = path.read_bytes()
        with Journal(path) as journal:
            assert str(unread[0]) in journal.anomaly
        (aside,) = asides(path)
        assert path.read_bytes() + aside.read_bytes() == damaged


def test_a_second_damage_keeps_the_first_aside(tmp_path):
    """What is put aside never replaces what was put aside before."""
    path = tmp_path / "n1.cctj"
    for _ in range(3):
        write(path, [])
        path.write_bytes(path.read_bytes() + b"junk")
        Journal(path).close()
    assert [file.read_bytes() for file in asides(path)] == [b"junk"] * 3


def test_what_is_no_journal_is_left_alone(tmp_path):
    """A file that capture did not write is refused and not changed."""
    path = tmp_path / "notes.txt"
    path.write_text("my only copy, longer than a header")
    with pytest.raises(OperatorError, match="no journal"):
        Journal(path)
    assert path.read_text() == "my only copy, longer than a header"
    with pytest.raises(OperatorError):
        Journal(tmp_path)


def test_one_writer(tmp_path):
    """While one process has a journal open another is refused, and told why; afterwards it is free again."""
    path = tmp_path / "n1.cctj"
    other = f"from pathlib import Path; from cctoolkit.capture.journal import Journal; Journal(Path({str(path)!r}))"
    root = Path(__file__).parents[3]
    with Journal(path) as journal:
        journal.append(b"mine", 1)
        with pytest.raises(OperatorError, match="another capture"):
            Journal(path)
        run = subprocess.run([sys.executable, "-c", other], check=False, capture_output=True, text=True, cwd=root)
        assert run.returncode
        assert "another capture writes this journal" in run.stderr
        journal.append(b"mine too", 2)
    assert [data for _, _, data in content(path)] == [b"mine", b"mine too"]
    Journal(path).close()


@pytest.mark.parametrize("room", range(1, 60))
def test_a_full_disk(tmp_path, monkeypatch, room):
    """A disk that takes only a part of a record is an error; nothing half written stays, and later there may be room."""
    path, left, real = tmp_path / "n1.cctj", [room], os.write

    def scarce(file, data):
        data = bytes(data)[: left[0]]
        if not data:
            raise OSError(errno.ENOSPC, "No space left on device")
        left[0] -= len(data)
        return real(file, data)

    with Journal(path) as journal:
        journal.append(b"before", 1)
        monkeypatch.setattr(module.os, "write", scarce)
        with pytest.raises(OperatorError, match="No space left"):
            journal.append(b"x" * 100, 2)
        monkeypatch.undo()
        journal.append(b"after", 3)
    assert content(path) == [(0, 1, b"before"), (1, 3, b"after")]


def chunks_of(moments, cuts, gaps):
    """Cut a stream into chunks, some of them after gaps that queue_log fills."""
    stream = b"".join(moment.event for moment in moments)
    edges = [0, *sorted({cut % len(stream) for cut in cuts} - {0}), len(stream)]
    for number, (start, end) in enumerate(pairwise(edges)):
        yield stream[start:end]
        if number in gaps:
            yield b""
            yield BACKFILL + "".join(f"{m.line}\n" for m in moments[: len(moments) // 2] if m.line).encode()


def everything(store):
    return list(store.calls()), list(store.states())


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, len(STORIES) - 1), st.integers(0, 3000)), min_size=1, max_size=3),
    st.lists(st.integers(0, 1 << 20), max_size=12), st.sets(st.integers(0, 12), max_size=2), st.sets(st.integers(0, 30)),
)  # fmt: skip
def test_restarts_change_nothing(tmp_path_factory, stories, cuts, gaps, kills):
    """Folded live in pieces, with captures killed and the journal recalled in between, records are those of one replay."""
    folder = tmp_path_factory.mktemp("restarts")
    path = folder / "n1.cctj"
    with Store.open(folder / "live" / FILE_NAME) as live:
        feeder = Feeder(Tracker("n1"))
        for number, data in enumerate(chunks_of(day(stories), cuts, gaps)):
            with Journal(path) as journal:
                journal.append(data, number)
            feeder.take(data)
            if number in kills:  # What the killed one had not told the store, its successor tells.
                feeder = Feeder(Tracker("n1"))
                for chunk in read(path):
                    feeder.take(chunk.data)
            records, states = feeder.tracker.take()
            live.put(records)
            live.put_states(states)
        with Store.open(folder / "again" / FILE_NAME) as again:
            replay(path, "n1", again)
            assert everything(live) == everything(again)
            assert replay(path, "n1", again) == 0


def test_a_replay_says_what_it_could_not_read(tmp_path):
    """Bytes of a journal that are no record, and events that made none, are told to whoever replays."""
    path, said = tmp_path / "n1.cctj", []
    write(path, [b"Event: Hangup\r\nUniqueid: 1\r\n\r\n"])
    path.write_bytes(path.read_bytes() + b"torn")
    with Store.open(tmp_path / FILE_NAME) as store:
        assert replay(path, "n1", store, said.append) == 0
    assert "last 4 bytes" in said[0]
    assert "timestampevents" in said[1]
