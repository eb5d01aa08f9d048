"""Whom a call rings, and what becomes of who is put through: turns that foreign dialplans take, and streams leave out."""

import pytest

from cctoolkit.capture.tracker import Tracker
from tests.unit.capture.made_calls import EPOCH, SECOND
from tests.unit.capture.test_capture_channels import Stream, feed, talk
from tests.unit.capture.test_capture_foreign import Behind, in_queue, only, parties, placed


def test_click_to_dial_that_calls_on_by_a_local_channel():
    """What the near half dials through a Local channel is whom the caller calls, though nothing has told yet that the
    phone that answered was put through.
    """
    stream = placed().dial_ends("1.2", "1.3", "ANSWER").phone("1.1", "1.1", "1.5", "1.6", "1.7", "202")
    stream.bridge("1.3", "1.2", name="near").dial_ends("1.6", "1.7", "ANSWER").bridge("1.7", "1.6", name="far")
    stream.dial_ends("1.1", "1.5", "ANSWER").bridge("1.5", "1.1", name="on").hangup("1.7", "1.6", "1.5", "1.1")
    record = only(stream.hangup("1.3", "1.2"))
    assert (record.caller, record.number) == ("201", "202")
    assert parties(record) == [("originate", "PJSIP/201", "answered"), ("dial", "PJSIP/202", "answered")]


def test_an_agent_asks_another_where_the_stream_leaves_out_who_joins_and_leaves():
    """The caller who was put through waits no more: whom the agent's phone dials by keys the queue does not ring."""
    stream = Behind().channel("1.1", "PJSIP/trunk-1", exten="500", CallerIDNum="4912345")
    stream.channel("1.2", "PJSIP/100-2", "1.1")
    stream.say("AgentCalled", Uniqueid="1.1", Queue="sales", MemberName="Anna", DestUniqueid="1.2")
    stream.dial("1.1", "1.2", "100").dial_ends("1.1", "1.2", "ANSWER")
    stream.say("AgentConnect", Uniqueid="1.1", Queue="sales", MemberName="Anna", HoldTime=9).bridge("1.2", "1.1")
    stream.channel("1.3", "Local/300@office-3;1", "1.1").channel("1.4", "Local/300@office-3;2", "1.1")
    stream.apart("1.2").bridge("1.3", "1.2", name="c").channel("1.5", "PJSIP/300-5", "1.1").dial("1.4", "1.5", "300")
    stream.dial_ends("1.4", "1.5", "BUSY").hangup("1.5", "1.4", "1.3").apart("1.2", name="c").bridge("1.2")
    record = only(stream.hangup("1.2", "1.1"))
    assert parties(record) == [("queue", "PJSIP/100", "answered"), ("consult", "PJSIP/300", "busy")]


def test_click_to_dial_that_the_other_sends_to_one_who_is_busy():
    """The dialplan ends it, though the caller, who was sent on, left the bridge before the one who sent them."""
    stream = Behind().channel("1.1", "PJSIP/201-1", CallerIDNum="201")
    stream.say("DialBegin", DestUniqueid="1.1", DestChannel="PJSIP/201-1", DialString="201")
    stream.say("DialEnd", DestUniqueid="1.1", DialStatus="ANSWER")
    stream.channel("1.2", "PJSIP/202-2", "1.1").dial("1.1", "1.2", "202").bridge("1.2", "1.1")
    by = {"TransfererUniqueid": "1.2", "TransfererChannel": "PJSIP/202-2", "TransfereeUniqueid": "1.1"}
    stream.say("BlindTransfer", Result="Success", Extension="203", **by).apart("1.1", "1.2").hangup("1.2")
    stream.channel("1.3", "PJSIP/203-3", "1.1").dial("1.1", "1.3", "203").dial_ends("1.1", "1.3", "BUSY")
    record = only(stream.hangup("1.3", "1.1"))
    assert (record.hung_up_by, parties(record)[2]) == ("flow", ("transfer", "PJSIP/203", "busy"))


def test_a_second_queue_is_left_by_a_key():
    """That the first one said an abandon, its time being over, says nothing of how the second was left."""
    stream = in_queue().dial_ends("1.1", "1.2", "NOANSWER").hangup("1.2", "1.4", "1.3")
    for name in ("QueueCallerAbandon", "QueueCallerLeave"):
        stream.say(name, Uniqueid="1.1", Queue="sales")
    stream.say("QueueCallerJoin", Uniqueid="1.1", Queue="backup").at += SECOND
    stream.say("QueueCallerLeave", Uniqueid="1.1", Queue="backup").at += SECOND
    record = only(stream.say("HangupRequest", Uniqueid="1.1").hangup("1.1"))
    assert [(visit.queue, visit.outcome) for visit in record.visits] == [("sales", "timeout"), ("backup", "exit_key")]


def test_who_is_sent_on_to_a_local_channel_is_taken_by_nobody_it_names():
    """The whole asking lay in a gap, through a hunt group: half a Local channel is nobody's phone."""
    tracker, stream = feed(Tracker("n1"), talk(Stream()).data), Stream()
    tracker.gap()
    stream.at = EPOCH + 9 * SECOND
    ends = {"TransfereeUniqueid": "1.1", "TransferTargetUniqueid": f"{EPOCH // SECOND}.4"}
    stream.say(
        "AttendedTransfer", Result="Success", DestType="Bridge", OrigTransfererUniqueid="1.2", SecondTransfererUniqueid="1.3",
        OrigTransfererChannel="SIP/100-2", SecondTransfererExten="600", TransferTargetChannel="Local/600@group-1;1", **ends,
    )  # fmt: skip
    (record,) = stream.hangup("1.2", "1.1").records(tracker)
    assert parties(record) == [("dial", "SIP/100", "answered")]
    assert [(one.kind, one.number, one.taken_by) for one in record.transfers] == [("attended", "600", "")]


def test_who_is_sent_on_to_one_who_has_a_call_of_their_own():
    """The asking lay in a gap, and another phone picked it up after that, as far as is known by a call of its own: both
    calls end.
    """
    tracker, stream = feed(Tracker("n1"), talk(Stream()).data), Stream()
    tracker.gap()
    stream.at, other = EPOCH + 9 * SECOND, f"{EPOCH // SECOND + 8}.4"
    ends = {"TransfereeUniqueid": "1.1", "TransferTargetUniqueid": other, "TransferTargetChannel": "SIP/300-4"}
    stream.channel(other, "SIP/300-4", exten="*8").say(
        "AttendedTransfer", Result="Success", DestType="Bridge", OrigTransfererUniqueid="1.2", SecondTransfererUniqueid="1.3",
        OrigTransfererChannel="SIP/100-2", SecondTransfererExten="200", **ends,
    )  # fmt: skip
    found = stream.hangup("1.2", other, "1.1").records(tracker)
    assert [(bool(one.ended), len(one.parties)) for one in found] == [(True, 1), (True, 0)]


@pytest.mark.parametrize("name", ["BlindTransfer", "AttendedTransfer"])
def test_a_transfer_by_a_channel_that_is_named_after_another_call(name):
    """By a bridge the switch names a phone's channel after an older call, which nobody knows: it is in its own."""
    by = {"BlindTransfer": "Transferer", "AttendedTransfer": "OrigTransferer"}[name]
    more = {f"{by}Uniqueid": "1.2", f"{by}Linkedid": "0.9", f"{by}Channel": "SIP/100-2"}
    (record,) = talk(Stream()).say(name, Result="Success", **more).hangup("1.2", "1.1").records()
    assert [one.made_by for one in record.transfers] == ["SIP/100"]


@pytest.mark.parametrize("linked", ["2.1", "0.9"])
def test_a_phone_joins_two_callers_of_whom_one_came_to_it_in_a_gap(linked):
    """Its second channel is known by the call it came by, or, where it was heard of, by itself: two calls stay two."""
    stream = talk(Stream()).channel("2.1", "SIP/trunk-5", exten="100", CallerIDNum="4912346")
    if linked == "0.9":
        stream.channel("2.2", "SIP/100-6", "2.1").dial("2.1", "2.2", "100").bridge("2.2", "2.1", name="c")
    stream.say(
        "AttendedTransfer", Result="Success", DestType="Bridge", OrigTransfererUniqueid="1.2", OrigTransfererChannel="SIP/100-2",
        SecondTransfererUniqueid="2.2", SecondTransfererLinkedid=linked, TransfereeUniqueid="1.1", TransferTargetUniqueid="2.1",
    )  # fmt: skip
    found = stream.hangup("1.2", "2.2", "1.1", "2.1").records()
    assert {one.caller: [t.taken_by for t in one.transfers] for one in found} == {
        "4912345": ["SIP/trunk"], "4912346": ["SIP/trunk"],
    }  # fmt: skip


@pytest.mark.parametrize(("where", "kind"), [("Dial", "blonde"), ("ConfBridge", "attended")])
def test_a_phone_sends_its_caller_to_where_its_second_channel_is(where, kind):
    """It waits until somebody answers, or is in a room already."""
    stream = talk(Stream()).channel("1.3", "SIP/100-3", exten="800").say(
        "AttendedTransfer", Result="Success", DestType="App", DestApp=where, OrigTransfererUniqueid="1.2",
        OrigTransfererChannel="SIP/100-2", SecondTransfererUniqueid="1.3", TransfereeUniqueid="1.1",
    )  # fmt: skip
    (record,) = stream.hangup("1.2", "1.3", "1.1").records()
    assert [one.kind for one in record.transfers] == [kind]


def test_a_phone_joins_two_callers_of_whom_one_is_known_by_a_line_alone():
    """The other caller waits in a queue's call of their own, and becomes no party of this one."""
    tracker, stream, other = feed(Tracker("n1"), talk(Stream()).data), Stream(), f"{EPOCH // SECOND}.9"
    tracker.gap()
    tracker.backfill(f"{EPOCH // SECOND + 1}|{other}|sales|NONE|ENTERQUEUE||4912346|1\n")
    stream.at = EPOCH + 9 * SECOND
    stream.say(
        "AttendedTransfer", Result="Success", DestType="Bridge", OrigTransfererUniqueid="1.2", OrigTransfererChannel="SIP/100-2",
        SecondTransfererUniqueid="2.2", SecondTransfererLinkedid=other, TransfereeUniqueid="1.1", TransferTargetUniqueid=other,
        TransferTargetChannel="SIP/trunk-9",
    )  # fmt: skip
    found = {one.caller: one for one in stream.hangup("1.2", "1.1", other).records(tracker)}
    assert parties(found["4912345"]) == [("dial", "SIP/100", "answered")]


def test_a_phone_sends_on_a_caller_of_whom_nothing_was_heard():
    """Its own call, to whom it sends them, is what is known: that tells of the transfer."""
    stream = (
        Stream().channel("1.3", "SIP/100-3", exten="200").channel("1.4", "SIP/200-4", "1.3").dial("1.3", "1.4", "200")
    )
    stream.bridge("1.4", "1.3").say(
        "AttendedTransfer", Result="Success", DestType="Bridge", OrigTransfererUniqueid="9.2", OrigTransfererChannel="SIP/100-2",
        SecondTransfererUniqueid="1.3", TransfereeUniqueid="9.1", TransferTargetUniqueid="1.4",
    )  # fmt: skip
    (record,) = stream.hangup("1.3", "1.4").records()
    assert [(one.made_by, one.taken_by) for one in record.transfers] == [("SIP/100", "SIP/200")]


@pytest.mark.parametrize(("gap", "who"), [(False, "flow"), (True, "caller")])
def test_a_gap_may_hide_that_the_caller_hung_up(gap, who):
    """Where phones that hang up are told, one of whom nothing was told did not, unless that may lie in a gap."""
    tracker, before, after = Tracker("n1"), in_queue(), Behind()
    before.channel("2.1", "PJSIP/300-1", exten="100").say("HangupRequest", Uniqueid="2.1").hangup("2.1")
    before.records(tracker, last=False)
    after.at = before.at
    if gap:
        tracker.gap()
    after.dial_ends("1.1", "1.2", "CANCEL").hangup("1.2").dial_ends("1.3", "1.4", "CANCEL").hangup("1.4", "1.3")
    records = after.say("QueueCallerAbandon", Uniqueid="1.1", Queue="sales").hangup("1.1").records(tracker)
    assert [one.hung_up_by for one in records if one.visits] == [who]


@pytest.mark.parametrize(
    ("technology", "who"), [("PJSIP", "flow"), ("SIP", "flow"), ("IAX2", "flow"), ("DAHDI", "caller")]
)
def test_of_which_phones_the_switch_tells_that_they_hang_up(technology, who):
    """Of others it may tell that one did, and not of the next."""
    stream = Behind().channel("2.1", f"{technology}/300-1", exten="100").say("HangupRequest", Uniqueid="2.1")
    stream.hangup("2.1").channel("1.1", f"{technology}/trunk-1", exten="100", CallerIDNum="4912345")
    stream.channel("1.2", "PJSIP/100-2", "1.1").dial("1.1", "1.2", "100").dial_ends("1.1", "1.2", "CANCEL")
    records = stream.hangup("1.2", "1.1").records()
    assert [one.hung_up_by for one in records if one.caller == "4912345"] == [who]


def test_who_is_gone_while_phones_ring_has_abandoned_the_queue():
    """However late after the abandon their channel's end is told, and nobody told that they hung up."""
    stream = in_queue().say("QueueCallerAbandon", Uniqueid="1.1", Queue="sales")
    stream.at += SECOND
    record = only(stream.hangup("1.1", "1.2", "1.4", "1.3"))
    assert (record.outcome, record.hung_up_by) == ("abandoned", "caller")
