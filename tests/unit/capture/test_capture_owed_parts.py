"""Calls that a gap left up, one of which was made for the other: an agent asks a colleague, and sends the caller on or not."""

import pytest

from cctoolkit.capture import listings
from cctoolkit.capture.feeder import BACKFILL
from tests.unit.capture.made_calls import EPOCH, SECOND, mark_event
from tests.unit.capture.test_capture_own_told import (
    BEFORE,
    DIAL,
    EVENTS,
    ROWS,
    WHOLE,
    A,
    B,
    C,
    Watched,
    channel,
    entry,
    lines,
    listed,
    listing,
    moment,
    parties,
    row,
    told,
)

K, T = (f"n1-{EPOCH // SECOND + 20}.{count}" for count in (8, 9))
"""The channel by which the agent 201 asks, and that of the colleague 205."""

CALLER, AGENT, ASKS, ASKED = "PJSIP/trunk-1", "PJSIP/201-2", "PJSIP/201-8", "PJSIP/205-9"
HOLD = (13.0, "Hold", channel(B, AGENT))
IS_PHONE = (8.5, "DialBegin", {**DIAL, "DestUniqueid": B, "DestChannel": AGENT, "DialString": "201"})
TALK = [*EVENTS[:6], IS_PHONE, *EVENTS[7:11], HOLD]
"""The caller talks to 201, who holds them."""


def still_up(application="AppDial"):
    """Return the list of after a gap in which 201 began to ask 205."""
    return listed(
        entry(A, A, CALLER, "Dial", "b", CallerIDNum="79160000001"), entry(B, A, AGENT, application, "b"),
        entry(K, K, ASKS, "Dial", "c", Exten="205"), entry(T, K, ASKED, "AppDial", "c", CallerIDNum="205"),
    )  # fmt: skip


def hangup(at, id_, name, linked):
    return (at, "Hangup", {"Uniqueid": id_, "Linkedid": linked, "Channel": name, "Context": "office", "Cause": "16"})


def asked(end=30.3, **more):
    """Return the row of the consultation."""
    ids = {"channel": ASKS, "uniqueid": K, "linkedid": K, "dst": "205", "src": "201", **more}
    return row(20, 22, end, ASKED, "ANSWERED", **ids)


AGENT_GOES = [hangup(30.2, B, AGENT, A), hangup(30.3, K, ASKS, A)]
CALLER_GOES = [hangup(60.1, T, ASKED, A), hangup(60.4, A, CALLER, A)]
SENT_ON = [ROWS[0], row(8.3, 12.6, 30.2, AGENT, "ANSWERED"), row(30, 30, 60.4, ASKED, "ANSWERED")]
"""The caller's rows when 201 has sent them on to 205."""

TRANSFER = (30.0, "AttendedTransfer", {
    "Result": "Success", "DestType": "Bridge", "OrigTransfererUniqueid": B, "OrigTransfererLinkedid": A,
    "OrigTransfererChannel": AGENT, "SecondTransfererUniqueid": K, "SecondTransfererLinkedid": K,
    "SecondTransfererChannel": ASKS, "TransfereeUniqueid": A, "TransferTargetUniqueid": T, "TransferTargetChannel": ASKED,
})  # fmt: skip


def both_owed():
    """Return a fold in which caller's call and consultation began in one gap, up to the end of the latter."""
    return Watched().take(BEFORE, b"", BACKFILL, still_up(), told(AGENT_GOES))


def test_the_rows_of_a_consultation_come_first():
    """It is told by itself while the caller talks to 205; when their rows come it is a part of their call, which is told as
    if all rows had come at once.
    """
    watched = both_owed().take(lines(asked()))
    assert [(one.call, parties(one)) for one in watched.calls.values()] == [(K, [("PJSIP/205", "answered")])]
    watched.take(told(CALLER_GOES), lines(asked(), *SENT_ON))
    at_once = both_owed().take(told(CALLER_GOES), lines(asked(), *SENT_ON))
    assert not watched.feeder.tracker.due
    assert (watched.calls[K].joined, watched.calls[A]) == (A, at_once.record)
    assert parties(at_once.record) == [("PJSIP/202", "no_answer"), ("PJSIP/201", "answered"), ("PJSIP/205", "answered")]


def test_both_end_in_another_gap():
    """All that is owed of one call is over when the list has none of it, in whatever order it was listed: it is told at
    once, and no row is asked for again.
    """
    up = listed(entry(K, K, ASKS, "Dial", "c"), entry(T, K, ASKED, "AppDial", "c"), entry(A, A, CALLER, "Dial", "b"))
    watched = Watched().take(BEFORE, b"", BACKFILL, up, b"", lines(asked(), *SENT_ON), listed())
    assert not watched.feeder.tracker.due
    assert (watched.record.call, watched.record.ended.source) == (A, "cdr")
    assert parties(watched.record)[2:] == [("PJSIP/205", "answered")]


@pytest.mark.parametrize("number", range(8))
def test_a_call_ends_with_its_own_first_channel(number):
    """Of two calls owed that are one by their rows, the caller's own end is the end, whatever their channels are called."""
    other = K.replace(".8", f".{10 + number}")
    up = listed(entry(A, A, CALLER, "Dial"), entry(other, other, ASKS, "Dial"), entry(T, other, ASKED, "AppDial"))
    ends = told([hangup(30.3, other, ASKS, A), *CALLER_GOES])
    rows = lines(asked(uniqueid=other, linkedid=other), *SENT_ON)
    watched = Watched().take(BEFORE, b"", BACKFILL, up, ends, rows)
    assert watched.record.ended == WHOLE.ended


def test_rows_that_are_there_while_the_caller_talks():
    """The consultation's end is not the caller's, though rows of both are there: it is told with the rest."""
    watched = both_owed().take(lines(asked(), SENT_ON[0], SENT_ON[1], row(30, 30, 40, ASKED, "ANSWERED")))
    assert (watched.calls, watched.feeder.tracker.due) == ({}, {})
    watched.take(told(CALLER_GOES), lines(asked(), *SENT_ON))
    assert (watched.record.call, watched.record.ended) == (A, WHOLE.ended)
    assert parties(watched.record)[2:] == [("PJSIP/205", "answered")]


def test_who_was_asked_before_the_caller_came():
    """Rows of an older consultation come before the caller's: the caller's call begins as its own say."""
    watched = Watched().take(BEFORE, b"", BACKFILL, listed(entry(A, A, CALLER, "Dial")), told(EVENTS[5:]))
    older = A.replace(".1", ".0")
    watched.take(lines(asked(uniqueid=older, linkedid=older), *SENT_ON))
    assert (watched.record.call, watched.record.entered.source, watched.record.caller) == (A, "cdr", WHOLE.caller)
    assert watched.record.entered.at // SECOND == WHOLE.entered.at // SECOND


def test_a_call_that_rows_began_beside_one_that_was_heard():
    """Its rows end it, and not the consultation that they have too."""
    watched = Watched().take(BEFORE, b"", lines(ROWS[0]), listed(entry(A, A, CALLER, "Dial")))
    asks = {"Uniqueid": K, "Linkedid": K, "Channel": ASKS, "Context": "office", "Exten": "205"}
    watched.take(
        told([(20, "Newchannel", asks), (20.1, "DialBegin", {**asks, "DestUniqueid": T, "DestChannel": ASKED})])
    )
    watched.take(b"", lines(asked(), *SENT_ON), listed())
    assert watched.calls[A].ended.source == "cdr"
    assert parties(watched.calls[A]) == [("PJSIP/201", "answered"), ("PJSIP/205", "answered")]


def test_who_asked_sends_the_caller_on():
    """The consultation's end and its row end no call of a caller who goes on talking."""
    watched = Watched().take(BEFORE, told(TALK), b"", BACKFILL, still_up(), told([TRANSFER, *AGENT_GOES]))
    assert not watched.feeder.tracker.due
    watched.take(lines(asked()))
    assert watched.calls == {}
    watched.take(told(CALLER_GOES))
    assert watched.record.ended == WHOLE.ended
    assert parties(watched.record)[2:] == [("PJSIP/205", "answered")]
    assert watched.record.transfers[0].taken_by == "PJSIP/205"


@pytest.mark.parametrize(("ends", "lost"), [([told(CALLER_GOES)], False), ([b"", BACKFILL, listed()], True)])
def test_who_asked_from_a_phone_that_holds_nobody_as_far_as_is_known(ends, lost):
    """The consultation is owed, and its row leads to the caller's call, to which 205 was sent on: that goes on, and where
    nobody tells its end the consultation's is none.
    """
    heard = told(EVENTS[:11])
    watched = Watched().take(BEFORE, heard, b"", BACKFILL, still_up(), told([TRANSFER, *AGENT_GOES]))
    assert set(watched.feeder.tracker.due) == {K}
    watched.take(lines(asked()))
    assert (watched.calls, watched.feeder.tracker.due) == ({}, {})
    watched.take(*ends)
    assert watched.record.ended == (None if lost else WHOLE.ended)
    assert watched.record.transfers[0].taken_by == "PJSIP/205"


@pytest.mark.parametrize(("heard", "application"), [(EVENTS[:11], "AppQueue"), (TALK, "AppDial")])
def test_a_consultation_is_told_once(heard, application):
    """Nobody is sent on: it is a party of the agent's call, and its row tells nothing new."""
    watched = Watched().take(BEFORE, told(heard), b"", BACKFILL, still_up(application))
    watched.take(told([hangup(30.2, T, ASKED, K), hangup(30.3, K, ASKS, K)]))
    assert not watched.feeder.tracker.due
    watched.take(lines(asked(30.2)), told(EVENTS[11:]), lines(asked(30.2), *ROWS))
    assert [(one.endpoint, one.how) for one in watched.record.parties][2:] == [("PJSIP/205", "consult")]


def test_a_consultation_that_was_owed_becomes_a_part():
    """It was listed before its agent was known to hold anybody, and again after that: it is owed no more."""
    first = listed(entry(K, K, ASKS, "Dial", "c", Exten="205"), entry(T, K, ASKED, "AppDial", "c", CallerIDNum="205"))
    watched = Watched().take(BEFORE, b"", BACKFILL, first, told(TALK), b"", BACKFILL, still_up())
    watched.take(told([hangup(70.2, T, ASKED, K), hangup(70.3, K, ASKS, K)]))
    assert not watched.feeder.tracker.due


def test_a_listed_channel_of_a_known_call_is_owed_nothing():
    """By a bridge the switch names a caller's channel after an older one, which may be gone."""
    older = A.replace(".1", ".0")
    watched = Watched().take(BEFORE, told(EVENTS[:11]), b"", BACKFILL, listed(entry(A, older, CALLER, "Dial", "b")))
    watched.take(told([hangup(60.4, A, CALLER, older)]))
    assert not watched.feeder.tracker.due
    assert watched.record.ended == WHOLE.ended


def test_a_caller_who_leaves_their_own_call():
    """A caller sends on whom they called, and goes: their rows tell how the call began, and not that it has ended."""
    watched = Watched().take(BEFORE, b"", BACKFILL, listed(entry(A, A, CALLER, "Dial")), told(EVENTS[5:11]))
    sent = {"Result": "Success", "TransfererUniqueid": A, "TransfererChannel": CALLER, "TransfereeUniqueid": B}
    watched.take(told([(29.9, "BlindTransfer", {**sent, "Extension": "205"}), hangup(30, A, CALLER, A)]))
    assert set(watched.feeder.tracker.due) == {A}
    watched.take(lines(ROWS[0], row(8.3, 12.6, 30, AGENT, "ANSWERED")))
    assert (watched.calls, watched.feeder.tracker.due) == ({}, {})
    watched.take(told([hangup(60.2, B, AGENT, A)]))
    found = watched.record
    assert (found.entered.source, found.entered.at // SECOND) == ("cdr", WHOLE.entered.at // SECOND)
    assert (found.ended.source, found.ended.at) == ("ami", moment(60.2))
    assert [(one.endpoint, one.ended.at) for one in found.parties][1:] == [("PJSIP/201", moment(60.2))]


def test_a_call_that_came_to_a_project_later():
    """Rows of a call that another dialplan handed to a project's put nothing in the place of its entry."""
    watched = Watched().take(BEFORE, b"", BACKFILL, listed(entry(A, A, CALLER, "Wait")))
    watched.take(mark_event(moment(12), "entry", A, "78001002030", "79160000001", channel=A))
    project = watched.record
    watched.take(told(EVENTS[14:]), lines(*ROWS))
    assert (watched.record.project, watched.record.entered) == ("northwind", project.entered)
    assert watched.record.ended == WHOLE.ended


def test_rows_of_a_call_that_goes_on_are_no_rows_of_its_end():
    """Some of them came with those of a consultation; the caller's end is lost, and its row is written after that."""
    watched = both_owed().take(lines(asked(), *SENT_ON[:2]), b"", BACKFILL, listed())
    assert set(watched.feeder.tracker.due) == {A}
    found = watched.take(lines(asked(), *SENT_ON)).calls[A]
    assert (found.ended.source, found.ended.at // SECOND) == ("cdr", WHOLE.ended.at // SECOND)
    assert parties(found)[2:] == [("PJSIP/205", "answered")]


def test_rows_of_one_gap_are_not_those_of_the_next():
    """A call that is owed was still up after the gap that had some rows of it; those of its end come late."""
    watched = Watched().take(BEFORE, b"", BACKFILL, listing(5, [A]), b"", lines(ROWS[0]), listing(50, [A]))
    watched.take(b"", BACKFILL, listing(70, []))
    assert set(watched.feeder.tracker.due) == {A}
    found = watched.take(lines(*ROWS)).record
    assert found.ended.at // SECOND == WHOLE.ended.at // SECOND
    assert parties(found) == parties(WHOLE)


def test_a_call_is_owed_while_its_channel_is_listed_under_another_name():
    """By a bridge with an older call the switch names a caller's channel after that: it is up all the same."""
    older = A.replace(".1", ".0")
    up, named = (listed(entry(A, linked, CALLER, "Dial", "b")) for linked in (A, older))
    assert not Watched().take(BEFORE, b"", BACKFILL, up, b"", BACKFILL, named).feeder.tracker.due


def test_rows_that_were_told_are_asked_for_once():
    """The caller has left, and whom they sent on is still there, when the rows come with a gap: they are owed no more."""
    up = listed(entry(B, A, AGENT, "AppDial"))
    watched = Watched().take(BEFORE, b"", BACKFILL, up, b"", lines(*ROWS[:1]), up, told([hangup(60.2, B, AGENT, A)]))
    assert not watched.feeder.tracker.due
    assert watched.record.ended.at == moment(60.2)


@pytest.mark.parametrize(("bridge", "how"), [("b", ["consult"]), ("", [])])
def test_an_asking_from_a_phone_that_a_queue_rang_in_the_gap(monkeypatch, bridge, how):
    """Its agent is known by the same list, whatever else waits for the list's end: it is a part of the caller's call,
    unless the phone only rings.
    """
    monkeypatch.setattr(listings, "MOST_WAITING", 2)
    watched = Watched().take(BEFORE, told(EVENTS[:4]), b"", BACKFILL, listed(
        entry(A, A, CALLER, "Queue", bridge), entry(C, A, "PJSIP/202-3", "AppDial", "d"),
        entry(B, A, AGENT, "AppQueue", bridge), entry(T, K, ASKED, "AppDial", "c", CallerIDNum="205"),
        entry(K, K, ASKS, "Dial", "c", Exten="205"),
    ))  # fmt: skip
    watched.take(told([hangup(30.2, T, ASKED, K), hangup(30.3, K, ASKS, K), *CALLER_GOES]))
    assert [one.how for one in watched.record.parties if one.endpoint == "PJSIP/205"] == how
