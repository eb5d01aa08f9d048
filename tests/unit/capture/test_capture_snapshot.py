"""Snapshots: what goes on from one is what would have been without a restart, and what is none is passed over."""

import errno
import os
import time
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cctoolkit.capture import keeper as keeper_module
from cctoolkit.capture.feeder import BACKFILL, Feeder
from cctoolkit.capture.journal import Journal, Terms
from cctoolkit.capture.keeper import Keeper
from cctoolkit.capture.reading import read
from cctoolkit.capture.segment import listed
from cctoolkit.capture.snapshot import State, decoded, encoded
from cctoolkit.capture.tracker import Tracker
from cctoolkit.cdr.store import FILE_NAME, Store
from tests.unit.capture.made_calls import STORIES, Call, answered, day

TESTS = Path(__file__).parents[2]
STREAMS = {
    str(path.relative_to(TESTS)): path.read_bytes()
    for path in sorted([*(TESTS / "replay").rglob("stream.ami"), TESTS / "unit/ami/queued_call.ami"])
}


def made(stories):
    moments = day(stories)
    log = "".join(f"{moment.line}\n" for moment in moments if moment.line).encode()
    return b"".join(moment.event for moment in moments), log


def chunks(stream, log, cuts, gaps):
    """Cut a stream anywhere; before some pieces there is a gap, which sooner or later queue_log's lines fill."""
    edges = [0, *sorted({cut % len(stream) for cut in cuts} - {0}), len(stream)]
    for number, (start, end) in enumerate(pairwise(edges)):
        if number in gaps:
            yield b""
        yield stream[start:end]
        if number - 1 in gaps:
            yield BACKFILL + log


def told(feeder):
    return msgspec.msgpack.encode(feeder.tracker.take())


def restarted(feeder):
    return decoded(encoded(State(7, 9, feeder))).feeder


PLACES = st.lists(st.integers(0, 1 << 22), max_size=12)
NUMBERS = st.sets(st.integers(0, 12), max_size=3)


@settings(max_examples=40, deadline=None)
@given(
    st.one_of(
        st.sampled_from(sorted(STREAMS)),
        st.lists(st.tuples(st.integers(0, len(STORIES) - 1), st.integers(0, 3000)), min_size=1, max_size=3),
    ),
    PLACES, NUMBERS, st.sets(st.integers(0, 30)), NUMBERS,
)  # fmt: skip
def test_a_restart_from_a_snapshot_changes_nothing(source, cuts, gaps, kills, takes):
    """Cut anywhere, in a message or a gap too, written down, read back and gone on with: the same is told at the same
    chunks, byte by byte, as without any restart, and the same is known at the end; so is it from the journal alone.
    """
    stream, log = (STREAMS[source], b"") if isinstance(source, str) else made(source)
    pieces = list(chunks(stream, log, cuts, gaps))
    steady, shaken = Feeder(Tracker("n1")), Feeder(Tracker("n1"))
    for number, data in enumerate(pieces):
        steady.take(data)
        shaken.take(data)
        if number in kills:
            shaken = restarted(shaken)
        if number in takes:
            assert told(shaken) == told(steady)
    steady.finish()
    shaken.finish()
    assert told(shaken) == told(steady)
    again = restarted(steady)
    assert again == shaken == steady
    assert told(again) == told(steady)


@pytest.mark.parametrize("source", STREAMS)
def test_every_story_goes_on_from_anywhere(source):
    """Of every recorded story, those of foreign dialplans too, a snapshot after each message changes nothing; in the
    middle there is a gap.
    """
    steady, shaken = Feeder(Tracker("n1")), Feeder(Tracker("n1"))
    pieces = [block + b"\r\n\r\n" for block in STREAMS[source].split(b"\r\n\r\n")]
    middle = len(pieces) // 2
    for number, data in enumerate([*pieces[:middle], b"", pieces[middle], BACKFILL, *pieces[middle + 1 :]]):
        steady.take(data, 1_795_000_000_000_000 + number)
        shaken.take(data, 1_795_000_000_000_000 + number)
        shaken = restarted(shaken)
        if number % 5 == 0:
            assert told(shaken) == told(steady)
    assert shaken == steady


def test_the_streams_are_there():
    """The recorded streams are found, and make records: the test above compares something."""
    assert len(STREAMS) > 5
    feeder = Feeder(Tracker("n1"))
    for data in STREAMS.values():
        feeder.take(data)
    assert len(feeder.tracker.take()[0]) > 5


class Node:
    """One node's journal, store and keeper, in one folder, opened as often as one likes."""

    def __init__(self, folder):
        self.folder = folder
        self.path = folder / "n1"
        self.said = []

    def __enter__(self):
        self.store = Store.open(self.folder / FILE_NAME)
        self.journal = Journal(self.path, Terms(segment_bytes=2000))
        self.keeper = Keeper(self.journal, self.store, self.said.append)
        self.keeper.recall()
        return self

    def __exit__(self, *_):
        self.journal.close()
        self.store.close()

    def keep(self, number, start=0):
        for place in range(start, start + number):
            self.keeper.keep(answered(Call(f"n1-1.{place}", (1_795_000_000 + place) * 1_000_000)).moments[0].event)

    def snapshots(self):
        return sorted(int(path.stem) for path in self.path.glob("*.ccts"))

    def calls(self):
        with Store.read(self.folder / FILE_NAME) as store:
            return len(list(store.calls()))


@pytest.fixture
def node(tmp_path):
    return Node(tmp_path)


def folded(monkeypatch):
    """Return a list that grows by what is folded."""
    seen, real = [], Feeder.take
    monkeypatch.setattr(Feeder, "take", lambda self, data, at=0: (seen.append(data), real(self, data, at))[1])
    return seen


def test_what_was_put_aside_goes_with_the_segments(node):
    """A torn tail has numbers as the journal has: it is dropped when a segment of its age would be."""
    with node:
        node.keep(1)
        old, young = node.path / "cut-7", node.path / "cut-9-2"
        for aside, days in ((old, 91), (young, 89)):
            aside.write_bytes(b"torn")
            os.utime(aside, (time.time() - days * 86_400,) * 2)
        node.keeper.snapshot()()
        assert (old.exists(), young.exists()) == (False, True)


def test_only_what_came_after_it_is_folded(node, monkeypatch):
    """A start reads from the newest snapshot on; the two newest stay, for nobody else to read."""
    with node:
        for place in range(3):
            node.keep(5, place * 5)
            node.keeper.snapshot()()
        node.keep(2, 15)
        assert node.snapshots() == [10, 15]
        assert all(path.stat().st_mode & 0o777 == 0o600 for path in node.path.glob("*.ccts"))
    seen = folded(monkeypatch)
    with node:
        assert len(seen) == 2
        assert node.keeper.received_us > 1_700_000_000_000_000
    assert (node.calls(), node.said) == (17, [])


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda data: data[:-1], "damaged"),
        (lambda data: data[:-9] + bytes([data[-9] ^ 1]) + data[-8:], "damaged"),
        (lambda data: data[:6] + b"other version!!!" + data[22:], "another version"),
        (lambda data: b"", "no snapshot"),
        (lambda data: b"CCTS\x01\n" + data[6:10], "no snapshot"),
    ],
)
def test_one_that_cannot_be_used(node, monkeypatch, spoil, why):
    """A damaged snapshot, and another version's, is passed over in a sentence; the one before it is used, and without
    any the journal is read whole.
    """
    with node:
        node.keep(5)
        node.keeper.snapshot()()
        node.keep(5, 5)
        node.keeper.snapshot()()
    newest, older = sorted(node.path.glob("*.ccts"), reverse=True)
    newest.write_bytes(spoil(newest.read_bytes()))
    seen = folded(monkeypatch)
    with node:
        assert len(seen) == 5
    older.write_bytes(spoil(older.read_bytes()))
    with node:
        assert len(seen) == 15
    assert node.calls() == 10
    assert len(node.said) == 3
    assert all(why in text for text in node.said)


def test_a_store_or_journal_that_has_less(node, monkeypatch):
    """With an older store, or none, or a journal whose end was lost, a snapshot that knows more is not believed: what it
    has told would be nowhere. It is removed, as its numbers are about to be given to other records.
    """
    with node:
        node.keep(5)
    old = (node.folder / FILE_NAME).read_bytes()
    with node:
        node.keep(5, 5)
        node.keeper.snapshot()()
    for file in node.folder.glob(f"{FILE_NAME}*"):
        file.unlink()
    (node.folder / FILE_NAME).write_bytes(old)
    with node:
        assert node.snapshots() == []
        assert "do not have all" in node.said.pop()
        node.keeper.snapshot()()
    assert node.calls() == 10
    last = listed(node.path)[-1].plain
    last.write_bytes(last.read_bytes()[:-1])
    with node:
        assert node.snapshots() == []
        node.keep(1, 9)
    assert node.calls() == 10
    with node:
        pass
    assert node.calls() == 10


def test_no_room_for_it(node, monkeypatch):
    """A snapshot that cannot be written is said once, leaves nothing behind and stops nothing; nor does packing."""
    with node:
        node.keep(40)

        def full(*_):
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr("cctoolkit.node.durable.sync", full)
        for _ in range(2):
            node.keeper.snapshot()()
            node.keeper.pack()
        assert not [path for path in node.path.iterdir() if path.suffix == ".tmp"]
        monkeypatch.undo()
        assert [text.partition(" (")[0] for text in node.said] == [
            "no snapshot can be written",
            "the journal cannot be packed",
        ]
        node.keep(1, 40)
        node.keeper.snapshot()()
        node.keeper.pack()
        assert [one.plain.exists() for one in listed(node.path)].count(True) == 1
        assert len(node.said) == 2
    assert node.calls() == 41


def test_without_the_package_that_packs(node, monkeypatch):
    """Sealed segments stay plain, and it is said once."""
    monkeypatch.setattr("cctoolkit.capture.sealed.find_spec", lambda _name: None)
    with node:
        node.keep(40)
        for _ in range(2):
            node.keeper.pack()
        assert all(one.plain.exists() for one in listed(node.path))
    assert node.said == ["the journal is not packed: install cctoolkit[capture]"]


def test_when_it_is_due(node, monkeypatch):
    """A snapshot is due after so many bytes, or so much time, and never when nothing came since; a start counts too."""
    monkeypatch.setattr(keeper_module, "SNAPSHOT_BYTES", 600)
    with node:
        dues = []
        for place in range(3):
            dues.append(node.keeper.due)
            node.keep(1, place)
        assert (dues, node.keeper.due) == ([False] * 3, True)
        node.keeper.snapshot()()
        assert not node.keeper.due
        monkeypatch.setattr(keeper_module, "SNAPSHOT_SECONDS", 0.0)
        assert not node.keeper.due
        node.keep(1, 3)
        assert node.keeper.due


def test_what_is_dropped(node, monkeypatch):
    """Old segments go once a snapshot is written; never those that the older snapshot, or a call that goes on, needs."""
    days = [0]
    now = keeper_module.now_us()
    monkeypatch.setattr(keeper_module, "now_us", lambda: now + days[0] * 86_400_000_000)
    with node:
        moments = answered(Call("n1-1.1", now)).moments
        ending = [moment.event for moment in moments]
        node.keeper.keep(ending[0])
        days[0] = 1
        for data in ending[1:3]:
            node.keeper.keep(data)
        days[0] = 200
        node.keeper.keep(ending[3])
        node.keeper.snapshot()()
        node.keeper.snapshot()()
        assert listed(node.path)[0].first == 0
        for data in ending[4:]:
            node.keeper.keep(data)
        node.keeper.snapshot()()
        assert listed(node.path)[0].first == 0  # the older one goes on from the fifth record, in the segment before
        days[0] = 201
        node.keeper.keep(answered(Call("n1-1.2", now + 201 * 86_400_000_000)).moments[0].event)
        node.keeper.snapshot()()
        assert next(read(node.path)).sequence > 0
    with node:
        pass
    assert (node.calls(), node.said) == (2, [])


def test_what_a_database_was_not_told_stays(node, monkeypatch):
    """While the store has been told less than the snapshots know, since it is away, no segment goes, however old; when
    it has been told, they go.
    """
    days, now = [0], keeper_module.now_us()
    monkeypatch.setattr(keeper_module, "now_us", lambda: now + days[0] * 86_400_000_000)
    with node:
        told, node.store.journal_told = node.store.journal_told, lambda _name: 3

        def calls(count):
            for _ in range(count):
                days[0] += 100
                for one in answered(Call(f"n1-1.{days[0]}", keeper_module.now_us())).moments:
                    node.keeper.keep(one.event)
                node.keeper.snapshot()()

        calls(4)
        assert listed(node.path)[0].first <= 3
        node.store.journal_told = told
        calls(1)
        assert listed(node.path)[0].first > 3
