"""The switch's own records in a database's table: whatever its shape, a gap and what is owed are told as from a file."""

import csv
import sqlite3
from collections import Counter
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from cctoolkit.capture import channel_events, log_table, own_records, table_following
from cctoolkit.capture.audited import Span
from cctoolkit.capture.database import LogTable
from cctoolkit.capture.database_sqlite import Sqlite
from cctoolkit.capture.following import OwnFollower
from cctoolkit.capture.lines import SECOND, parse
from cctoolkit.capture.own_audit import of_rows
from cctoolkit.capture.own_calls import record, together
from cctoolkit.capture.own_filling import OwnFilling
from cctoolkit.capture.own_records import row_of
from cctoolkit.capture.rotated import Here
from cctoolkit.capture.table_following import CDR, CEL, OwnTable
from cctoolkit.cdr.address import parse_url

OWN = Path(__file__).parent / "own"
CALLS, EVENTS = OWN / "cdr-22.10.1.csv", OWN / "cel-22.10.1.csv"
NAMES = (*own_records.COLUMNS, "uniqueid", "userfield", "peeraccount", "linkedid", "sequence")
BEGAN, NOW = 1_795_967_145 * SECOND, 1_795_970_000 * SECOND
NUMBERS = {"ANSWERED": 8, "BUSY": 4, "NO ANSWER": 0, "FAILED": 2}


@pytest.fixture(autouse=True)
def now(monkeypatch):
    """It is soon after the rows were recorded."""
    monkeypatch.setattr(table_following, "now_us", lambda: NOW)


def written(path, name, rows):
    """Make a table of rows, each a cell by its column; return where it is."""
    columns = list(rows[0])
    named = ", ".join(f"`{one}`" for one in columns)
    with sqlite3.connect(path) as database:
        database.execute(f"CREATE TABLE IF NOT EXISTS {name} ({named})")
        places = ", ".join("?" * len(columns))
        database.executemany(f"INSERT INTO {name} VALUES ({places})", [[row[one] for one in columns] for row in rows])
    database.close()
    return LogTable(path, ZoneInfo("UTC"), name)


def rows_of(path, names):
    with path.open(newline="") as file:
        return [dict(zip(names, cells, strict=True)) for cells in csv.reader(file)]


def local(text):
    if not text:
        return "0000-00-00 00:00:00"
    moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return f"{moment.astimezone(ZoneInfo('Europe/Moscow')):%Y-%m-%d %H:%M:%S}"


def epoch(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) if text else None


def pgsql(row):
    """Return a row as cdr_pgsql has it in columns of the widest types."""
    numbers = {name: f"{row[name]}.5" for name in ("duration", "billsec")}
    return {"calldate": row["start"], **{name: row[name] for name in NAMES if name != "start"}, **numbers}


def ended(row):
    """Return a row of a table that somebody gave the end, and not the answer."""
    return {name: cell for name, cell in row.items() if name != "answer"}


def freepbx(row):
    own = {name: row[name] for name in NAMES if name not in ("start", "answer", "end")}
    return {"calldate": local(row["start"]), **own, "did": "", "recordingfile": "", "cnum": ""}


def numbers(row):
    moments = {name: epoch(row[name]) for name in ("start", "answer", "end")}
    return {**row, **moments, "disposition": NUMBERS[row["disposition"]]}


def zeros(row):
    return {**row, **{name: local(row[name]) for name in ("start", "answer", "end")}}


def told(rows):
    """Return what rows tell, but for seconds, which a table that counts them has not exactly."""
    calls = together(row for line in rows if (row := row_of(line)))
    return sorted(
        (one.call, one.caller, one.number, one.outcome, [(p.endpoint, p.outcome) for p in one.parties])
        for one in (record(call, "n1") for call in calls)
    )


def of_file(path, reader):
    readers = (reader(None, Counter(), lambda: NOW) for _ in range(2))
    return OwnFollower(lambda: nullcontext(Here(path)), *readers)


@pytest.mark.parametrize("shape", [dict, pgsql, ended, freepbx, numbers, zeros])
@pytest.mark.parametrize("since", [BEGAN, BEGAN + 10 * SECOND])
def test_every_shape_of_calls(tmp_path, shape, since):
    """Moments or seconds, local or not, zeros, fractions and numbers for words: the rows tell of a gap what the file's tell,
    beside another table of the same database, and again when they are read again.
    """
    table = written(tmp_path / "db", "cdr", [shape(row) for row in rows_of(CALLS, NAMES)])
    written(tmp_path / "db", "queue_log", [dict.fromkeys(("time", "callid", "queuename", "agent", "event"), "x")])
    zone = ZoneInfo("Europe/Moscow" if shape in (freepbx, zeros) else "UTC")
    follow = OwnTable(LogTable(table.database, zone, "cdr"), CDR, "n1")
    expected = told(parse(of_file(CALLS, own_records.Reader)(since)))
    assert len(expected) > 10
    for _ in range(2):
        assert told(parse(follow(since))) == expected
    assert (follow(0), follow.odd) == ("", {})


def test_the_shapes_of_channels_events(tmp_path):
    """The epoch's seconds or local ones, with microseconds, and the names that a sample gives its columns: the rows are the
    file's. Whole seconds are counted, in every gap as often as it has them.
    """
    rows = rows_of(EVENTS, channel_events.COLUMNS)
    since = round(float(rows[40]["eventtime"]) * SECOND)
    expected = of_file(EVENTS, channel_events.Reader)(since)

    def of(name, made):
        return OwnTable(written(tmp_path / name, "cel", [made(row) for row in rows]), CEL, "n1")

    def texts(row):
        return {**row, "eventtime": f"{datetime.fromtimestamp(float(row['eventtime']), UTC):%Y-%m-%d %H:%M:%S.%f}"}

    def sample(row):
        own = {"cidnum": row["cid_num"], "eventextra": row["extra"]}
        return own | {name: cell for name, cell in row.items() if name not in ("cid_num", "extra")}

    for name, made in (("epoch", dict), ("texts", texts), ("sample", sample)):
        assert sorted(of(name, made)(since).splitlines()) == sorted(expected.splitlines()), name
    whole = of("whole", lambda row: {**row, "eventtime": texts(row)["eventtime"][:19]})
    for _ in range(2):
        assert whole(since) == ""
        assert list(whole.odd) == ["a row that is none of CEL as the site says it is, or without microseconds"]
        assert 100 < whole.odd.total() < len(rows)


def row(start, end, number, linked=0, **more):
    """Return a row that FreePBX would write of a call, or of a part of one that was linked."""
    id_ = f"n1-{start}.{number}"
    own = {"calldate": f"{datetime.fromtimestamp(start, UTC):%Y-%m-%d %H:%M:%S}", "duration": end - start, "billsec": 0}
    own |= {"channel": f"PJSIP/trunk-{number}", "dstchannel": f"PJSIP/201-{number}", "uniqueid": id_}
    own |= {"linkedid": linked or id_, "disposition": "BUSY", "src": "7", "dst": "201", "dcontext": "office"}
    return own | {"lastapp": "Dial", "lastdata": "PJSIP/201"} | more


@pytest.fixture
def counted(monkeypatch):
    """Count the rows that are read, halving a table to the last row."""
    monkeypatch.setattr(log_table, "_PIECE", 1)
    count, real = Counter(), own_records.Reader.of
    monkeypatch.setattr(own_records.Reader, "of", lambda self, cells: (count.update(rows=1), real(self, cells))[1])
    return count


@pytest.mark.parametrize("indexed", [False, True])
def test_only_what_is_needed_is_read(tmp_path, counted, indexed, monkeypatch):
    """Of months of rows the last day is read for a gap, since a row has the time of its call's beginning: so a call that
    lasted for hours is told. What is owed is read from the beginning of its call on. Rows that have numbers alone were
    written up to a day later, and another day of them is read.
    """
    real = Sqlite.table
    leads = {"calldate": indexed}
    monkeypatch.setattr(
        Sqlite,
        "table",
        lambda self, name: (name, [replace(o, leads=leads.get(o.name, o.leads)) for o in real(self, name)[1]]),
    )
    now, more = NOW // SECOND, 0 if indexed else 24
    days = [row(at, at + 30, at % 10_000) for at in range(now - 90 * 86_400, now - 600, 3600)]
    long = row(now - 20 * 3600, now - 60, 1)
    asked = row(now - 20 * 3600 + 5, now - 20 * 3600 + 9, 2, long["uniqueid"])
    # It stands behind them, and is of before.
    longer = row(now - 40 * 3600, now - 17 * 3600, 4)
    after = [one for one in days if one["calldate"] > longer["calldate"]][24:]
    rows = [*days[: -len(after)], asked, longer, *after, long, row(now - 100, now - 50, 3, long["uniqueid"])]
    follow = OwnTable(written(tmp_path / "db", "cdr", rows), CDR, "n1")
    assert {one.call for one in parse(follow((now - 90) * SECOND))} == {long["uniqueid"]}
    assert 20 < counted["rows"] - more < 32
    counted.clear()
    assert follow.of({long["uniqueid"]: (now - 60) * SECOND}).count("\n") == 3
    assert 20 < counted["rows"] - more < 32
    counted.clear()
    assert follow.of({days[-1]["uniqueid"]: (now - 600) * SECOND}).count("\n") == 1
    assert 0 < counted["rows"] < 10 + more


def test_an_hour_that_comes_twice(tmp_path, counted):
    """In autumn the rows of the second hour have times of the first: they are read, and told as of the second."""
    second = 1_792_891_800  # 02:30 CET, 25 October 2026
    rows = [row(at, at + 5, at % 10_000) for at in range(second - 4 * 3600, second + 1200, 60)]
    for one in rows:
        at = int(one["uniqueid"].split("-")[1].split(".")[0])
        one["calldate"] = f"{datetime.fromtimestamp(at, ZoneInfo('Europe/Warsaw')):%Y-%m-%d %H:%M:%S}"
    table = written(tmp_path / "db", "cdr", rows)
    # Asked for as rows of channels' events are, which have the time at which they are written.
    follow = OwnTable(LogTable(table.database, ZoneInfo("Europe/Warsaw"), "cdr"), replace(CDR, late=0), "n1")
    found = list(parse(follow(second * SECOND)))
    assert [line.at // SECOND for line in found] == [at + 5 for at in range(second, second + 1200, 60)]
    assert counted["rows"] < len(rows)
    names = ("eventtime", "eventtype", "uniqueid")
    events = channel_events.Reader(ZoneInfo("Europe/Warsaw"), Counter(), lambda: NOW, names)
    assert events.of(["2026-10-25 02:30:00.25", "HANGUP", f"n1-{second - 60}.1"]).at == second * SECOND


def test_hostile_rows(tmp_path):
    """NULL, line breaks that would begin a line of their own, the future, no id, megabytes: counted by kind once a gap, and
    the other rows are told; those of another node are not ours.
    """
    now = NOW // SECOND
    good, forged = row(now - 60, now - 50, 1), f"x\n{now}|n1-1.1|a|b|CDR|n1-1.1|1|0|ANSWERED|1|2|office|Dial|"
    bad = [
        dict.fromkeys(good), row(now - 60, now + 60, 2), good | {"uniqueid": "x"}, good | {"channel": "y" * 1_000_000},
        row(now - 60, now - 40, 3, src=forged, lastdata="z" * 1_000_000),
    ]  # fmt: skip
    theirs = good | {"uniqueid": f"n1-b{good['uniqueid'][2:]}", "linkedid": ""}
    follow = OwnTable(written(tmp_path / "db", "cdr", [*bad, theirs, good]), CDR, "n1")
    for _ in range(2):
        found = [row_of(line).uniqueid for line in parse(follow((now - 70) * SECOND))]
        assert found == [bad[4]["uniqueid"], good["uniqueid"]]
        assert follow.odd == {
            "a row of CDR without a unique id: nobody can say of which call it is (loguniqueid of cdr.conf)": 2,
            "a row of CDR of the future, or that ends before it begins": 1,
            "a row of CDR with a field that is too long": 1,
        }


CALLS_NEED = "calldate or start, channel, uniqueid"
EVENTS_NEED = "eventtime, eventtype, channame, uniqueid, linkedid, extra or eventextra"


@pytest.mark.parametrize(("form", "needed", "left_out"), [(CDR, CALLS_NEED, "start"), (CEL, EVENTS_NEED, "extra")])
def test_what_cannot_be_read(tmp_path, form, needed, left_out, unused_tcp_port):
    """A database that is away, and a table that is another or has not what is needed, is an OSError that says what to do."""
    away = parse_url(f"mysql://cct@127.0.0.1:{unused_tcp_port}/x", "table", "the test")
    with pytest.raises(ConnectionError, match="cannot be reached"):
        OwnTable(LogTable(away, None, "cdr"), form, "n1")(BEGAN)
    columns = ("start", "channel", "uniqueid", "eventtime", "eventtype", "channame", "linkedid", "extra")
    table = written(tmp_path / "db", "whole", [dict.fromkeys(columns)])
    written(tmp_path / "db", "calls", [dict.fromkeys({*columns} - {left_out})])
    for name in ("calls", "others"):
        with pytest.raises(
            OSError, match=f"no table of {form.log} called {name}; a table with {needed} and the rest, "
        ):
            OwnTable(LogTable(table.database, None, name), form, "n1")(BEGAN)
    assert OwnTable(LogTable(table.database, None, "whole"), form, "n1")(BEGAN) == ""


def test_a_day_in_a_table(tmp_path):
    """The audit reads all calls of a day, in whatever order they are: one that lasted for two days hides none."""
    day = NOW // SECOND // 86_400 * 86_400
    rows = [
        row(day + 60, day + 2 * 86_400, 1),
        row(day + 120, day + 130, 2),
        row(day + 3 * 86_400, day + 3 * 86_400 + 9, 3),
    ]
    lines = [
        line
        for one in rows
        if (line := own_records.Reader(None, Counter(), lambda: 1 << 60, [*one]).of([*map(str, one.values())]))
    ]
    found = of_rows(lines, "n1", Span(day * SECOND, (day + 86_400) * SECOND))
    assert [call.record.call for call in found.calls] == [rows[0]["uniqueid"], rows[1]["uniqueid"]]


async def test_what_is_away_is_waited_for_together():
    """A gap asks for all records at once: two databases that are away hold events back no longer than one."""
    both = Barrier(2, timeout=10)

    class Away:
        def __init__(self):
            self.odd = Counter()

        def __call__(self, _since):
            both.wait()
            raise ConnectionError("away")

    said = []
    filling = OwnFilling(None, said.append)
    filling.followers = {"cdr": Away(), "cel": Away()}
    assert await filling.lines(BEGAN) == ""
    assert sorted(text[:18] for text in said) == ["cdr cannot be read", "cel cannot be read"]
