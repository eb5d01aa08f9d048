"""The journal: what was appended is there again, whatever happened to the file, the disk or the process."""

import errno
import os
import stat
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cctoolkit.capture import segment
from cctoolkit.capture.feeder import BACKFILL, Feeder
from cctoolkit.capture.journal import Journal, Terms
from cctoolkit.capture.reading import is_journal, node_of, read
from cctoolkit.capture.replay import replay
from cctoolkit.capture.sealed import pack
from cctoolkit.capture.segment import listed
from cctoolkit.capture.tracker import Tracker
from cctoolkit.cdr.store import FILE_NAME, Store
from cctoolkit.errors import OperatorError
from tests.unit.capture.made_calls import STORIES, day

CHUNKS = [b"", b"Event: A\r\n\r\n", BACKFILL + b"1|2|3|4|5\n", b"\xff" * 40, b"x"]
TODAY = int(time.time()) * 1_000_000
"""Records are of now: a journal that opens on another day begins another segment."""


def write(path, chunks=CHUNKS, terms=None):
    with Journal(path, terms or Terms()) as journal:
        for number, data in enumerate(chunks):
            journal.append(data, TODAY + number)


def content(path):
    return [(chunk.sequence, chunk.received_us - TODAY, chunk.data) for chunk in read(path)]


def asides(path):
    return sorted(path.glob("cut-*"))


def last(path):
    """Return the file that grows."""
    return listed(path)[-1].plain


def copied(path, target, data):
    """Make a journal whose only segment holds `data`."""
    target.mkdir()
    (target / last(path).name).write_bytes(data)
    return target


@pytest.fixture
def whole(tmp_path):
    path = tmp_path / "whole" / "n1"
    write(path)
    return path


def test_round_trip(tmp_path):
    """Chunks come back as they were, with their order and time, also after appending in a second go."""
    path = tmp_path / "deep" / "n1"
    write(path)
    assert content(path) == [(n, n, data) for n, data in enumerate(CHUNKS)]
    write(path, [b"more"])
    assert content(path)[-1] == (len(CHUNKS), 0, b"more")
    assert is_journal(path)
    assert is_journal(last(path))
    assert (node_of(path), node_of(last(path))) == ("n1", "n1")
    assert asides(path) == []
    assert [chunk.sequence for chunk in read(path, 4)] == [4, 5]


def test_only_its_owner_may_read(tmp_path):
    """Journals hold callers' numbers: mode 0600, packed, and what is put aside, too."""
    path = tmp_path / "n1"
    write(path, terms=Terms(1))
    assert pack(listed(path)[0])
    last(path).write_bytes(last(path).read_bytes() + b"torn")
    Journal(path).close()
    assert asides(path)
    for file in path.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


def test_a_tail_torn_at_every_byte(tmp_path, whole):
    """Cut anywhere, the whole records before are read and appended to, and what was cut off is put aside."""
    data, expected, start = last(whole).read_bytes(), content(whole), segment.read_head(last(whole)).size
    for cut in range(len(data)):
        path = copied(whole, tmp_path / f"{cut}", data[:cut])
        write(path.rename(path.with_name("n1")), [b"after"])
        path = path.with_name("n1")
        found = content(path)
        assert found[:-1] == expected[: len(found) - 1]
        assert found[-1] == (len(found) - 1, 0, b"after")
        kept = last(path).read_bytes()
        before = len(kept) - segment.RECORD.size - len(b"after") if cut >= start else 0
        assert b"".join(file.read_bytes() for file in asides(path)) == data[before:cut]
        path.rename(tmp_path / f"{cut}-done")


def test_damage_at_every_byte(tmp_path, whole):
    """A damaged byte ends reading at its record, is told, and nothing behind it is lost: it lies beside the journal."""
    data, expected = last(whole).read_bytes(), content(whole)
    for at in set(range(len(data))) - {data.index(b"\x03")}:  # the version: another one's is refused
        path = copied(whole, tmp_path / "n1", data[:at] + bytes([data[at] ^ 0x41]) + data[at + 1 :])
        said = []
        found = [(c.sequence, c.received_us - TODAY, c.data) for c in read(path, damaged=said.append)]
        assert found == expected[: len(found)]
        assert len(found) < len(expected)
        assert len(said) == 1
        damaged = last(path).read_bytes()
        with Journal(path) as journal:
            assert "put into" in journal.anomaly
            assert journal.next == len(found)
        (aside,) = asides(path)
        # A segment whose beginning is damaged goes as a whole, and another one is begun.
        kept = b"" if "beginning" in journal.anomaly else last(path).read_bytes()
        assert kept + aside.read_bytes() == damaged
        path.rename(tmp_path / f"{at}")


def test_a_second_damage_keeps_the_first_aside(tmp_path):
    """What is put aside never replaces what was put aside before."""
    path = tmp_path / "n1"
    for _ in range(3):
        write(path, [])
        last(path).write_bytes(last(path).read_bytes() + b"junk")
        Journal(path).close()
    assert [file.read_bytes() for file in asides(path)] == [b"junk"] * 3


def test_what_is_no_journal_is_left_alone(tmp_path):
    """A file that capture did not write is refused and not changed, as is another node's or a newer version's journal."""
    text = "my only copy, longer than a header"
    for path in (tmp_path / "notes.txt", tmp_path / "n1.cctj"):
        path.write_text(text)
        with pytest.raises(OperatorError, match="File exists" if path.suffix == ".txt" else "no journal"):
            Journal(path.with_suffix("") if path.suffix == ".cctj" else path)
        assert path.read_text() == text
        path.unlink()
    write(tmp_path / "n2")
    (tmp_path / "n2").rename(tmp_path / "n3")
    with pytest.raises(OperatorError, match="journal of node n2"):
        Journal(tmp_path / "n3")
    newer = last(tmp_path / "n3").read_bytes().replace(b"CCTJ\x03", b"CCTJ\x04", 1)
    last(tmp_path / "n3").write_bytes(newer)
    with pytest.raises(OperatorError, match="newer cctoolkit"):
        Journal(tmp_path / "n3")
    assert last(tmp_path / "n3").read_bytes() == newer
    (tmp_path / "empty").mkdir()
    with pytest.raises(OperatorError, match="no journal"):
        list(read(tmp_path / "empty"))


def test_one_writer(tmp_path):
    """While one process has a journal open another is refused, and told why; afterwards it is free again."""
    path = tmp_path / "n1"
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
    path, left, real = tmp_path / "n1", [room], os.write

    def scarce(file, data):
        data = bytes(data)[: left[0]]
        if not data:
            raise OSError(errno.ENOSPC, "No space left on device")
        left[0] -= len(data)
        return real(file, data)

    with Journal(path) as journal:
        journal.append(b"before", TODAY)
        monkeypatch.setattr(os, "write", scarce)
        with pytest.raises(OperatorError, match="No space left"):
            journal.append(b"x" * 100, TODAY)
        monkeypatch.undo()
        journal.append(b"after", TODAY)
    assert content(path) == [(0, 0, b"before"), (1, 0, b"after")]


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
    path = folder / "n1"
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
    path, said = tmp_path / "n1", []
    write(path, [b"Event: Hangup\r\nUniqueid: 1\r\n\r\n"])
    last(path).write_bytes(last(path).read_bytes() + b"torn")
    with Store.open(tmp_path / FILE_NAME) as store:
        assert replay(path, "n1", store, said.append) == 0
    assert "last 4 bytes" in said[0]
    assert "timestampevents" in said[1]
