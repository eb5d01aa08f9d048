"""Years of queue_log into the store: the records that events would have made, each once, whatever the files are like."""

import bz2
import csv
import gzip
import io
import sqlite3
from collections import Counter
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cctoolkit.capture.feeder import BACKFILL, Feeder
from cctoolkit.capture.history import History
from cctoolkit.capture.importing import Imported, import_log, lines_of, log_in_order
from cctoolkit.capture.replay import drain
from cctoolkit.capture.rows import LONGEST
from cctoolkit.capture.tracker import Tracker
from cctoolkit.cdr.days import Days
from cctoolkit.cdr.records import AgentInterval, CallRecord, Edge, QueueVisit
from cctoolkit.cdr.sealing import seal
from cctoolkit.cdr.store import Store
from cctoolkit.errors import OperatorError, UsageError
from tests.unit.capture.made_calls import EPOCH, SECOND, day, line
from tests.unit.capture.test_capture_gaps import Watched, all_equal, days, events, lines, whole

UNTIL = EPOCH + 100 * 86_400 * SECOND
MOSCOW = ZoneInfo("Europe/Moscow")


def taken(paths, store, zone=None):
    done = Imported()
    import_log(log_in_order(paths, zone, done.odd), History("n1", UNTIL, done.odd), store, done, lambda _text: None)
    return done


def told(store):
    """Return all that a store has, as the tests of gaps compare it."""
    found = Watched()
    found.calls = {record.call: record for record in store.calls()}
    found.states = {(state.agent, state.state, state.start): state for state in store.states()}
    return found


def heard(store, moments):
    feeder = Feeder(Tracker("n1"))
    feeder.take(events(moments))
    drain(feeder, store)


def split(text, cuts):
    rows = text.splitlines(keepends=True)
    places = [0, *sorted(cut % (len(rows) + 1) for cut in cuts), len(rows)]
    return ["".join(rows[a:b]) for a, b in pairwise(places)]


@settings(max_examples=15, deadline=None)
@given(days, st.lists(st.integers(0, 10_000), max_size=4), st.randoms())
def test_the_log_tells_what_the_events_tell(stories, cuts, random):
    """Rotated anywhere, packed or not, one part of it twice, handed over in any order: the same records and states."""
    moments = day(stories)
    with TemporaryDirectory() as folder, Store.open(Path(folder) / "store") as store:
        paths = []
        for number, part in enumerate(split(lines(moments), cuts)):
            path = Path(folder) / f"queue_log.{number}"
            pack = (bytes, gzip.compress, bz2.compress)[number % 3]
            path.write_bytes(pack(part.encode()))
            paths.append(path)
        paths.append(paths[0])
        random.shuffle(paths)
        done = taken(paths, store)
        assert done.odd == {}
        all_equal(whole(moments), told(store))
        assert (done.calls, done.kept_calls) == (len(stories), len(stories))
        again = taken(paths, store)
        assert (again.kept_calls, again.kept_states) == (0, 0)


@settings(max_examples=15, deadline=None)
@given(days, st.data())
def test_what_events_told_is_not_told_again(stories, data):
    """A store that has all of it stays as it is, byte by byte; one whose capture ended early becomes whole, and what it
    had exactly stays exact.
    """
    moments = day(stories)
    k = data.draw(st.integers(0, len(moments)))
    with TemporaryDirectory() as folder:
        log = Path(folder) / "queue_log"
        log.write_text(lines(moments))
        with Store.open(Path(folder) / "all") as store:
            heard(store, moments)
            before = told(store)
            taken([log], store)
            assert (told(store).calls, told(store).states) == (before.calls, before.states)
        with Store.open(Path(folder) / "part") as store:
            heard(store, moments[:k])
            part = told(store)
            taken([log], store)
            found = told(store)
            for call, record in part.calls.items():
                assert found.calls[call].entered == record.entered
                assert found.calls[call].answered == record.answered or record.answered is None
            assert {s.start for s in part.states.values()} <= {s.start for s in found.states.values()}
            all_equal(whole(moments), found)


def dump(moments, titled=True, delimiter=","):
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    names = ["time", "callid", "queuename", "agent", "event", "data1", "data2", "data3", "data4", "data5"]
    if titled:
        writer.writerow(names)
    for moment in moments:
        if moment.line:
            _, *cells = moment.line.split("|")
            at = datetime.fromtimestamp(moment.at / SECOND, MOSCOW).strftime("%Y-%m-%d %H:%M:%S.%f")
            writer.writerow([at, *cells, *[""] * (9 - len(cells))])
    return out.getvalue()


@pytest.mark.parametrize(("titled", "delimiter"), [(True, ","), (False, ","), (True, ";"), (True, "\t")])
def test_a_table_dumped_as_csv(tmp_path, titled, delimiter):
    """A dump tells what the file tells, to the byte; its times are local, and whose they are must be said."""
    moments = day([(0, 0), (2, 4000), (12, 9000)])
    (tmp_path / "queue_log").write_text(lines(moments))
    (tmp_path / "dump.csv").write_text(dump(moments, titled, delimiter))
    with Store.open(tmp_path / "a") as one, Store.open(tmp_path / "b") as other:
        taken([tmp_path / "queue_log"], one)
        assert taken([tmp_path / "dump.csv"], other, MOSCOW).odd == {}
        assert (told(one).calls, told(one).states) == (told(other).calls, told(other).states)
        with pytest.raises(UsageError, match=r"times are local .* --time-zone"):
            taken([tmp_path / "dump.csv"], other)


def test_a_table_of_sqlite(tmp_path):
    """An SQLite file tells the same; one without such a table is refused."""
    moments = day([(0, 0), (4, 4000)])
    (tmp_path / "queue_log").write_text(lines(moments))
    rows = list(csv.reader(io.StringIO(dump(moments))))
    with sqlite3.connect(tmp_path / "db") as database:
        database.execute(f"CREATE TABLE queue_log (id INTEGER PRIMARY KEY, {', '.join(rows[0])})")
        database.executemany(f"INSERT INTO queue_log ({', '.join(rows[0])}) VALUES ({', '.join('?' * 10)})", rows[1:])
    database.close()
    with Store.open(tmp_path / "a") as one, Store.open(tmp_path / "b") as other:
        taken([tmp_path / "queue_log"], one)
        assert taken([tmp_path / "db"], other, MOSCOW).odd == {}
        assert (told(one).calls, told(one).states) == (told(other).calls, told(other).states)
        with pytest.raises(OperatorError, match="no table of queue_log"):
            taken([tmp_path / "a"], other)


def test_the_hour_that_comes_twice(tmp_path):
    """In the night when clocks go back, rows in order tell which of the two hours each is of."""
    zone = ZoneInfo("Europe/Warsaw")
    begin = int(datetime(2026, 10, 24, 23, 30, tzinfo=UTC).timestamp())
    moments = [begin + 600 * number for number in range(18)]
    rows = ["time,callid,queuename,agent,event,data1"]
    rows += [f"{datetime.fromtimestamp(at, zone):%Y-%m-%d %H:%M:%S},NONE,q,a,PAUSE," for at in moments]
    (tmp_path / "dump.csv").write_text("\n".join(rows) + "\n")
    assert [one.at // SECOND for one in lines_of(tmp_path / "dump.csv", zone, Counter())] == moments


PLAIN = "support"


def plain(call, *said):
    """Return lines of a call in a queue that is not ours: (second, agent, event, data…)."""
    return "".join(line(EPOCH + at * SECOND, call, PLAIN, *rest) + "\n" for at, *rest in said)


def test_queues_that_are_not_ours(tmp_path):
    """Calls of plain queues have project "", queues and agents as the switch calls them, and end where the log knows
    that the caller has gone.
    """
    text = plain(
        "100.1", (0, "NONE", "ENTERQUEUE", "", "600100200", 1), (7, "SIP/101", "RINGNOANSWER", 5000),
        (12, "SIP/102", "CONNECT", 12, "100.2", 3), (60, "SIP/102", "COMPLETECALLER", 12, 48, 1),
    ) + plain("100.5", (3, "NONE", "ENTERQUEUE", "", "600", 1), (9, "NONE", "ABANDON", 1, 1, 6)) + plain(
        "100.6", (4, "NONE", "ENTERQUEUE", "", "601", 1), (9, "NONE", "EXITWITHKEY", "1", 1, 1, 5)
    ) + plain(
        "100.7", (5, "NONE", "ENTERQUEUE", "", "602", 1), (9, "NONE", "EXITWITHTIMEOUT", 1, 1, 4),
        (10, "NONE", "ENTERQUEUE", "", "602", 1), (12, "SIP/102", "CONNECT", 2, "100.9", 1),
        (20, "SIP/102", "BLINDTRANSFER", "200", "internal", 2, 8, 1),
    )  # fmt: skip
    states = [
        (0, "NONE", "NONE", "NONE", "QUEUESTART", ""), (0, "REALTIME", PLAIN, "SIP/101", "ADDMEMBER", ""),
        (0, "100.1", "NONE", "NONE", "DID", "+48221002030"), (1, "NONE", "NONE", "Agent/7", "AGENTLOGIN", "SIP/9"), (2, "NONE", PLAIN, "SIP/101", "PAUSE", "tea"),
        (8, "NONE", PLAIN, "SIP/101", "UNPAUSE", ""), (9, "NONE", "NONE", "Agent/7", "AGENTLOGOFF", "SIP/9", 8),
        (9, "NONE", PLAIN, "SIP/101", "REMOVEMEMBER", ""), (9, "NONE", "NONE", "NONE", "CONFIGRELOAD", ""),
    ]  # fmt: skip
    text = "".join(line(EPOCH + at * SECOND, *rest) + "\n" for at, *rest in states) + text
    rows = sorted(text.splitlines(keepends=True), key=lambda row: int(row.split("|")[0]))
    (tmp_path / "queue_log").write_text("".join(rows))
    with Store.open(tmp_path / "store") as store:
        assert taken([tmp_path / "queue_log"], store).odd == {}
        one, two, three, four = store.calls("")
        found = [(s.agent, s.state, s.reason, s.start.at - EPOCH, s.end.at - EPOCH) for s in store.states()]
    assert (one.call, one.number, one.caller) == ("n1-100.1", "+48221002030", "600100200")
    assert (one.outcome, one.hung_up_by) == ("answered", "caller")
    assert [(leg.agent, leg.outcome) for leg in one.visits[0].legs] == [
        ("SIP/101", "no_answer"),
        ("SIP/102", "answered"),
    ]
    assert (one.visits[0].queue, one.visits[0].wait_seconds) == (PLAIN, 12)
    assert one.ended.at == EPOCH + 60 * SECOND
    assert (two.outcome, two.hung_up_by, two.visits[0].outcome) == ("abandoned", "caller", "abandoned")
    assert (three.outcome, three.ended, three.visits[0].outcome) == ("unfinished", None, "exit_key")
    assert [visit.outcome for visit in four.visits] == ["timeout", "answered"]
    assert (four.outcome, four.ended) == ("answered", None)
    assert [(one.kind, one.made_by, one.number) for one in four.transfers] == [("blind", "SIP/102", "200")]
    assert sorted(found) == [
        ("Agent/7", "logged_in", "", 1 * SECOND, 9 * SECOND),
        ("SIP/101", "logged_in", "", 0, 9 * SECOND),
        ("SIP/101", "paused", "tea", 2 * SECOND, 8 * SECOND),
    ]


def test_what_verify_leaves(tmp_path):
    """A call of verify's own that fills a queue has no beginning and is nothing odd, as Asterisk 22.10.1 logs it; a line of a
    caller's call whose beginning is not there is.
    """
    fills = "cct-fill-0646c291195e4251;2|northwind-hotline.orders--test3"
    log = f"""\
1795980398|{fills}|NONE|ENTERQUEUE|||1
1795980400|{fills}|shadow-rings|RINGCANCELED|2121
1795980400|{fills}|NONE|ABANDON|1|1|2
1795980401|n1-1795980000.7|northwind-hotline.orders|NONE|ABANDON|1|1|2
"""
    (tmp_path / "queue_log").write_text(log)
    with Store.open(tmp_path / "store") as store:
        done = taken([tmp_path / "queue_log"], store)
    assert (done.lines, done.calls, done.odd) == (4, 0, {"a line of a call whose beginning is not there": 1})


def test_a_call_that_came_to_its_queue_long_after_it_began(tmp_path):
    """What events told of it before they ended stays as exact as it was; the log adds the end."""
    call, late = f"n1-{EPOCH // SECOND}.1", 7200 * SECOND
    waiting = QueueVisit(PLAIN, Edge(EPOCH + late + 123), "unfinished")
    record = CallRecord(call, "n1", "", "", "", "100", "600", Edge(EPOCH + 456), visits=(waiting,))
    (tmp_path / "queue_log").write_text(
        plain(call, (7200, "NONE", "ENTERQUEUE", "", "600", 1), (7260, "NONE", "ABANDON", 1, 1, 60))
    )
    with Store.open(tmp_path / "store") as store:
        store.put([record])
        taken([tmp_path / "queue_log"], store)
        found = store.get(call)
    assert (found.entered.at // SECOND, found.outcome) == (EPOCH // SECOND, "abandoned")
    assert (found.visits[0].joined, found.visits[0].left.at) == (waiting.joined, EPOCH + 7260 * SECOND)


def test_a_hostile_file(tmp_path):
    """Binary, rows without end, broken, of tomorrow and of yesterday, a call of a million lines: the calls are the same,
    and what was passed over is counted by kind.
    """
    moments = day([(0, 0), (4, 3000)])
    rows = lines(moments).encode().splitlines(keepends=True)
    late = f"{9_999_999_999}|n1-0.1|NONE|NONE|CCTEND|a|b|c|d|16\n".encode()
    early = f"{EPOCH // SECOND - 900}|n1-77.1|{PLAIN}|NONE|ABANDON|1|1|1\n".encode()
    junk = [b"\0\xff" * 40 + b"\n", b"x" * (3 * LONGEST) + b"\n", b"12|half\n", b"\n", late, early]
    for number, one in enumerate(junk):
        rows.insert(3 + 4 * number, one)
    path = tmp_path / "queue_log"
    path.write_bytes(b"".join(rows) + b"1795000000|n1-0.1|NONE|NONE|CCTE")
    with Store.open(tmp_path / "store") as store:
        done = taken([path], store)
        all_equal(whole(moments), told(store))
    assert done.odd == {
        "a row that is none of queue_log": 2, "a row that is too long": 1, "a last row without its end": 1,
        "a line of the future": 1, "a line of a call whose beginning is not there": 1,
        "a line earlier than those before it (taken all the same)": 1,
    }  # fmt: skip
    gzip_path = tmp_path / "queue_log.1.gz"
    gzip_path.write_bytes(gzip.compress(b"".join(rows))[:-20])
    with Store.open(tmp_path / "other") as store:
        assert taken([gzip_path], store).odd["a packed file that is damaged (queue_log.1.gz)"] == 1
    many = f"{EPOCH // SECOND}|n1-0.1|{PLAIN}|a|RINGNOANSWER|1000\n" * 12_000
    path.write_text(f"{EPOCH // SECOND}|n1-0.1|{PLAIN}|NONE|ENTERQUEUE||1|1\n" + many)
    with Store.open(tmp_path / "third") as store:
        assert taken([path], store).odd == {"a line too many of one call": 2001}


@settings(max_examples=80, deadline=None)
@given(st.lists(st.text(alphabet='0123456789|\n\rCTENRYabc.-,"\t;٣', max_size=60), max_size=8))
def test_any_text(rows):
    """Whatever a file holds, its import ends, and adds no call that the log does not begin."""
    with TemporaryDirectory() as folder, Store.open(Path(folder) / "store") as store:
        path = Path(folder) / "queue_log"
        path.write_text("\n".join(rows))
        taken([path], store, UTC)
        assert [record for record in store.calls() if record.project] == []


def test_a_pause_that_nobody_ended_hides_no_later_one(tmp_path):
    """Capture ended in a wrap-up; the log has its end, and the lunch after it."""
    moments = day([(0, 0)])
    (tmp_path / "queue_log").write_text(lines(moments))
    paused = next(k for k, moment in enumerate(moments) if b"wrap-up" in moment.event)
    with Store.open(tmp_path / "store") as store:
        heard(store, moments[: paused + 2])
        taken([tmp_path / "queue_log"], store)
        all_equal(whole(moments), told(store))


def test_a_moment_is_told_once(tmp_path):
    """A wrap-up that ends as it begins lies after the second its lines name; two pauses, one after the other, stay two."""
    text = "".join(
        line(EPOCH + at * SECOND, "NONE", "northwind.orders", "ivanova", *rest) + "\n"
        for at, *rest in ((36, "PAUSE", "wrap-up"), (36, "UNPAUSE"), (40, "PAUSE", "lunch"), (50, "PAUSE", "tea"), (60, "UNPAUSE"))
    )  # fmt: skip
    (tmp_path / "queue_log").write_text(text)
    with Store.open(tmp_path / "store") as store:
        at = EPOCH + 36_706_000
        exact = AgentInterval("n1", "ivanova", "wrap-up", Edge(at), Edge(at + 2000), "wrap-up")
        store.put_states([exact])
        for _ in range(2):
            taken([tmp_path / "queue_log"], store)
            found = [(one.reason, one.start.at - EPOCH, one.end.at - EPOCH) for one in store.states()]
            assert found == [
                ("wrap-up", 36_706_000, 36_708_000), ("lunch", 40 * SECOND, 50 * SECOND), ("tea", 50 * SECOND, 60 * SECOND),
            ]  # fmt: skip


def test_plain_queues_in_a_gap():
    """A call of a plain queue that lies in a gap of the events is told from its lines; a part of another call is not."""
    text = plain("100.5", (3, "NONE", "ENTERQUEUE", "", "600", 1), (9, "NONE", "ABANDON", 1, 1, 6))
    feeder = Feeder(Tracker("n1"))
    feeder.take(b"")
    feeder.take(BACKFILL + text.encode())
    (record,), _ = feeder.tracker.take(last=True)
    assert (record.call, record.project, record.outcome, record.ended.at) == (
        "n1-100.5",
        "",
        "abandoned",
        EPOCH + 9 * SECOND,
    )
    moments = day([(0, 0)])
    ours = Feeder(Tracker("n1"))
    ours.take(events(moments))
    expected = ours.tracker.take(last=True)[0]
    ours.take(b"")
    ours.take(BACKFILL + text.replace("|100.5|", f"|{expected[0].call}|").encode())
    assert ours.tracker.take(last=True)[0] == []


def test_only_days_of_the_log_are_read(tmp_path, monkeypatch):
    """However many days are sealed, a log is held against those alone that it tells of; what they have is not told
    again.
    """
    path = tmp_path / "queue_log"
    path.write_text("".join(f"{one.line}\n" for one in day([(0, 0)]) if one.line))
    with Store.open(tmp_path / "calls.sqlite") as store:
        assert taken([path], store).kept_calls == 1
        (call,) = store.calls()
        others = [Edge(call.entered.at + days * 86_400 * SECOND) for days in (-3, -2, 2, 3)]
        store.put(replace(call, call=f"n1-{at.at}.1", entered=at, ended=at) for at in others)
        assert len(seal(store, date(2100, 1, 1))) == 5
        read, real = set(), Days.read
        monkeypatch.setattr(Days, "read", lambda self, day: (read.add(day), real(self, day))[1])
        assert taken([path], store).kept_calls == 0
    assert read == {call.entered.at // (86_400 * SECOND)}
