"""A queue_log is read on from where it was read last, however often and in whatever way it was rotated meanwhile."""

import gzip
import os
import shutil
import sqlite3
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cctoolkit.capture.database import LogTable
from cctoolkit.capture.following import Follower, select
from cctoolkit.capture.lines import SECOND
from cctoolkit.capture.rotated import Here, read_on
from cctoolkit.capture.table_following import TableFollower
from tests.unit.capture.made_calls import EPOCH, day
from tests.unit.capture.test_capture_gaps import days, lines


class Log:
    """A log that is written and rotated, each way once a turn; `read` counts the bytes taken from it."""

    def __init__(self, folder):
        self.path = Path(folder) / "queue_log"
        self.turn = 0
        self.clock = EPOCH // SECOND
        self.bytes = 0
        log = self

        class Counting(Here):
            def read(self, file, offset, length):
                data = super().read(file, offset, length)
                log.bytes += len(data)
                return data

        @contextmanager
        def opened():
            yield Counting(self.path)

        self.follow = Follower(opened)

    def write(self, text):
        with self.path.open("a") as file:
            file.write(text)
        self.stamp(self.path)

    def stamp(self, path):
        self.clock += 1
        os.utime(path, (self.clock, self.clock))

    def rotate(self, way):
        """Rotate as logrotate does: by renaming or by copying and cutting, numbered or dated, packed at once or later."""
        if not self.path.exists():
            return
        self.turn += 1
        there = self.path.with_name(f"queue_log-{self.turn:08}" if way % 2 else f"queue_log.{self.turn}")
        if way in (0, 1, 4):
            self.path.rename(there)
        else:
            shutil.copyfile(self.path, there)
            os.truncate(self.path, 0)
            self.stamp(there)
            self.stamp(self.path)
        if way >= 3:
            self.pack(there)

    def pack(self, path):
        stamp = path.stat().st_mtime
        packed = path.with_name(f"{path.name}.gz")
        packed.write_bytes(gzip.compress(path.read_bytes()))
        os.utime(packed, (stamp, stamp))
        path.unlink()


def gap(rows, since):
    return select(rows, since, only_live=since == 0)


@settings(max_examples=40, deadline=None)
@given(days, st.data())
def test_every_gap_has_its_rows(stories, data):
    """Gap after gap, with any number of rotations between and in them: each has what the whole log would have given."""
    moments = [moment for moment in day(stories) if moment.line]
    with TemporaryDirectory() as folder:
        log, written, since = Log(folder), [], 0
        for number, moment in enumerate(moments):
            log.write(f"{moment.line}\n")
            written.append(moment)
            if number and data.draw(st.integers(0, 9)) == 0:
                log.rotate(data.draw(st.integers(0, 4)))
            # The first time it knows no place, and reads the log and its newest sibling.
            if not number or data.draw(st.integers(0, 12)) == 0:
                assert log.follow(since) == gap(lines(written), since)
                since = moment.at - data.draw(st.integers(0, 3 * SECOND))
        assert log.follow(since) == gap(lines(written), since)


def test_only_what_is_new_is_read(tmp_path):
    """The second time only the new bytes are read, whatever stands before them, from a renamed file too; and a start on
    a long log does not read what is older than a day before the gap.
    """
    log = Log(tmp_path)
    old = "".join(f"{EPOCH // SECOND - 300_000 + n}|n1-{n}|q|NONE|ENTERQUEUE||1|1\n" for n in range(200_000))
    moments = [moment for moment in day([(0, 0), (0, 500)]) if moment.line]
    log.write(old + lines(moments[:20]))
    since = moments[10].at
    assert log.follow(since) == gap(lines(moments[:20]), since)
    assert log.bytes < 3_000_000 < len(old)
    log.bytes = 0
    log.write(lines(moments[20:25]))
    log.rotate(0)
    log.write(lines(moments[25:30]))
    log.rotate(1)
    log.write(lines(moments[30:]))
    since = moments[19].at
    assert log.follow(since) == gap(lines(moments), since)
    assert log.bytes < 10_000


def test_packed_while_it_is_read(tmp_path):
    """A file that goes in the middle is read on in its packed copy: nothing twice, nothing missing."""
    log, moments = Log(tmp_path), [moment for moment in day([(0, 0), (2, 900)]) if moment.line]
    log.write(lines(moments[:10]))
    log.follow(0)
    log.write(lines(moments[10:30]))
    log.rotate(0)
    log.write(lines(moments[30:]))
    rotated = tmp_path / "queue_log.1"
    reads = []

    class Racing(Here):
        def read(self, file, offset, length):
            reads.append(file.name)
            if len(reads) == 3:
                log.pack(rotated)
            return super().read(file, offset, length)

    @contextmanager
    def racing():
        yield Racing(log.path)

    log.follow._opened = racing
    since = moments[10].at
    assert log.follow(since) == gap(lines(moments), since)
    assert not rotated.exists()


def test_no_log_at_all(tmp_path):
    """Without a log there are no lines; with a rotated one alone, and nothing known, it is read."""
    log = Log(tmp_path)
    assert log.follow(0) == ""
    log.write("1795000000|n1-1.1|NONE|NONE|CCTENTRY|a|b|c|d|e\n")
    log.rotate(4)
    assert "CCTENTRY" in log.follow(0)
    (tmp_path / "queue_log_backup").write_text("1795000000|n1-2.1|NONE|NONE|CCTENTRY|a|b|c|d|e\n")
    assert len(list(read_on(Here(log.path), None, 0))) == 1


def test_a_row_that_never_ends(tmp_path):
    """A hostile row of megabytes is given out in pieces, and the lines after it are read."""
    log = Log(tmp_path)
    log.write("x" * 3_000_000 + "\n1795000000|n1-1.1|NONE|NONE|CCTENTRY|a|b|c|d|e\n")
    assert max(len(rows) for rows, _ in read_on(Here(log.path), None, 0)) < 1_000_000
    assert "CCTENTRY" in log.follow(0)


def test_a_table_is_followed_by_its_rows(tmp_path):
    """From a table each gap has what the file would have given; without one it is told."""
    moments = [moment for moment in day([(0, 0), (4, 4000)]) if moment.line]
    names = ("time", "callid", "queuename", "agent", "event", "data1", "data2", "data3", "data4", "data5")
    follow = TableFollower(LogTable(tmp_path / "db", ZoneInfo("UTC")))
    with pytest.raises(OSError, match="there is no such file"):
        follow(0)
    with sqlite3.connect(tmp_path / "db") as database:
        database.execute(f"CREATE TABLE queue_log ({', '.join(names)})")

    def write(some):
        with sqlite3.connect(tmp_path / "db") as database:
            cells = [(moment.line.split("|") + [""] * 10)[:10] for moment in some]
            database.executemany(f"INSERT INTO queue_log VALUES ({', '.join('?' * 10)})", cells)

    def bare(text):
        return [row.rstrip("|") for row in text.splitlines()]

    write(moments[:20])
    assert bare(follow(0)) == bare(gap(lines(moments[:20]), 0))
    write(moments[20:-4])
    assert bare(follow(moments[18].at)) == bare(gap(lines(moments[:-4]), moments[18].at))
    # Emptied, it numbers its rows from 1 again.
    with sqlite3.connect(tmp_path / "db") as database:
        database.execute("DELETE FROM queue_log")
    write(moments[-4:])
    assert bare(follow(moments[-4].at)) == bare(gap(lines(moments), moments[-4].at))
