"""The switch's own call records: rows as Asterisk 22.10.1 wrote them on the lab, and rows that nobody should have written."""

import csv
from collections import Counter
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cctoolkit.capture.own_calls import record, together, untold
from cctoolkit.capture.own_records import Reader, Row, row_of
from cctoolkit.capture.story import Story
from cctoolkit.cdr.records import CallRecord, Edge, Party

RECORDED = Path(__file__).parent / "own"
NOW = 1_795_970_000_000_000


def reader(zone=None, columns=()):
    return Reader(zone, Counter(), lambda: NOW, columns)


def told(text, *more):
    """Return the records of a file's rows, in their order, and what was passed over."""
    reads = reader(*more)
    lines = [line for row in text.split("\n") if (line := reads.line(row))]
    calls = together(row for line in lines if (row := row_of(line)))
    return [record(rows, "n1") for rows in calls], dict(reads.odd)


def parties(one):
    return [(party.how, party.endpoint.removeprefix("PJSIP/"), party.outcome) for party in one.parties]


FIRST, LINE = ("dial", "201", "answered"), "79160000001"
CALLS = [
    # tests/live/exchange.py, STORIES in their order
    (LINE, "answered", [FIRST]),
    (LINE, "not_answered", [("dial", "201", "busy")]),
    (LINE, "not_answered", [("dial", "201", "no_answer")]),
    (LINE, "answered", [FIRST, ("transfer", "202", "answered")]),
    (LINE, "answered", [FIRST]),
    ("201", "answered", [("dial", "202", "answered")]),  # a consultation by itself
    (LINE, "answered", [FIRST, ("transfer", "202", "answered")]),
    (LINE, "answered", [FIRST, ("dial", "203", "answered")]),
    (LINE, "answered", [FIRST, ("dial", "203", "busy")]),
    (LINE, "answered", [FIRST, ("dial", "203", "answered")]),
    (LINE, "answered", [FIRST, ("dial", "203", "answered")]),
    (LINE, "answered", [FIRST, ("dial", "203", "answered")]),
    (LINE, "answered", [FIRST, ("dial", "204", "answered")]),  # picked up, which rows do not tell
    (LINE, "answered", [("dial", "201", "no_answer"), ("dial", "204", "answered")]),
    (LINE, "answered", [("conference", "room", "answered")]),
    ("203", "answered", [("conference", "room", "answered")]),
    (LINE, "answered", [("dial", "202", "answered")]),
    ("204", "ended_in_flow", []),  # listens in
    (LINE, "answered", [("queue", "202", "answered"), ("queue", "203", "no_answer"), ("transfer", "204", "answered")]),
    (LINE, "not_answered", [("queue", "202", "no_answer"), ("queue", "203", "no_answer")]),
    ("204", "answered", [("dial", "202", "answered"), ("dial", "203", "no_answer")]),
    (LINE, "answered", [FIRST, ("pickup", "203", "answered")]),
    ("201", "answered", [("dial", "202", "answered"), ("transfer", "203", "answered")]),
    ("201", "answered", [("dial", "202", "answered"), ("dial", "203", "answered")]),
]


def test_recorded():
    """Calls answered, refused, given up, transferred in every way, picked up, conferred about, parked and queued are a
    record a customer, with all who took part.
    """
    found, odd = told((RECORDED / "cdr-22.10.1.csv").read_text())
    assert odd == {}
    found.sort(key=lambda one: (one.entered.at, int(one.call.rpartition(".")[2])))
    rows = [(one.caller, one.outcome, sorted(parties(one), key=lambda party: party[1])) for one in found]
    expected = [(caller, outcome, sorted(who, key=lambda party: party[1])) for caller, outcome, who in CALLS]
    assert rows == expected
    assert {one.ended.source for one in found} == {one.entered.source for one in found} == {"cdr"}
    parked = found[21]
    assert (parked.ended.at - parked.entered.at, parked.call) == (3_000_000, "n1-1795967162.65")


ROW = (RECORDED / "cdr-22.10.1.csv").read_text().splitlines()[0]
CELLS = next(csv.reader([ROW]))


def test_columns():
    """The same call is told of 16 columns and unique id, of all orders of cdr_csv, of cdr_custom's sample, of columns
    that the site names, and of a table's, which has seconds in place of moments.
    """
    (whole,), _ = told(ROW)
    head, own = ROW.rsplit(",", 5)[0], CELLS[16]
    custom = (RECORDED / "cdr-custom-22.10.1.csv").read_text().splitlines()[0]
    table = f"{own},{CELLS[5]},{CELLS[6]},{CELLS[9]},0,0,ANSWERED,{LINE},201,office,Dial"
    names = (
        "uniqueid",
        "channel",
        "dstchannel",
        "calldate",
        "duration",
        "billsec",
        "disposition",
        "src",
        "dst",
        "dcontext",
    )
    for text, more in (
        (f"{head},{own}", ()),
        (f'{head},{own},"of a user"', ()),
        (f'{head},{own},"",{own},2', ()),
        (custom, ()),
        (table, (None, (*names, "lastapp"))),
    ):
        assert told(text, *more) == ([whole], {}), text
    without = "a row of CDR without a unique id: nobody can say of which call it is (loguniqueid of cdr.conf)"
    for text in (head, f'{head},"of a user"', f'{head},"",{own},2'):
        assert told(text) == ([], {without: 1})


def test_without_linkedid():
    """Without linkedid what shares a channel is one call; a phone that takes a parked call back has a call of its own."""
    rows = [row.rsplit(",", 3)[0] for row in (RECORDED / "cdr-22.10.1.csv").read_text().splitlines()]
    found, odd = told("\n".join(rows))
    assert odd == {}
    assert {one.call for one in told((RECORDED / "cdr-22.10.1.csv").read_text())[0]} <= {one.call for one in found}


@pytest.mark.parametrize(("zone", "hours"), [("Europe/Moscow", 3), ("America/New_York", -5)])
def test_local_times(zone, hours):
    """Rows in the switch's time zone tell the same when it is named; when nobody says so they are counted, and not told."""
    local = ROW.replace("2026-11-29 15:", f"2026-11-29 {15 + hours}:")
    assert told(local, ZoneInfo(zone))[0] == told(ROW)[0]
    wrong = "a row of CDR whose times are not of its time zone (time_zone in the site)"
    assert told(local) == ([], {wrong: 1})
    assert told(ROW, ZoneInfo("Asia/Tokyo")) == ([], {wrong: 1})


def test_an_hour_that_comes_twice():
    """In autumn a row is of the hour its channel was made in."""
    first, second = 1_792_888_200, 1_792_891_800  # 02:30 CEST and CET, 25 October 2026
    for made in (first, second):
        row = ROW.replace("2026-11-29 15:45:45", "2026-10-25 02:30:00").replace("1795967145", str(made))
        (found,), _ = told(row, ZoneInfo("Europe/Warsaw"))
        assert found.entered.at == found.ended.at == made * 1_000_000


NONE = "a row that is none of CDR (cdr_log's columns say what it has)"
LATE = "a row of CDR of the future, or that ends before it begins"


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ("rubbish", NONE),
        ("\0" * 40, NONE),
        (ROW.replace('"office"', '"off"ice"'), NONE),
        (ROW[:-40], NONE),
        (ROW.replace("PJSIP/trunk-00000000", "A" * 300), "a row of CDR with a field that is too long"),
        (ROW.replace("15:45:45", "15:45:99"), "a row of CDR whose times are none"),
        (ROW.replace("2026-11-29", "2027-11-29").replace("1795967145", "1827503145"), LATE),
        (ROW.replace(',"2026-11-29 15:45:45",0', ',"2026-11-29 15:45:40",0'), LATE),
    ],
)
def test_hostile_rows(row, kind):
    """What is no row, and what cannot be true, is counted by kind and told to nobody; the next row is read."""
    found, odd = told(f"{row}\n{ROW}")
    assert odd == {kind: 1}
    assert found == told(ROW)[0]


def test_a_caller_who_writes_rows():
    """What a caller is called parts neither a row nor a line, and begins no call but theirs."""
    (found,), odd = told(ROW.replace(f'"{LINE}"', '"7|9,""1\0\r"'))
    assert odd == {}
    assert (found.caller, found.call) == ('79,"1', "n1-1795967145.2")


@pytest.mark.parametrize("ended", [None, Edge(9_200_000, "ami")])
def test_two_phones_of_one_endpoint(ended):
    """An endpoint with two contacts rings both: each channel's rows are of the party whose channel it is, whether or not
    anybody told that the first one stopped.
    """
    phones = (
        Party(
            "n1-3.2",
            "PJSIP/201",
            "",
            "dial",
            Edge(3_100_000, "ami"),
            None,
            ended,
            "no_answer" if ended else "unfinished",
        ),
        Party("n1-3.3", "PJSIP/201", "", "dial", Edge(3_200_000, "ami")),
    )
    kept = CallRecord("n1-0.1", "n1", "", "", "", "200", LINE, Edge(200_000, "ami"), parties=phones)
    of = ("office", "Dial", "")
    rows = [
        Row("n1-0.1", "n1-0.1", "PJSIP/trunk-1", "PJSIP/201-2", 3_000_000, 0, 9_000_000, "NO ANSWER", LINE, "200", *of),
        Row("n1-0.1", "n1-0.1", "PJSIP/trunk-1", "PJSIP/201-3", 3_000_000, 9_000_000, 50_000_000, "ANSWERED", LINE, "200", *of),
    ]  # fmt: skip
    story = Story(kept)
    for said in untold(kept, rows, {}, 0):
        story.take(said)
    found = [(one.channel, one.outcome, one.ended.at // 1_000_000) for one in story.record.parties]
    assert found == [("n1-3.2", "no_answer", 9), ("n1-3.3", "answered", 50)]
