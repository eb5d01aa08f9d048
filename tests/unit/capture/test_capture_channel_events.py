"""The switch's log of its channels' events: rows as Asterisk 22.10.1 wrote them on the lab, and gaps filled from them."""

import csv
import io
import json
from collections import Counter
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cctoolkit.capture import own_records
from cctoolkit.capture.channel_events import COLUMNS, Reader, happened
from cctoolkit.capture.feeder import BACKFILL, Feeder
from cctoolkit.capture.following import Recent
from cctoolkit.capture.lines import line_of
from cctoolkit.capture.snapshot import State, decoded, encoded
from cctoolkit.capture.tracker import Tracker
from cctoolkit.cdr.records import Edge
from tests.live.exchange import STORIES, rings_out
from tests.live.test_exchange import BESIDE, EXPECTED, told
from tests.unit.capture.made_calls import SECOND, event
from tests.unit.capture.test_capture_own_told import BEFORE, EVENTS, WHOLE, B, listing, moment
from tests.unit.capture.test_capture_own_told import told as heard

RECORDED = (Path(__file__).parent / "own/cel-22.10.1.csv").read_text()
ROW = next(row for row in RECORDED.splitlines() if "PJSIP/trunk" in row)


def reader(zone=None, columns=()):
    return Reader(zone, Counter(), lambda: 1_795_970_000 * SECOND, columns)


def lines(text, *more):
    reads = reader(*more)
    return [line for row in text.split("\n") if (line := reads.line(row))], dict(reads.odd)


def chunk(found):
    return BACKFILL + "".join("|".join(line.fields) + "\n" for line in found).encode()


def test_recorded():
    """Calls that phones answer, refuse, transfer in any way, pick up, park or confer about are told from rows alone as from
    events, to the microsecond; what a queue says, and that a phone holds, no row does.
    """
    found, odd = lines(RECORDED)
    assert odd == {}
    feeder = Feeder(Tracker("n1"))
    feeder.take(event("Newstate", found[0].at - SECOND, Uniqueid="x"))
    feeder.take(b"")
    feeder.take(chunk(found))
    feeder.take(event("CoreShowChannelsComplete", found[-1].at + SECOND))
    calls = [record for record in feeder.tracker.take(last=True)[0] if not record.joined]
    calls.sort(key=lambda record: int(record.call.rpartition(".")[2]))
    assert all(record.ended and record.ended.source == "cel" for record in calls)
    records = iter(calls)
    for story in STORIES[: STORIES.index(rings_out)]:  # What happened when they were recorded.
        record, name = next(records), story.__name__
        who = sorted(told(record)[2], key=lambda party: party[1])
        if name == "consulted":
            assert who == [("dial", "201", "answered")]
            assert told(next(records))[2] == [("dial", "202", "answered")]
        elif name == "gives_up_in_queue":
            assert who == EXPECTED[name][2]
        else:
            assert (*told(record)[:2], who, told(record)[3]) == EXPECTED[name][:4], name
        for caller in BESIDE.get(name, []):
            assert next(records).caller == caller
    assert list(records) == []


SAME = {
    "Newchannel": "CHAN_START", "Newstate": "ANSWER", "Hangup": "HANGUP", "BridgeEnter": "BRIDGE_ENTER", "BridgeLeave": "BRIDGE_EXIT",
}  # fmt: skip


def rows():
    """Return a row for each event that has one, a millisecond before it, and for the phone's answer."""
    written = io.StringIO()
    for at, event_name, headers in EVENTS:
        name, of = event_name, headers
        if headers.get("DialStatus") == "ANSWER":
            name, of = "Newstate", {"Uniqueid": B, "Linkedid": headers["Linkedid"], "Channel": "PJSIP/201-2"}
        if name in SAME:
            more = {"bridge_id": of.get("BridgeUniqueid", "")} if "Bridge" in name else {}
            if name == "Hangup":
                more = {
                    "hangupcause": 127 if of["Cause"] == "19" else int(of["Cause"]),
                    "hangupsource": "",
                    "dialstatus": "ANSWER",
                }
            micros = moment(at) - 1000
            number = of.get("CallerIDNum") or of["Channel"][6:9]
            cells = {
                "eventtype": SAME[name], "eventtime": f"{micros // SECOND}.{micros % SECOND:06}", "cid_num": number, "context": "office",
                "exten": of.get("Exten", ""), "channame": of["Channel"], "uniqueid": of["Uniqueid"], "linkedid": of["Linkedid"],
                "extra": json.dumps(more) if more else "",
            }  # fmt: skip
            csv.writer(written, lineterminator="\n").writerow(cells.get(name, "") for name in COLUMNS)
    return written.getvalue()


ROWS = lines(rows())[0]


def over(first, last):
    """Return the chunks of all but the events from `first` until before `last`, with all rows there are."""
    up = [] if last == len(EVENTS) else [EVENTS[0][2]["Uniqueid"]]
    end = EVENTS[last - 1][0] + 0.05
    at_once = heard(EVENTS[last : last + 1]) or event("Reload", moment(end))
    return [BEFORE + heard(EVENTS[:first]), b"", at_once, chunk(ROWS), heard(EVENTS[last + 1 :]) + listing(end, up)]


def fold(chunks, feeder=None):
    feeder = feeder or Feeder(Tracker("n1"))
    calls = {}
    for one in chunks:
        feeder.take(one)
        calls |= {record.call: record for record in feeder.tracker.take()[0]}
    return feeder, calls


@pytest.mark.parametrize("first", range(len(EVENTS)))
def test_any_gap(first):
    """Whatever was not heard of a call, and whatever was both heard and written, its record is that of all its events; each
    moment is where it was, to a few milliseconds, and says who told it.
    """
    for last in range(first + 1, len(EVENTS) + 1):
        (found,) = fold(over(first, last))[1].values()
        assert (found.caller, found.number, found.outcome, found.hung_up_by) == (
            WHOLE.caller,
            WHOLE.number,
            WHOLE.outcome,
            WHOLE.hung_up_by,
        )
        for mine, theirs in zip((found, *found.parties), (WHOLE, *WHOLE.parties), strict=True):
            assert getattr(mine, "endpoint", "") == getattr(theirs, "endpoint", "")
            assert mine.outcome == theirs.outcome
            for name in ("entered", "rang", "answered", "ended"):
                edge, exact = getattr(mine, name, None), getattr(theirs, name, None)
                assert (edge is None) == (exact is None)
                if isinstance(edge, Edge):
                    assert abs(edge.at - exact.at) <= (200_000 if name in ("rang", "ended") else 2000), (
                        first,
                        last,
                        name,
                    )
                    # Of the first event after the gap the row may have been read first.
                    assert edge.source == "ami" or edge.at <= moment(EVENTS[min(last, len(EVENTS) - 1)][0])


@pytest.mark.parametrize("heard_first", [True, False])
def test_what_is_both_heard_and_written(heard_first):
    """A transfer that is the last that was heard before a gap, or the first after it, and stands in a row too, is one."""
    transfer = {"TransfererUniqueid": B, "TransfererChannel": "PJSIP/201-2", "Extension": "203", "Result": "Success"}
    told_of = heard([(30, "BlindTransfer", transfer)])
    micros = moment(30) - 1000
    more = '{""extension"":""203""}'
    row = f'BLINDTRANSFER,{micros // SECOND}.{micros % SECOND:06},,,,,,,office,PJSIP/201-2,,,,,{B},{B},,,,"{more}"'
    found, odd = lines(row)
    assert odd == {}
    before, after = heard(EVENTS[:11]), heard(EVENTS[11:])
    gap = [told_of, b""] if heard_first else [b"", told_of]
    (record,) = fold([BEFORE + before, *gap, chunk(found), after + listing(70, [])])[1].values()
    assert [one.number for one in record.transfers] == ["203"]
    assert [one.at.source for one in record.transfers] == ["ami" if heard_first else "cel"]


@pytest.mark.parametrize("swapped", [False, True])
def test_a_caller_who_gives_up(swapped):
    """Of a phone whose caller gave up the switch says nothing itself; the caller's own end does, whichever stands first."""
    names = "PJSIP/trunk-00000004", "PJSIP/201-00000005"
    found = [line for line in LINES if line.queue in names]
    ends = [line for line in found if "HANGUP" in line.fields]
    assert len(ends) == 2
    if swapped:
        (first, last), at = ends, [line.fields[5] for line in ends]
        moved = [
            tuple(at[1 - i] if n == 5 else cell for n, cell in enumerate(line.fields))
            for i, line in enumerate((first, last))
        ]
        found = [line for line in found if line not in ends]
        found += [line for one in moved if (line := line_of("|".join(one)))]
    start = event("Newstate", found[0].at - SECOND, Uniqueid="x")
    (record,) = fold([start, b"", chunk(found), event("CoreShowChannelsComplete", found[-1].at + SECOND)])[1].values()
    assert (record.outcome, record.hung_up_by) == ("not_answered", "caller")
    assert [party.outcome for party in record.parties] == ["cancelled"]


def test_restarts():
    """A restart at any chunk, from a snapshot or from the journal, tells the same to the byte."""
    chunks = over(4, 9)
    whole = fold(chunks)[1]
    for cut in range(len(chunks)):
        before, calls = fold(chunks[:cut])
        restarted = decoded(encoded(State(0, 0, before))).feeder
        assert calls | fold(chunks[cut:], restarted)[1] == whole


def test_times():
    """Moments are the epoch's with microseconds, or local ones in a zone that is named."""
    (whole,), _ = lines(ROW)
    at = happened(whole).at
    stamp = f"{at // SECOND}.{at % SECOND:06}"
    local = f"2026-11-29 18:45:45.{at % SECOND:06}"
    assert lines(ROW.replace(stamp, local), ZoneInfo("Europe/Moscow")) == ([whole], {})
    kind = "a row that is none of CEL as the site says it is, or without microseconds"
    for text in (local, stamp.partition(".")[0], "yesterday"):
        assert lines(ROW.replace(stamp, text)) == ([], {kind: 1})
    assert lines(f"rubbish\n\0\0\n{ROW}") == ([whole], {kind: 2})
    assert lines(ROW.replace("PJSIP/trunk", "A" * 3000))[1] == {"a row of CEL with a field that is too long": 1}
    assert lines(ROW.replace(stamp, f"{at // SECOND + 10**8}.000000"))[1] == {"a row of CEL of the future": 1}


def test_hostile_fields():
    """What a caller is called, and what stands in a row's extra, begins no header and no line of its own."""
    (line,), _ = lines(ROW.replace('"79160000001"', '"7|1\r,""x"') + "\r")
    assert happened(line).number == '71,"x'
    (line,), _ = lines(
        ROW.replace('""\n', "").rpartition(",")[0] + ',"{""bridge_id"":""b\\r\\nEvent: Hangup"",""n"":3}"'
    )
    assert happened(line).more == {"bridge_id": "bEvent: Hangup", "n": "3"}
    (line,), _ = lines(ROW.rpartition(",")[0] + ',"{""a"":[1]}"')
    assert happened(line).more == {}


def test_memory():
    """Of a log only the rows of the gap are remembered, and none once it is told; at a first start none at all."""
    recent = Recent(since=ROWS[5].at)
    for line in ROWS:
        recent.take(line)
    assert recent.text(only_live=False).count("\n") == len(
        [line for line in ROWS if line.at >= ROWS[5].at - 2 * SECOND]
    )
    recent.settle()
    assert recent.text(only_live=False) == ""
    first = Recent()
    for line in ROWS:
        first.take(line)
    assert first.text(only_live=True) == ""


CALLS = (Path(__file__).parent / "own/cdr-22.10.1.csv").read_text()
LINES = lines(RECORDED)[0]
OWN = [line for row in CALLS.split("\n") if (line := own_records.Reader(None, Counter(), lambda: 1 << 60).line(row))]


@pytest.mark.parametrize("cut", range(20, len(LINES), 40))
def test_a_gap_that_another_one_overtakes(cut):
    """Nothing is heard between two gaps, but queue_log is read: rows of the first one wait for what is heard at last, and
    those that both have are told once.
    """
    line = f"{LINES[cut].at // SECOND}|x|support|PJSIP/9|ADDMEMBER|\n".encode()
    start = event("Newstate", LINES[0].at - SECOND, Uniqueid="x")
    end = event("CoreShowChannelsComplete", LINES[-1].at + SECOND)
    gaps = [chunk(LINES[: cut + 20]) + line, b"", chunk(LINES[cut:])]
    assert fold([start, b"", *gaps, end])[1] == fold([start, b"", chunk(LINES), end])[1]


@given(
    st.lists(st.tuples(st.sampled_from(LINES + OWN), st.integers(0, 13), st.text(max_size=8)), max_size=60),
    st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_rows_in_any_order_with_anything_in_them(found, late):
    """Rows lost, twice, out of order and with any field changed make no fold fail, and the next gap is told."""
    written = []
    for line, place, text in found:
        fields = list(line.fields)
        fields[place % len(fields)] = text.replace("\n", "") or fields[place % len(fields)]
        written.append("|".join(fields))
    feeder, began = Feeder(Tracker("n1")), min(line.at for line in LINES)
    feeder.take(event("Newstate", began - SECOND, Uniqueid="x"))
    for _ in range(2):
        if not late:
            feeder.take(b"")
        feeder.take(BACKFILL + "\n".join([*written, ""]).encode("utf-8", "replace"))
        feeder.take(event("CoreShowChannelsComplete", LINES[-1].at + SECOND))
    feeder.take(b"")
    feeder.take(chunk([line for line in LINES if line.call == LINES[-1].call]))
    feeder.take(event("CoreShowChannelsComplete", LINES[-1].at + 2 * SECOND))
    feeder.tracker.take(last=True)


@pytest.mark.parametrize("text", ["0001-01-01 00:00:00.5", "2026-11-29 10:00:00", "soon", ""])
def test_a_row_of_no_moment(text):
    """A date that no zone has, and one of whole seconds, is passed over and ends no capture."""
    odd = Counter()
    reader = Reader(ZoneInfo("Europe/Moscow"), odd, lambda: 1 << 60, ("eventtime", "eventtype", "uniqueid"))
    assert reader.line(f'"{text}","HANGUP","n1-1795000000.1"') is None
    assert odd.total() == 1
