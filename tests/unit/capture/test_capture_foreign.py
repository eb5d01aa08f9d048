"""What streams of other systems say otherwise: phones behind Local channels, calls the switch was told to place, and
Asterisk 11. The events stand in the order in which a switch of that version sends them.
"""

import pytest

from cctoolkit.capture.channel import Channel, is_phone
from cctoolkit.capture.tracker import Tracker
from cctoolkit.cdr.records import CallRecord
from tests.unit.capture.made_calls import SECOND
from tests.unit.capture.test_capture_channels import Stream, feed


class Behind(Stream):
    """A phone behind a Local channel, as hunt groups and follow-me call it (Asterisk 12 and later)."""

    def phone(self, source: str, linked: str, near: str, far: str, phone: str, number: str) -> "Behind":
        local = f"Local/{number}@group-{near}"
        self.channel(near, f"{local};1", linked).channel(far, f"{local};2", linked)
        self.dial(source, near, f"{number}@group").channel(phone, f"PJSIP/{number}-{phone}", linked)
        self.dial(far, phone, number, DestCallerIDNum=number)
        return self

    def dial_ends(self, source: str, dest: str, status: str) -> "Behind":
        self.say("DialEnd", Uniqueid=source, DestUniqueid=dest, DialStatus=status)
        return self

    def apart(self, *ids: str, name: str = "b") -> "Behind":
        for id_ in ids:
            self.say("BridgeLeave", Uniqueid=id_, BridgeUniqueid=name)
        return self


class Older(Stream):
    """A switch of Asterisk 11: no Linkedid, one end a dialling, both ends of a bridge put apart at once."""

    def new(self, id_: str, name: str, exten: str = "", number: str = "") -> "Older":
        self.channel(id_, name, "none", exten, CallerIDNum=number)
        return self

    def dials(self, source: str, dest: str, dialled: str = "", number: str = "") -> "Older":
        """The name a channel has is told too, and is not used."""
        self.say(
            "Dial", SubEvent="Begin", UniqueID=source, DestUniqueID=dest, Dialstring=dialled, ConnectedLineNum=number
        )
        return self

    def dial_over(self, source: str, status: str) -> "Older":
        self.say("Dial", SubEvent="End", UniqueID=source, DialStatus=status)
        return self

    def bridged(self, one: str, other: str, state: str = "Link") -> "Older":
        self.say("Bridge", Bridgestate=state, Uniqueid1=one, Uniqueid2=other)
        return self

    def takes_place(self, clone: str, original: str) -> "Older":
        self.say("Masquerade", Clone=clone, Original=original)
        return self

    def talk(self) -> "Older":
        self.new("1.1", "SIP/trunk-1", "100", "4912345").new("1.2", "SIP/100-2")
        return self.dials("1.1", "1.2", "100/100/192.0.2.9!!49", "100").bridged("1.1", "1.2")


def only(stream: Stream) -> CallRecord:
    (record,) = stream.records()
    return record


def parties(record: CallRecord) -> list[tuple[str, str, str]]:
    return [(party.how, party.endpoint, party.outcome) for party in record.parties]


def entered() -> Behind:
    stream = Behind()
    stream.channel("1.1", "PJSIP/trunk-1", exten="500", CallerIDNum="4912345")
    return stream.phone("1.1", "1.1", "1.2", "1.3", "1.4", "100")


@pytest.mark.parametrize(("status", "who"), [("NOANSWER", "flow"), ("CANCEL", "caller")])
def test_a_dialling_that_ends_before_the_phone_behind_it(status, who):
    """The caller's dialling ends, and with it that of the phone behind the Local channel, which is told as cancelled both
    times: by the dialplan's time-out, or because the caller left.
    """
    stream = entered().dial_ends("1.1", "1.2", status).hangup("1.2").dial_ends("1.3", "1.4", "CANCEL")
    record = only(stream.hangup("1.3", "1.1", "1.4"))
    assert (record.outcome, record.hung_up_by, parties(record)) == (
        "not_answered", who, [("dial", "PJSIP/100", "cancelled")],
    )  # fmt: skip


def test_a_caller_who_leaves_while_one_of_two_rings():
    """A busy phone of a group ends nothing for the other."""
    stream = entered().phone("1.1", "1.1", "1.5", "1.6", "1.7", "101").dial_ends("1.3", "1.4", "BUSY").hangup("1.4")
    stream.hangup("1.3").dial_ends("1.1", "1.2", "BUSY").hangup("1.2").dial_ends("1.1", "1.5", "CANCEL").hangup("1.5")
    assert only(stream.hangup("1.1").dial_ends("1.6", "1.7", "CANCEL").hangup("1.7", "1.6")).hung_up_by == "caller"


def placed() -> Behind:
    """The switch is told to call 201 and to put them through; the dialling of the near half has no source."""
    stream = Behind()
    stream.channel("1.1", "Local/9@click-1;1", exten="9").channel("1.2", "Local/9@click-1;2", "1.1")
    stream.say("DialBegin", DestUniqueid="1.1", DestChannel="Local/9@click-1;1", DialString="9@click/n")
    stream.channel("1.3", "PJSIP/201-1", "1.1").dial("1.2", "1.3", "201", DestCallerIDNum="201")
    return stream


def picked_up() -> Behind:
    stream = placed().dial_ends("1.2", "1.3", "ANSWER")
    stream.bridge("1.3", "1.2", name="near")
    return stream


def rings_the_other(stream: Behind) -> Behind:
    stream.channel("1.4", "PJSIP/trunk-2", "1.1").dial("1.1", "1.4", "4998@trunk", DestCallerIDNum="4998")
    return stream


def test_click_to_dial_that_its_own_phone_declines():
    """Nobody was put through: the call is its phone's, and not answered."""
    stream = placed().dial_ends("1.2", "1.3", "BUSY").hangup("1.3", "1.2", "1.1")
    record = only(stream)
    assert (record.caller, record.outcome, parties(record)) == (
        "201", "not_answered", [("originate", "PJSIP/201", "busy")],
    )  # fmt: skip


def test_click_to_dial_that_the_other_declines():
    """The dialplan ends it: the phone is left alone in its bridge."""
    stream = rings_the_other(picked_up()).dial_ends("1.1", "1.4", "BUSY").hangup("1.4", "1.1")
    record = only(stream.apart("1.2", "1.3", name="near").hangup("1.3", "1.2"))
    assert (record.caller, record.outcome, record.hung_up_by) == ("201", "not_answered", "flow")


def test_click_to_dial_that_calls_on_at_once():
    """The near half calls the other before anything tells that the phone that answered was put through."""
    stream = rings_the_other(placed().dial_ends("1.2", "1.3", "ANSWER")).bridge("1.3", "1.2", name="near")
    stream.dial_ends("1.1", "1.4", "ANSWER").bridge("1.4", "1.1", name="on").apart("1.4", "1.1", name="on")
    record = only(stream.hangup("1.4", "1.1").apart("1.2", "1.3", name="near").hangup("1.3", "1.2"))
    assert (record.caller, record.number, record.outcome, record.hung_up_by) == ("201", "4998", "answered", "agent")
    assert parties(record) == [("originate", "PJSIP/201", "answered"), ("dial", "PJSIP/trunk", "answered")]


def test_click_to_dial_whose_caller_leaves():
    """The phone leaves its bridge first, before the other was called at all."""
    record = only(picked_up().apart("1.3", name="near").hangup("1.3").apart("1.2", name="near").hangup("1.2", "1.1"))
    assert (record.outcome, record.hung_up_by) == ("ended_in_flow", "caller")


@pytest.mark.parametrize(("first", "who"), [("1.1", "caller"), ("1.4", "agent")])
def test_who_hung_up_after_a_transfer(first, who):
    """The transferer leaves after the caller is with the other: of the two who are left, whoever leaves first."""
    stream = Behind()
    stream.channel("1.1", "PJSIP/trunk-1", exten="100", CallerIDNum="4912345").channel("1.2", "PJSIP/100-2", "1.1")
    stream.dial("1.1", "1.2", "100").bridge("1.2", "1.1").channel("1.3", "PJSIP/100-3", exten="200")
    stream.channel("1.4", "PJSIP/200-4", "1.3").dial("1.3", "1.4", "200").bridge("1.4", "1.3", name="c")
    stream.apart("1.1").apart("1.3", name="c").bridge("1.1", name="c")
    stream.say(
        "AttendedTransfer", Result="Success", OrigTransfererUniqueid="1.2", OrigTransfererChannel="PJSIP/100-2",
        SecondTransfererUniqueid="1.3", SecondTransfererExten="200", DestType="Bridge", TransfereeUniqueid="1.1",
        TransferTargetUniqueid="1.4",
    )  # fmt: skip
    stream.apart("1.2").hangup("1.2", "1.3")
    last = "1.4" if first == "1.1" else "1.1"
    record = only(stream.apart(first, last, name="c").hangup(first, last))
    assert (record.hung_up_by, [t.taken_by for t in record.transfers]) == (who, ["PJSIP/200"])


def test_called_into_a_conference():
    """Whom the switch calls into a room is in it by the near half of a Local channel, and is answered by who is there."""
    stream = Behind()
    stream.channel("9.1", "PJSIP/trunk-9", exten="800", CallerIDNum="4912340")
    stream.say("ConfbridgeJoin", Uniqueid="9.1", Conference="800")
    stream.channel("1.1", "Local/7@invite-1;1", exten="7").channel("1.2", "Local/7@invite-1;2", "1.1")
    stream.channel("1.3", "PJSIP/201-1", "1.1").dial("1.2", "1.3", "201", DestCallerIDNum="201")
    stream.dial_ends("1.2", "1.3", "ANSWER").bridge("1.3", "1.2", name="near")
    stream.say("ConfbridgeJoin", Uniqueid="1.1", Conference="800")
    stream.apart("1.3", name="near").hangup("1.3").apart("1.2", name="near").hangup("1.2")
    stream.say("ConfbridgeLeave", Uniqueid="1.1", Conference="800").hangup("1.1")
    stream.say("ConfbridgeLeave", Uniqueid="9.1", Conference="800").hangup("9.1")
    found = {record.caller: record for record in stream.records()}
    assert {caller: record.outcome for caller, record in found.items()} == {"4912340": "answered", "201": "answered"}
    assert parties(found["201"]) == [("originate", "PJSIP/201", "answered"), ("conference", "800", "answered")]


def test_a_channel_ends_before_it_is_told_to_have_left_its_room():
    """Two topics of the switch tell the two, in either order: it is in the room no longer than it is."""
    stream = Behind()
    for id_ in ("1.1", "9.1"):
        stream.channel(id_, f"PJSIP/trunk-{id_}", exten="800").say("ConfbridgeJoin", Uniqueid=id_, Conference="800")
    stream.hangup("1.1").say("ConfbridgeLeave", Uniqueid="1.1", Conference="800")
    stream.say("ConfbridgeLeave", Uniqueid="9.1", Conference="800").hangup("9.1")
    found = stream.records()
    assert [(one.outcome, one.ended.at - one.parties[0].ended.at) for one in found] == [
        ("answered", 0),
        ("answered", 1000),
    ]


@pytest.mark.parametrize(
    ("dialled", "phone"),
    [
        ("100", True), ("SIP/100", True), ("100/100/192.0.2.9!!49", True), ("100/sip:100@192.0.2.9", True),
        ("4912@100", False), ("100/4912", False), ("SIP/200", False),
    ],
)  # fmt: skip
def test_what_is_a_phone(dialled, phone):
    """An endpoint dialled as itself, in chan_sip's form with its own number and host too."""
    assert is_phone(Channel("1.1", "SIP/100-00000001", 0), dialled) is phone


def test_asterisk_11_a_caller_who_gives_up():
    """The phone's end comes first, then that of the dialling: it was given up, and not by the dialplan."""
    stream = Older().new("1.1", "SIP/trunk-1", "100", "49").new("1.2", "SIP/100-2").dials("1.1", "1.2", "100")
    record = only(stream.hangup("1.2").dial_over("1.1", "CANCEL").hangup("1.1"))
    assert (record.outcome, record.hung_up_by) == ("not_answered", "caller")


def test_asterisk_11_a_dialling_that_times_out():
    """A phone behind a Local channel that still rings when the caller's dialling is over was not left by the caller."""
    stream = Older().new("1.1", "SIP/trunk-1", "100", "49")
    stream.new("1.2", "Local/100@group-1;1").new("1.3", "Local/100@group-1;2").dials("1.1", "1.2").new(
        "1.4", "SIP/100-2"
    )
    record = only(stream.dials("1.3", "1.4", "100").hangup("1.2").dial_over("1.1", "NOANSWER").hangup("1.1"))
    assert (record.outcome, record.hung_up_by) == ("not_answered", "flow")


@pytest.mark.parametrize(("asks", "who"), [("1.1", "caller"), ("1.2", "agent"), ("", "")])
def test_asterisk_11_who_hung_up(asks, who):
    """Both ends are put apart at once: who asked for it is told by HangupRequest, or nobody knows."""
    stream = Older().talk()
    if asks:
        stream.say("HangupRequest", Uniqueid=asks)
    stream.bridged("1.1", "1.2", "Unlink")
    assert only(stream.hangup("1.2").dial_over("1.1", "ANSWER").hangup("1.1")).hung_up_by == who


def test_asterisk_11_a_caller_transfers_blind():
    """Whom the caller transfers away goes on as a channel made for it, which takes the place of the bridged one."""
    stream = Older().talk().new("1.3", "AsyncGoto/SIP/100-2").takes_place("SIP/100-2", "AsyncGoto/SIP/100-2")
    stream.say(
        "Transfer",
        TransferType="Blind",
        Uniqueid="1.1",
        Channel="SIP/trunk-1",
        TransferExten="300",
        TargetUniqueid="1.2",
    )
    stream.bridged("1.1", "1.2", "Unlink").hangup("1.2").dial_over("1.1", "ANSWER").hangup("1.1")
    stream.new("1.4", "SIP/300-4").dials("1.3", "1.4", "300", "300").bridged("1.3", "1.4")
    stream.say("HangupRequest", Uniqueid="1.4").bridged("1.3", "1.4", "Unlink")
    record = only(stream.hangup("1.4").dial_over("1.3", "ANSWER").hangup("1.3"))
    assert (record.outcome, record.hung_up_by) == ("answered", "agent")
    assert parties(record) == [("dial", "SIP/100", "answered"), ("transfer", "SIP/300", "answered")]
    assert [(t.kind, t.number, t.taken_by) for t in record.transfers] == [("blind", "300", "SIP/300")]


def test_asterisk_11_a_consultation_that_ends_in_nothing():
    """No hold is told: a phone that talks and calls somebody asks them, and that is a part of the call it talks in."""
    stream = Older().talk().new("1.3", "SIP/100-3", "300", "100").new("1.4", "SIP/300-4").dials("1.3", "1.4", "300")
    stream.hangup("1.4").dial_over("1.3", "BUSY").hangup("1.3").bridged("1.1", "1.2", "Unlink")
    record = only(stream.hangup("1.2", "1.1"))
    assert parties(record) == [("dial", "SIP/100", "answered"), ("consult", "SIP/300", "cancelled")]


def test_asterisk_11_a_phone_takes_what_rings_elsewhere():
    """The phone that rang stops then and there, and the other one's number is that of the call it came by."""
    stream = Older().new("1.1", "SIP/trunk-1", "100", "49").new("1.2", "SIP/100-2").dials("1.1", "1.2", "100", "100")
    stream.new("1.3", "SIP/300-3", "*8", "300").takes_place("SIP/300-3", "SIP/100-2").say(
        "Hangup", Uniqueid="1.3", Cause=42
    )
    record = only(stream.bridged("1.1", "1.2").bridged("1.1", "1.2", "Unlink").hangup("1.2", "1.1"))
    assert [(p.how, p.endpoint, p.number, p.outcome) for p in record.parties] == [
        ("dial", "SIP/100", "100", "cancelled"),
        ("pickup", "SIP/300", "300", "answered"),
    ]


def test_asterisk_11_a_parked_call_is_taken_back():
    """Who takes it back is told by the channel's name alone, and begins no call."""
    stream = Older().talk().bridged("1.1", "1.2", "Unlink")
    stream.say("ParkedCall", Uniqueid="1.1", Channel="SIP/trunk-1", Exten="701", From="SIP/100-2").hangup("1.2")
    stream.new("1.3", "SIP/300-3", "701", "300").say(
        "UnParkedCall", Uniqueid="1.1", Channel="SIP/trunk-1", Exten="701", From="SIP/300-3"
    )
    stream.bridged("1.1", "1.3").bridged("1.1", "1.3", "Unlink")
    record = only(stream.hangup("1.3", "1.1"))
    assert [(one.space, one.parked_by, one.outcome, one.taken_by) for one in record.parkings] == [
        ("701", "SIP/100", "retrieved", "SIP/300"),
    ]
    assert parties(record) == [("dial", "SIP/100", "answered"), ("pickup", "SIP/300", "answered")]


@pytest.mark.parametrize(("before", "waited"), [(20, 9_000_000), (4, 4_004_000)])
def test_a_queue_whose_joining_the_stream_leaves_out(before, waited):
    """The visit is told all the same: from the wait that AgentConnect counts, which has whole seconds and begins no sooner
    than the call, to whom, and who hung up.
    """
    stream = Older().new("1.1", "SIP/trunk-1", "100", "49")
    stream.at += before * SECOND
    stream.new("1.2", "SIP/200-2")
    stream.say("AgentCalled", Uniqueid="1.1", Queue="sales", AgentName="SIP/200", DestinationChannel="SIP/200-2")
    stream.dials("1.1", "1.2", "SIP/200").say(
        "AgentConnect", Uniqueid="1.1", Queue="sales", MemberName="SIP/200", HoldTime=9, RingTime=4
    )
    stream.bridged("1.1", "1.2").bridged("1.1", "1.2", "Unlink")
    stream.say("AgentComplete", Uniqueid="1.1", Queue="sales", MemberName="SIP/200", Reason="caller")
    record = only(stream.hangup("1.2", "1.1"))
    (visit,) = record.visits
    (leg,) = visit.legs
    assert (visit.queue, visit.outcome, visit.left.at - visit.joined.at) == ("sales", "answered", waited)
    assert (leg.agent, leg.hung_up_by, record.hung_up_by, parties(record)) == (
        "SIP/200", "caller", "caller", [("queue", "SIP/200", "answered")],
    )  # fmt: skip


def in_queue() -> Behind:
    stream = Behind()
    stream.channel("1.1", "PJSIP/trunk-1", exten="500", CallerIDNum="4912345")
    stream.say("QueueCallerJoin", Uniqueid="1.1", Queue="sales").channel("1.2", "Local/100@group-1;1", "1.1")
    stream.channel("1.3", "Local/100@group-1;2", "1.1")
    stream.say("AgentCalled", Uniqueid="1.1", Queue="sales", MemberName="Anna", DestUniqueid="1.2")
    stream.dial("1.1", "1.2", "Local/100@group").channel("1.4", "PJSIP/100-4", "1.1").dial("1.3", "1.4", "100")
    return stream


def test_a_phone_behind_a_member_is_no_member():
    """Members by Local channels, as FreePBX has them: the phone behind one stops ringing, and is no agent of the queue."""
    stream = in_queue().say("HangupRequest", Uniqueid="1.1", Channel="PJSIP/trunk-1")
    stream.dial_ends("1.1", "1.2", "CANCEL").hangup("1.2").dial_ends("1.3", "1.4", "CANCEL").hangup("1.4", "1.3")
    record = only(stream.say("QueueCallerAbandon", Uniqueid="1.1", Queue="sales").hangup("1.1"))
    assert (record.outcome, record.hung_up_by) == ("abandoned", "caller")
    assert [(leg.agent, leg.outcome) for leg in record.visits[0].legs] == [("Anna", "cancelled")]


def rung_in_queue() -> Stream:
    """Its phone rang out, and stopped as the queue's time was over."""
    stream = in_queue().dial_ends("1.1", "1.2", "NOANSWER").dial_ends("1.1", "1.2", "CANCEL").hangup("1.2")
    return stream.dial_ends("1.3", "1.4", "CANCEL").hangup("1.4", "1.3")


def alone_in_queue() -> Stream:
    """No phone ever rang."""
    stream = Stream().channel("1.1", "PJSIP/trunk-1", exten="500", CallerIDNum="4912345")
    return stream.say("QueueCallerJoin", Uniqueid="1.1", Queue="sales")


@pytest.mark.parametrize(
    ("waits", "asks", "lasts", "ends"),
    [
        (rung_in_queue, None, 0.9, ("not_answered", "flow", "timeout")),
        (rung_in_queue, 0.9, 0.9, ("not_answered", "caller", "timeout")),
        (alone_in_queue, None, 0.9, ("ended_in_flow", "", "timeout")),
        (alone_in_queue, 0.9, 0.9, ("ended_in_flow", "caller", "timeout")),
        *(
            (waits, *gone, ("abandoned", "caller", "abandoned"))
            for waits in (rung_in_queue, alone_in_queue)
            for gone in ((0.001, 0.9), (None, 0))
        ),
    ],
)
def test_a_queue_whose_time_is_over(waits, asks, lasts, ends):
    """It tells an abandon, and the caller is there for a while; who did abandon it hung up just then, though the switch may
    tell that a moment later, or not at all, and clear up for a second.
    """
    stream = waits().say("QueueCallerAbandon", Uniqueid="1.1", Queue="sales")
    left = stream.say("QueueCallerLeave", Uniqueid="1.1", Queue="sales").at
    if asks:
        stream.at = left + int(asks * SECOND)
        stream.say("HangupRequest", Uniqueid="1.1")
    stream.at = left + int(lasts * SECOND)
    record = only(stream.hangup("1.1"))
    assert (record.outcome, record.hung_up_by, record.visits[0].outcome) == ends


def test_a_caller_who_leaves_what_comes_after():
    """The phone rings out, the dialplan goes on, and the caller hangs up there."""
    stream = entered().dial_ends("1.1", "1.2", "NOANSWER").hangup("1.2").dial_ends("1.3", "1.4", "CANCEL").hangup("1.4")
    assert only(stream.hangup("1.3").say("HangupRequest", Uniqueid="1.1").hangup("1.1")).hung_up_by == "caller"


@pytest.mark.parametrize(("status", "outcome"), [("ANSWER", "answered"), ("BUSY", "not_answered")])
def test_click_to_dial_by_no_local_channel(status, outcome):
    """The phone that the switch calls directly is its caller, whatever number it is to show."""
    stream = Behind()
    stream.channel("1.1", "PJSIP/201-1", CallerIDNum="201")
    stream.say("DialBegin", DestUniqueid="1.1", DestChannel="PJSIP/201-1", DestCallerIDNum="555", DialString="201")
    stream.say("DialEnd", DestUniqueid="1.1", DialStatus=status)
    if status == "ANSWER":
        stream.channel("1.2", "PJSIP/202-2", "1.1").dial("1.1", "1.2", "202", CallerIDNum="555", DestCallerIDNum="202")
        stream.bridge("1.2", "1.1").apart("1.2", "1.1").hangup("1.2")
    record = only(stream.hangup("1.1"))
    first = ("originate", "PJSIP/201", "answered" if status == "ANSWER" else "busy")
    assert (record.caller, record.outcome, parties(record)[0]) == ("201", outcome, first)
    assert (record.number, parties(record)[1:]) == (
        ("202", [("dial", "PJSIP/202", "answered")]) if status == "ANSWER" else ("", [])
    )


def test_a_gap_before_the_agent_is_no_joining_left_out():
    """Where the joining may have fallen in a gap it is left to queue_log."""
    tracker, stream = Tracker("n1"), Stream()
    stream.channel("1.1", "PJSIP/trunk-1", exten="100").records(tracker)
    tracker.gap()
    after = Stream()
    after.at = stream.at
    after.say("AgentConnect", Uniqueid="1.1", Queue="sales", MemberName="agent", HoldTime=9).hangup("1.1")
    (record,) = after.records(tracker)
    assert record.visits == ()


def test_a_list_of_asterisk_11_says_nothing_of_bridges():
    """Who talked before it talks on: a phone that the caller is sent to afterwards is where a transfer led."""
    before, stream = Older().talk(), Older()
    tracker = feed(Tracker("n1"), before.data)
    tracker.gap()
    stream.at = before.at
    for id_ in ("1.1", "1.2"):
        stream.say("CoreShowChannel", UniqueID=id_, Channel="SIP/x", BridgedUniqueID="1.1")
    stream.say("CoreShowChannelsComplete")
    stream.bridged("1.1", "1.2", "Unlink").hangup("1.2")
    stream.new("1.3", "SIP/205-3").dials("1.1", "1.3", "205", "205").bridged("1.1", "1.3")
    (record,) = stream.records(tracker)
    assert [(one.kind, one.taken_by) for one in record.transfers] == [("blind", "SIP/205")]
