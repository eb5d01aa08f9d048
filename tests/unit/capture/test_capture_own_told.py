"""Gaps of calls of a foreign dialplan, filled from the switch's own call records: only what nobody else told."""

from collections import Counter
from contextlib import nullcontext
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from cctoolkit.capture.feeder import BACKFILL, Feeder
from cctoolkit.capture.following import OwnFollower
from cctoolkit.capture.own_records import Reader
from cctoolkit.capture.rotated import Here
from cctoolkit.capture.snapshot import State, decoded, encoded
from cctoolkit.capture.tracker import Tracker
from tests.unit.capture.made_calls import EPOCH, SECOND, event, mark_event

A, B, C = (f"n1-{EPOCH // SECOND}.{count}" for count in (1, 2, 3))
"""The caller's channel, that of the phone that answers, and that of one that does not."""


def moment(seconds):
    return EPOCH + round(seconds * SECOND)


def channel(id_, name, **more):
    return {"Uniqueid": id_, "Linkedid": A, "Channel": name, "Context": "office", **more}


DIAL = {"Uniqueid": A, "Linkedid": A, "Channel": "PJSIP/trunk-1"}
EVENTS = [
    (0.2, "Newchannel", channel(A, "PJSIP/trunk-1", Exten="200", CallerIDNum="79160000001")),
    (3.1, "Newchannel", channel(C, "PJSIP/202-3", Exten="s")),
    (3.2, "DialBegin", {**DIAL, "DestUniqueid": C, "DestChannel": "PJSIP/202-3", "DestCallerIDNum": "202"}),
    (8.2, "DialEnd", {**DIAL, "DestUniqueid": C, "DialStatus": "NOANSWER"}),
    (8.3, "Hangup", channel(C, "PJSIP/202-3", Cause="19")),
    (8.4, "Newchannel", channel(B, "PJSIP/201-2", Exten="s")),
    (8.5, "DialBegin", {**DIAL, "DestUniqueid": B, "DestChannel": "PJSIP/201-2", "DestCallerIDNum": "201"}),
    (12.5, "DialEnd", {**DIAL, "DestUniqueid": B, "DialStatus": "ANSWER"}),
    (12.6, "Newstate", channel(A, "PJSIP/trunk-1", ChannelStateDesc="Up")),
    (12.7, "BridgeEnter", channel(B, "PJSIP/201-2", BridgeUniqueid="b")),
    (12.8, "BridgeEnter", channel(A, "PJSIP/trunk-1", BridgeUniqueid="b")),
    (60.1, "BridgeLeave", channel(B, "PJSIP/201-2", BridgeUniqueid="b")),
    (60.2, "Hangup", channel(B, "PJSIP/201-2", Cause="16")),
    (60.3, "BridgeLeave", channel(A, "PJSIP/trunk-1", BridgeUniqueid="b")),
    (60.4, "Hangup", channel(A, "PJSIP/trunk-1", Cause="16")),
]
UP = {A: (0, 14), C: (1, 4), B: (5, 12)}
"""Between which events each channel is there."""


def parties(record):
    return [(one.endpoint, one.outcome) for one in record.parties]


def row(start, answer, end, dest, disposition, **more):
    cells = {
        "src": "79160000001", "dst": "200", "dcontext": "office", "channel": "PJSIP/trunk-1", "dstchannel": dest, "lastapp": "Dial",
        "start": stamp(start), "answer": stamp(answer) if answer else "", "end": stamp(end), "disposition": disposition, "uniqueid": A,
        "linkedid": A, **more,
    }  # fmt: skip
    return ",".join(f'"{cell}"' for cell in cells.values())


def stamp(seconds):
    return f"{datetime.fromtimestamp(moment(seconds) // SECOND, UTC):%Y-%m-%d %H:%M:%S}"


NAMES = (
    "src",
    "dst",
    "dcontext",
    "channel",
    "dstchannel",
    "lastapp",
    "start",
    "answer",
    "end",
    "disposition",
    "uniqueid",
    "linkedid",
)
ROWS = [row(0.2, 0, 8.3, "PJSIP/202-3", "NO ANSWER"), row(8.3, 12.6, 60.4, "PJSIP/201-2", "ANSWERED")]


def lines(*rows):
    reader = Reader(None, Counter(), lambda: EPOCH + 3600 * SECOND, NAMES)
    return BACKFILL + "".join(f"{'|'.join(reader.line(one).fields)}\n" for one in rows).encode()


def told(events):
    return b"".join(event(name, moment(at), **headers) for at, name, headers in events)


def listing(at, up):
    entries = [
        event("CoreShowChannel", moment(at), Uniqueid=id_, Linkedid=A, Context="office", Channel="x") for id_ in up
    ]
    return b"".join([*entries, event("CoreShowChannelsComplete", moment(at))])


def entry(id_, linked, name, application, bridge="", **more):
    """Return a channel as the switch lists it."""
    more = {"Context": "office", "Channel": name, "Application": application, "BridgeId": bridge, **more}
    return event("CoreShowChannel", 0, Uniqueid=id_, Linkedid=linked, **more)


def listed(*entries):
    """Return a whole list."""
    return b"".join([*entries, event("CoreShowChannelsComplete", 0)])


class Watched:
    """A fold, its records by call, and the chunks it was given."""

    def __init__(self):
        self.feeder, self.calls, self.chunks = Feeder(Tracker("n1")), {}, []

    def take(self, *chunks):
        for chunk in chunks:
            self.chunks.append(chunk)
            self.feeder.take(chunk)
            self.calls |= {record.call: record for record in self.feeder.tracker.take()[0]}
        return self

    @property
    def record(self):
        (found,) = self.calls.values()
        return found


BEFORE = event("Reload", moment(-5)) + event("Newstate", moment(-5), Uniqueid="x")
"""Something was heard before."""


def over(first, last):
    """Return a fold of all but the events from `first` until before `last`, with the rows that were there."""
    watched, rows = Watched().take(BEFORE, told(EVENTS[:first])), lines(*ROWS)
    up = [id_ for id_, (begins, ends) in UP.items() if begins < last <= ends]
    end = EVENTS[last - 1][0] + 0.05
    watched.take(b"", told([]), rows if last > 14 else BACKFILL, listing(end, up), told(EVENTS[last:]))
    if watched.feeder.tracker.due:
        watched.take(rows)
    return watched


WHOLE = Watched().take(BEFORE, told(EVENTS)).record


@pytest.mark.parametrize("first", range(len(EVENTS)))
def test_the_end_falls_into_a_gap(first):
    """Whatever of a call's end was not heard, its record ends as if it had been, each moment of the source that told it,
    and none less exact than it was heard.
    """
    found = over(first, len(EVENTS)).record
    assert (found.caller, found.number, found.outcome) == ("79160000001", "200", "answered")
    assert parties(found) == parties(WHOLE)
    pairs = [(found.entered, WHOLE.entered), (found.answered, WHOLE.answered), (found.ended, WHOLE.ended)]
    for mine, theirs in zip(found.parties, WHOLE.parties, strict=True):
        pairs += [(mine.answered, theirs.answered), (mine.ended, theirs.ended)]
    for mine, theirs in pairs:
        if theirs is None:
            assert mine is None
        elif theirs.at < moment(EVENTS[first][0]):
            assert mine == theirs
        else:
            assert mine.source == "cdr"
            assert 0 <= theirs.at - mine.at <= SECOND
    assert found.ended.source == "cdr"


@pytest.mark.parametrize("last", range(1, len(EVENTS)))
def test_the_beginning_falls_into_a_gap(last):
    """A call that began in a gap and goes on is told when its rows are there, with the end that was heard."""
    found = over(0, last).record
    assert (found.caller, found.outcome, found.ended) == ("79160000001", "answered", WHOLE.ended)
    assert (found.entered.source, found.entered.at // SECOND) == ("cdr", WHOLE.entered.at // SECOND)
    assert [one.endpoint for one in found.parties if one.answered] == ["PJSIP/201"]


def test_a_call_that_is_owed_ends_with_the_channel_that_began_it():
    """A phone of it hangs up and its row is written, while the caller goes on: nothing is told before the caller's end."""
    watched = Watched().take(BEFORE, b"", BACKFILL, listing(50, [A, B]), told(EVENTS[12:13]))
    assert not watched.feeder.tracker.due
    assert watched.take(lines(*ROWS)).calls == {}
    assert watched.take(told(EVENTS[14:])).feeder.tracker.due
    assert watched.take(lines(*ROWS)).record.ended == WHOLE.ended
    assert parties(watched.record) == parties(WHOLE)


@pytest.mark.parametrize("listed", [[A, B], [B]])
@pytest.mark.parametrize("late", [True, False])
def test_a_call_that_is_owed_ends_in_another_gap(listed, late):
    """Which channels of it were up between the gaps, and whenever its rows come, it is told by them, once."""
    watched = Watched().take(BEFORE, b"", BACKFILL, listing(50, listed))
    watched.take(b"", BACKFILL if late else lines(*ROWS), listing(70, []))
    if watched.feeder.tracker.due:
        watched.take(lines(*ROWS))
    assert (watched.record.ended.source, watched.record.ended.at // SECOND) == ("cdr", moment(60.4) // SECOND)
    assert parties(watched.record) == parties(WHOLE)
    assert not watched.feeder.tracker.due


@pytest.mark.parametrize("late", [True, False])
def test_a_call_that_is_owed_is_heard_between_two_gaps(late):
    """What was heard is as exact as it was; what was before and after it is told by its rows, and no party twice."""
    watched = Watched().take(BEFORE, b"", BACKFILL, listing(8.35, [A]), told(EVENTS[5:11]))
    watched.take(b"", BACKFILL if late else lines(*ROWS), listing(70, []))
    if watched.feeder.tracker.due:
        watched.take(lines(*ROWS))
    found = watched.record
    assert sorted(parties(found)) == sorted(parties(WHOLE))
    assert (found.entered.at // SECOND, found.entered.source) == (WHOLE.entered.at // SECOND, "cdr")
    assert (found.ended.source, found.answered) == ("cdr", WHOLE.answered)
    assert next(one for one in found.parties if one.answered).answered == WHOLE.parties[1].answered


@pytest.mark.parametrize("first", range(1, len(EVENTS) - 1))
def test_a_gap_in_the_middle_changes_nothing_that_was_heard(first):
    """Rows of a call that events have ended change nothing."""
    with_rows, without = Watched(), Watched()
    for watched, rows in ((with_rows, lines(*ROWS)), (without, BACKFILL)):
        watched.take(BEFORE, told(EVENTS[:first]), b"", BACKFILL, listing(EVENTS[first][0], [A]), told(EVENTS[first:]))
        watched.take(b"", rows, listing(70, []))
    assert with_rows.calls == without.calls


def test_restarts():
    """A restart at any chunk, from a snapshot or from the journal, tells the same to the byte."""
    for first in (0, 6, 12):
        whole = over(first, len(EVENTS))
        for cut in range(len(whole.chunks)):
            again = Watched().take(*whole.chunks[:cut])
            again.feeder = decoded(encoded(State(0, 0, again.feeder))).feeder
            assert again.take(*whole.chunks[cut:]).calls == whole.calls


def test_what_begins_no_call():
    """Calls of before the gap, and those of our own dialplan that no entry told of, are not told by their rows."""
    early = row(-60, 0, 5, "PJSIP/202-3", "NO ANSWER", uniqueid=A.replace(".1", ".0"), linkedid=A.replace(".1", ".0"))
    ours = row(2, 0, 5, "", "ANSWERED", dcontext="cct-agents")
    for one in (early.replace(A.partition(".")[0], f"n1-{EPOCH // SECOND - 60}"), ours):
        assert Watched().take(BEFORE, b"", lines(one), listing(70, [])).calls == {}


def test_a_first_start():
    """At the very first start nothing is told by rows: `since ever` is no gap."""
    assert Watched().take(b"", lines(*ROWS), told([(70, "FullyBooted", {})]), listing(70, [])).calls == {}


def test_queue_log_comes_first():
    """A call that queue_log told of and left open is ended by its rows; one that it ended is not touched."""
    queued = [
        f"{EPOCH // SECOND + 1}|{A}|support|NONE|ENTERQUEUE||79160000001|1\n",
        f"{EPOCH // SECOND + 20}|{A}|support|NONE|EXITWITHKEY|1|1|1|19\n",
    ]
    left = Watched().take(
        BEFORE, b"", BACKFILL + "".join(queued).encode() + lines(*ROWS)[len(BACKFILL) :], listing(70, [])
    )
    assert (left.record.entered.source, left.record.visits[0].outcome) == ("queue_log", "exit_key")
    assert (left.record.ended.source, left.record.ended.at // SECOND) == ("cdr", moment(60.4) // SECOND)
    queued[1] = queued[1].replace("EXITWITHKEY|1|1|1|19", "ABANDON|1|1|19")
    given_up = Watched().take(
        BEFORE, b"", BACKFILL + "".join(queued).encode() + lines(*ROWS)[len(BACKFILL) :], listing(70, [])
    )
    alone = Watched().take(BEFORE, b"", BACKFILL + "".join(queued).encode(), listing(70, []))
    assert given_up.calls == alone.calls
    assert replace(given_up.record, visits=()).ended.source == "queue_log"


def test_an_end_of_our_own_dialplan():
    """A project's call whose end neither an event nor a line told is ended by its row; whom its queue rang is in its visits,
    and no party.
    """
    begins = event("Newchannel", moment(0.2), Uniqueid=A, Linkedid=A, Channel="PJSIP/trunk-1", Context="cct-in")
    begins += mark_event(moment(0.3), "entry", A, "78001002030", "79160000001", channel=A)
    own = row(0.2, 12.6, 60.4, "PJSIP/ivanova-2", "ANSWERED", dcontext="cct-northwind", lastapp="Queue")
    found = Watched().take(BEFORE, begins, b"", lines(own), listing(70, [])).record
    assert (found.project, found.number, found.caller) == ("northwind", "+78001002030", "79160000001")
    assert (found.entered.source, found.ended.source, found.ended.at // SECOND) == (
        "ami",
        "cdr",
        moment(60.4) // SECOND,
    )
    assert found.parties == ()


def test_a_log_that_is_rotated(tmp_path):
    """Rows are read on where they were read last, over a rotation; at the first start none are told; what is odd is counted
    once, whatever is looked at to find a place.
    """
    log = tmp_path / "Master.csv"
    log.write_text("".join(f"{one}\nrubbish\n" for one in ROWS))
    readers = [Reader(None, Counter(), lambda: EPOCH + 3600 * SECOND, NAMES) for _ in range(2)]
    follow = OwnFollower(lambda: nullcontext(Here(log)), *readers)
    assert follow(0) == ""
    assert follow(moment(1)) == lines(*ROWS)[len(BACKFILL) :].decode()
    assert sum(follow.odd.values()) == 2
    log.rename(tmp_path / "Master.csv.1")
    later = row(100, 0, 101, "PJSIP/202-3", "NO ANSWER", uniqueid=A.replace(".1", ".9"), linkedid=A.replace(".1", ".9"))
    log.write_text(f"{later}\n")
    assert follow(moment(90)) == lines(later)[len(BACKFILL) :].decode()
    assert sum(follow.odd.values()) == 2


def test_rows_that_were_asked_for_are_not_the_next_gaps(tmp_path):
    """The rows of a call that was owed are told once: a later gap has its own alone."""
    log = tmp_path / "Master.csv"
    log.write_text("".join(f"{one}\n" for one in ROWS))
    readers = [Reader(None, Counter(), lambda: EPOCH + 3600 * SECOND, NAMES) for _ in range(2)]
    follow = OwnFollower(lambda: nullcontext(Here(log)), *readers)
    assert follow.of({A: moment(60)}) == lines(*ROWS)[len(BACKFILL) :].decode()
    assert follow(moment(90)) == ""
