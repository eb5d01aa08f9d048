"""What an office does with its calls, one thing after another, at random: calls that were sent on are sent on again,
by phones behind Local channels, into queues, and by the caller's own phone. The events stand in the order in which a
switch of Asterisk 22 sent them.
"""

import pytest

from cctoolkit.capture.tracker import Tracker
from tests.unit.capture.made_calls import mark_event
from tests.unit.capture.test_capture_channels import feed
from tests.unit.capture.test_capture_foreign import Behind, entered, only, parties
from tests.unit.capture.test_capture_own_told import entry, listed


class Office(Behind):
    """Phones PJSIP/201 to PJSIP/206; a channel's id is its phone's number and a letter: 201a."""

    def calls(self, id_: str, exten: str, linked: str = "") -> "Office":
        self.channel(id_, f"PJSIP/{id_[:-1]}-{id_}", linked, exten, CallerIDNum=id_[:-1])
        return self

    def rings(self, source: str, id_: str, linked: str, exten: str = "") -> "Office":
        phone = id_[:-1]
        self.channel(id_, f"PJSIP/{phone}-{id_}", linked)
        self.dial(source, id_, phone, DestCallerIDNum=phone, Exten=exten or phone)
        return self

    def talks(self, source: str, id_: str, linked: str, bridge: str) -> "Office":
        self.rings(source, id_, linked).dial_ends(source, id_, "ANSWER").bridge(id_, source, name=bridge)
        return self

    def sends(self, by: str, whom: str, exten: str) -> "Office":
        self.say(
            "BlindTransfer", Result="Success", TransfererUniqueid=by, TransfererChannel=f"PJSIP/{by[:-1]}-{by}",
            TransfereeUniqueid=whom, Extension=exten,
        )  # fmt: skip
        return self

    def joins(self, first: str, second: str, whom: str, to: str = "", **more: str) -> "Office":
        self.say(
            "AttendedTransfer", Result="Success", OrigTransfererUniqueid=first, SecondTransfererUniqueid=second,
            OrigTransfererChannel=f"PJSIP/{first[:-1]}-{first}", TransfereeUniqueid=whom, TransferTargetUniqueid=to,
            DestType=more.pop("dest", "Bridge"), **more,
        )  # fmt: skip
        return self

    def local(self, name: str, linked: str) -> "Office":
        for half in "12":
            self.channel(f"{name}{half}", f"Local/{name}@office-1;{half}", linked)
        return self

    def queue(self, name: str, id_: str, queue: str, **more: object) -> "Office":
        self.say(name, Uniqueid=id_, Queue=queue, **more)
        return self


def transfers(record) -> list[tuple[str, str, str, str]]:
    return [(one.kind, one.made_by, one.number, one.taken_by) for one in record.transfers]


def visits(record) -> list[tuple[str, str, list[tuple[str, str]]]]:
    return [(one.queue, one.outcome, [(leg.agent, leg.outcome) for leg in one.legs]) for one in record.visits]


def in_a_talk() -> Office:
    """201 talks to 202."""
    stream = Office().calls("201a", "202")
    return stream.talks("201a", "202a", "201a", "b1")


def sent_by_the_caller() -> Office:
    """201 has sent 202 to 203, who answered."""
    stream = in_a_talk().sends("201a", "202a", "203").apart("201a", name="b1").apart("202a", name="b1")
    stream.hangup("201a")
    return stream.talks("202a", "203a", "201a", "b2")


def test_whom_a_caller_sent_on_is_redirected():
    """Who goes on in the caller's place may be sent elsewhere by the switch too."""
    stream = sent_by_the_caller().apart("202a", "203a", name="b2").rings("202a", "204a", "201a").hangup("203a", "204a")
    record = only(stream.hangup("202a"))
    assert transfers(record) == [("blind", "PJSIP/201", "203", "PJSIP/203"), ("blind", "", "204", "")]


def test_a_caller_whose_party_is_behind_a_local_channel_is_redirected():
    """They talked through it: that is a talk which somebody ended for them."""
    stream = entered().bridge("1.4", "1.3", name="far").bridge("1.2", "1.1")
    stream.apart("1.1").apart("1.2").hangup("1.2").apart("1.4", name="far").hangup("1.4", "1.3")
    stream.channel("1.5", "PJSIP/203-5", "1.1").dial("1.1", "1.5", "203", DestCallerIDNum="203", Exten="203")
    record = only(stream.bridge("1.5", "1.1", name="b2").hangup("1.1"))
    assert transfers(record) == [("blind", "", "203", "PJSIP/203")]
    assert [party[0] for party in parties(record)] == ["dial", "transfer"]


def test_a_blind_transfer_is_told_after_the_dialling_it_led_to():
    """Which of two threads of the switch speaks first is chance; the transfer is one."""
    stream = in_a_talk().apart("201a", name="b1").rings("201a", "203a", "201a").sends("202a", "201a", "203")
    stream.apart("202a", name="b1").hangup("202a").bridge("203a", "201a", name="b2")
    assert transfers(only(stream.hangup("203a", "201a"))) == [("blind", "PJSIP/202", "203", "PJSIP/203")]


def test_who_picked_a_call_up_asks_somebody():
    """The phone that took a ringing call is an agent's phone, and the call it makes beside it is a consultation."""
    stream = Office().calls("201a", "202").rings("201a", "202a", "201a").calls("204a", "*8")
    stream.say("Pickup", Uniqueid="204a", TargetUniqueid="202a", CallerIDNum="204").bridge("204a", "201a", name="b1")
    stream.hangup("202a").say("Hold", Uniqueid="204a").calls("204b", "203").rings("204b", "203a", "204b")
    record = only(stream.hangup("203a", "204b", "204a", "201a"))
    assert parties(record)[1:] == [("pickup", "PJSIP/204", "answered"), ("consult", "PJSIP/203", "cancelled")]


@pytest.mark.parametrize("heard", [True, False])
def test_who_is_asked_by_keys_is_answered(heard):
    """Whom a phone asks by the switch's keys is put through to that phone, as by a call of its own; and one who was
    not, is not.
    """
    stream = in_a_talk().local("203", "201a").apart("202a", name="b1").bridge("202a", "2031", name="asks")
    stream.rings("2032", "203a", "201a").dial_ends("2032", "203a", "ANSWER")
    if heard:
        stream.bridge("203a", "2032", name="asked")
    record = only(stream.hangup("203a", "2032", "2031").bridge("202a", name="b1").hangup("202a", "201a"))
    assert parties(record)[1] == ("consult", "PJSIP/203", "answered" if heard else "not_connected")


def test_who_was_to_be_called_sends_the_other_on():
    """The caller of a click sends on whom they called: nobody is called anew for them."""
    stream = Office().local("201", "2011").say("DialBegin", DestUniqueid="2011")
    stream.rings("2012", "201a", "2011").bridge("201a", "2012", name="near")
    stream.rings("2011", "202a", "2011").bridge("202a", "2011", name="far")
    stream.sends("201a", "2012", "203").apart("201a", "2012", name="near").hangup("201a")
    record = only(
        stream.rings("2012", "203a", "2011").bridge("203a", "2012", name="b3").hangup("203a", "202a", "2012", "2011")
    )
    assert (record.caller, record.number) == ("201", "202")
    assert [party[0] for party in parties(record)] == ["originate", "dial", "transfer"]


def test_a_click_to_one_who_has_their_calls_forwarded():
    """The number is whom it was to call, whoever rang then."""
    stream = Office().local("201", "2011").say("DialBegin", DestUniqueid="2011")
    stream.rings("2012", "201a", "2011").bridge("201a", "2012", name="near").rings("2011", "202a", "2011")
    record = only(stream.hangup("202a").rings("2011", "203a", "2011").hangup("203a", "2011", "2012", "201a"))
    assert record.number == "202"


def test_a_call_goes_on_under_the_number_of_the_consultation():
    """After a blonde transfer the switch goes on to name whom the consultation rang after that, and whoever they ask."""
    stream = in_a_talk().say("Hold", Uniqueid="202a").calls("202b", "203").rings("202b", "203a", "202b")
    stream.joins("202a", "202b", "201a", dest="App", DestApp="Dial").apart("201a", "202a", name="b1")
    stream.hangup("202b", "202a").bridge("203a", "201a", name="b2").local("204", "202b").bridge(
        "203a", "2041", name="b3"
    )
    record = only(stream.rings("2042", "204a", "202b").hangup("204a", "2042", "2041", "203a", "201a"))
    assert parties(record)[-1] == ("consult", "PJSIP/204", "cancelled")


@pytest.mark.parametrize(("ends", "who"), [("202a", "caller"), ("203a", "agent")])
def test_who_ends_a_call_in_the_callers_place_behind_a_local_channel(ends, who):
    """The caller sent a phone on to which a Local channel led: it is the phone that goes on in their place."""
    stream = Office().calls("201a", "202").local("202", "201a").dial("201a", "2021").rings("2022", "202a", "201a")
    stream.bridge("202a", "2022", name="far").bridge("2021", "201a", name="near")
    stream.sends("201a", "2021", "203").apart("201a", "2021", name="near").hangup("201a")
    stream.talks("2021", "203a", "201a", "b3").say("HangupRequest", Uniqueid=ends)
    other = "203a" if ends == "202a" else "202a"
    stream.say("HangupRequest", Uniqueid="2021" if ends == "203a" else "2022")
    assert only(stream.hangup(ends, "2021", "2022", other)).hung_up_by == who


@pytest.mark.parametrize("target", ["2031", ""])
def test_a_caller_who_sends_the_other_on_by_keys_hangs_up(target):
    """By hanging up they end their own part only; whom they asked is who takes the other, though both are behind Local
    channels.
    """
    stream = Office().calls("201a", "202").local("202", "201a").dial("201a", "2021").rings("2022", "202a", "201a")
    stream.bridge("202a", "2022", name="far").bridge("2021", "201a", name="near").local("203", "201a")
    stream.apart("201a", name="near").bridge("2031", "201a", name="asks").rings("2032", "203a", "201a")
    stream.bridge("203a", "2032", name="asked").say("HangupRequest", Uniqueid="201a", Cause=16)
    stream.apart("201a", "2031", name="asks").bridge("2031", name="near")
    stream.joins("201a", "201a", "2021", target).hangup("201a").say("HangupRequest", Uniqueid="203a", Cause=16)
    record = only(stream.hangup("203a", "2032", "2031", "2021", "2022", "202a"))
    assert transfers(record) == [("attended", "PJSIP/201", "203", "PJSIP/203")]
    assert record.hung_up_by == "agent"


def test_a_blonde_transfer_of_who_was_to_be_called():
    """The event names no target, and the caller of a click, who was rung first, is none."""
    stream = Office().calls("201a", "s").say("DialBegin", DestUniqueid="201a", DestCallerIDNum="201", DialString="201")
    stream.say("DialEnd", DestUniqueid="201a", DialStatus="ANSWER").local("202", "201a").dial("201a", "2021")
    stream.rings("2022", "202a", "201a").bridge("202a", "2022", name="far").bridge("2021", "201a", name="near")
    stream.local("203", "201a").rings("2032", "203a", "201a").joins("202a", "202a", "2022").apart("202a", name="far")
    stream.hangup("202a").bridge("2031", name="far").bridge("203a", "2032", name="asked")
    record = only(stream.hangup("203a", "2032", "2031", "2022", "2021", "201a"))
    assert [one[0] for one in parties(record)] == ["originate", "dial", "transfer"]
    assert transfers(record) == [("blonde", "PJSIP/202", "203", "PJSIP/203")]


def test_a_click_to_one_who_has_a_queues_call_behind_a_local_channel():
    """The name of a Local channel is nobody's phone: another call by the same name is another caller's."""
    stream = Office().calls("201a", "500").queue("QueueCallerJoin", "201a", "sales").local("202", "201a")
    stream.queue("AgentCalled", "201a", "sales", DestUniqueid="2021", MemberName="Anna").dial("201a", "2021")
    stream.rings("2022", "202a", "201a").bridge("202a", "2022", name="far")
    stream.queue("AgentConnect", "201a", "sales", DestUniqueid="2021", MemberName="Anna").bridge("2021", "201a")
    stream.channel("7.1", "Local/202@office-2;1").channel("7.2", "Local/202@office-2;2", "7.1")
    assert len(stream.hangup("7.1", "7.2", "202a", "2022", "2021", "201a").records()) == 2


@pytest.mark.parametrize("answers", ["before", "after", "never"])
def test_a_phone_asks_a_queue(answers):
    """Whoever waits in it, the phone or the caller it was left to, the call is in that queue; its agent is no other's."""
    stream = in_a_talk().say("Hold", Uniqueid="202a").calls("202b", "500").queue("QueueCallerJoin", "202b", "sales")
    member = {"DestUniqueid": "203a", "MemberName": "Boris"}
    stream.channel("203a", "PJSIP/203-203a", "202b").queue("AgentCalled", "202b", "sales", **member)
    stream.dial("202b", "203a", "203", DestCallerIDNum="203")
    if answers == "before":
        stream.queue("AgentConnect", "202b", "sales", **member).bridge("203a", "202b", name="b2")
        stream.joins("202a", "202b", "201a", "203a").hangup("202b", "202a").bridge("201a", name="b2")
    elif answers == "after":
        stream.joins("202a", "202b", "201a", dest="App", DestApp="Queue").hangup("202b", "202a")
        stream.queue("AgentConnect", "201a", "sales", **member).bridge("203a", "201a", name="b2")
    else:
        stream.queue("QueueCallerAbandon", "202b", "sales").hangup("203a", "202b", "202a")
    record = only(stream.hangup("203a", "201a"))
    leg, visit = ("cancelled", "abandoned") if answers == "never" else ("answered", "answered")
    assert visits(record) == [("sales", visit, [("Boris", leg)])]
    assert record.outcome == "answered"


def test_an_agent_of_a_project_asks_a_plain_queue():
    """It is no visit of the customer's, who never waited there; whom it rang is a party."""
    stream = in_a_talk()
    stream.data += mark_event(stream.at, "entry", "n1-201a", "78001002030", "201", channel="201a")
    stream.say("Hold", Uniqueid="202a").calls("202b", "500").queue("QueueCallerJoin", "202b", "sales")
    stream.rings("202b", "203a", "202b").queue("AgentConnect", "202b", "sales", DestUniqueid="203a", MemberName="Boris")
    stream.bridge("203a", "202b", name="b2").joins("202a", "202b", "201a", "203a").hangup("202b", "202a")
    record = only(stream.bridge("201a", name="b2").hangup("203a", "201a"))
    assert (record.project, visits(record), parties(record)[-1]) == (
        "northwind",
        [],
        ("transfer", "PJSIP/203", "answered"),
    )


@pytest.mark.parametrize("by", ["phone", "switch"])
def test_a_caller_gives_up_after_the_phone_that_parked_them_hung_up(by):
    """Who has sent a call on hangs up, and ends nothing by it."""
    stream = in_a_talk()
    if by == "phone":
        stream.sends("202a", "201a", "700")
    stream.say("ParkedCall", ParkeeUniqueid="201a", ParkingSpace="701")
    stream.apart("201a", name="b1").bridge("201a", name="park").say("HangupRequest", Uniqueid="202a", Cause=16)
    stream.hangup("202a").say("HangupRequest", Uniqueid="201a", Cause=16)
    assert only(stream.hangup("201a")).hung_up_by == "caller"


def test_of_three_one_leaves():
    """While another party talks on, nobody has ended the call."""
    stream = in_a_talk().talks("201a", "203a", "201a", "b1").say("HangupRequest", Uniqueid="202a", Cause=16)
    stream.apart("202a", name="b1").hangup("202a").apart("203a", name="b1").hangup("203a")
    assert only(stream.say("HangupRequest", Uniqueid="201a", Cause=16).hangup("201a")).hung_up_by == "caller"


@pytest.mark.parametrize("cause", [17, 18, 19, 21, 34])
def test_a_refusal_is_no_hanging_up(cause):
    """The switch may hear that its refusal has reached the caller before it is done with the caller's channel."""
    stream = Office().calls("201a", "202").rings("201a", "202a", "201a").dial_ends("201a", "202a", "BUSY")
    assert (
        only(stream.hangup("202a").say("HangupRequest", Uniqueid="201a", Cause=cause).hangup("201a")).hung_up_by
        == "flow"
    )


def test_a_phone_that_the_switch_calls_refuses():
    """It is the call's own phone that rings, and did not hang up."""
    stream = Office().calls("201a", "").dial("", "201a", "201").say("HangupRequest", Uniqueid="201a", Cause=21)
    record = only(stream.dial_ends("", "201a", "BUSY").hangup("201a"))
    assert (record.hung_up_by, parties(record)) == ("flow", [("originate", "PJSIP/201", "busy")])


def test_who_hung_up_before_the_switch_stopped():
    """What it lets go then had an end already."""
    stream = in_a_talk().say("HangupRequest", Uniqueid="201a", Cause=16)
    assert only(stream.say("SoftHangupRequest", Uniqueid="201a", Cause=4).hangup("201a", "202a")).hung_up_by == "caller"


@pytest.mark.parametrize("first", ["room", "transfer", "transfer alone"])
def test_a_phone_asks_in_a_room(first):
    """Who is left there may join the room before the transfer is told, or after it, or without a word."""
    room = {"Conference": "sales"}
    stream = Office().calls("203a", "600").say("ConfbridgeJoin", Uniqueid="203a", **room).calls("201a", "202")
    stream.talks("201a", "202a", "201a", "b1").say("Hold", Uniqueid="202a").calls("202b", "600")
    stream.say("ConfbridgeJoin", Uniqueid="202b", **room)
    if first == "room":
        stream.say("ConfbridgeLeave", Uniqueid="202b", **room).say("ConfbridgeJoin", Uniqueid="201a", **room)
    stream.joins("202a", "202b", "201a", dest="App", DestApp="ConfBridge", SecondTransfererExten="600")
    if first == "transfer":
        stream.say("ConfbridgeLeave", Uniqueid="202b", **room).say("ConfbridgeJoin", Uniqueid="201a", **room)
    record, *_ = stream.hangup("202b", "202a", "201a", "203a").records()
    assert transfers(record) == [("attended", "PJSIP/202", "600", "sales")]


@pytest.mark.parametrize(("name", "others", "ends"), [
    ("PJSIP/201", True, ("not_answered", "flow", "timeout")),
    ("PJSIP/201", False, ("abandoned", "caller", "abandoned")),
    ("DAHDI/1", True, ("abandoned", "caller", "abandoned")),
])  # fmt: skip
def test_a_queue_whose_time_is_over_hangs_up_at_once(name, others, ends):
    """It tells an abandon: but whoever abandons it hangs up, and of others' phones the switch has told that."""
    stream = in_a_talk()
    if others:
        stream.say("HangupRequest", Uniqueid="201a", Cause=16).say("HangupRequest", Uniqueid="202a", Cause=16)
    stream.hangup("202a", "201a").channel("7.1", f"{name}-7", exten="500").queue("QueueCallerJoin", "7.1", "sales")
    stream.rings("7.1", "203a", "7.1").dial_ends("7.1", "203a", "CANCEL").hangup("203a")
    *_, record = stream.queue("QueueCallerAbandon", "7.1", "sales").hangup("7.1").records()
    assert (record.outcome, record.hung_up_by, record.visits[0].outcome) == ends


@pytest.mark.parametrize("late", [True, False])
def test_whom_another_answered_before_was_not_given_up(late):
    """Of two that rang one answered, and the other was cancelled: who hung up on a refusal after that was the switch."""
    stream = Office().calls("201a", "400").rings("201a", "202a", "201a").rings("201a", "203a", "201a")
    stream.dial_ends("201a", "202a", "ANSWER")
    if late:
        stream.bridge("202a", "201a", name="b1").dial_ends("201a", "203a", "CANCEL")
    else:
        stream.dial_ends("201a", "203a", "CANCEL").bridge("202a", "201a", name="b1")
    stream.hangup("203a").say("Hold", Uniqueid="202a").calls("202b", "204").rings("202b", "204a", "202b")
    stream.joins("202a", "202b", "201a", dest="App", DestApp="Dial").apart("201a", "202a", name="b1")
    stream.hangup("202b", "202a").dial_ends("201a", "204a", "BUSY")
    assert only(stream.hangup("204a", "201a")).hung_up_by == "flow"


def test_who_gives_up_after_one_of_two_refused():
    """Their channel has that one's cause, while the other rings: it is their hanging up all the same."""
    stream = Office().calls("201a", "400").rings("201a", "202a", "201a").rings("201a", "203a", "201a")
    stream.dial_ends("201a", "202a", "BUSY").hangup("202a").say("HangupRequest", Uniqueid="201a", Cause=17)
    assert only(stream.dial_ends("201a", "203a", "CANCEL").hangup("203a", "201a")).hung_up_by == "caller"


def test_who_rings_is_cancelled_and_the_caller_has_not_hung_up():
    """A Local channel behind another rings out as its own phones do: they are cancelled, and it was not the caller."""
    stream = Office().calls("201a", "400").local("400", "201a").dial("201a", "4001").rings("4002", "202a", "201a")
    stream.say("HangupRequest", Uniqueid="202a", Cause=16).dial_ends("4002", "202a", "CANCEL")
    assert only(stream.hangup("202a", "4002", "4001", "201a")).hung_up_by == "flow"


def test_who_is_asked_rings_on_after_the_caller_hung_up():
    """Their end is the end of a party of a call that is over."""
    stream = in_a_talk().say("Hold", Uniqueid="202a").calls("202b", "203").rings("202b", "203a", "202b")
    stream.say("HangupRequest", Uniqueid="201a", Cause=16).apart("201a", "202a", name="b1").hangup("201a", "202a")
    ended = stream.at
    record = only(stream.hangup("202b").hangup("203a"))
    assert parties(record)[-1] == ("consult", "PJSIP/203", "cancelled")
    assert (record.hung_up_by, record.ended.at < ended) == ("caller", True)


def test_who_is_asked_rings_on_after_the_callers_end_was_missed():
    """Nobody knows when that was, and the end of whom they asked is none of the call's."""
    stream, tracker = (
        in_a_talk().say("Hold", Uniqueid="202a").calls("202b", "203").rings("202b", "203a", "202b"),
        Tracker("n1"),
    )
    feed(tracker, stream.data).gap()
    there = (entry(id_, "202b", f"PJSIP/{id_[:-1]}-{id_}", "Dial") for id_ in ("202b", "203a"))
    feed(tracker, listed(*there))
    stream.data = b""
    (record,) = (one for one in stream.hangup("202b", "203a").records(tracker) if one.caller == "201")
    assert (record.ended, parties(record)[-1]) == (None, ("consult", "PJSIP/203", "cancelled"))


def test_a_queue_says_at_the_end_of_a_redirected_call_that_the_caller_left_it():
    """Whoever ended what came after: here the phone they were sent to declined."""
    stream = Office().calls("201a", "500").queue("QueueCallerJoin", "201a", "sales").rings("201a", "202a", "201a")
    member = {"DestUniqueid": "202a", "MemberName": "Anna"}
    stream.queue("AgentConnect", "201a", "sales", **member).bridge("202a", "201a").apart("201a", "202a").hangup("202a")
    stream.rings("201a", "203a", "201a").dial_ends("201a", "203a", "BUSY").hangup("203a")
    stream.queue("AgentComplete", "201a", "sales", MemberName="Anna", Reason="caller")
    assert only(stream.hangup("201a")).hung_up_by == "flow"


def test_a_call_whose_caller_left_is_heard_twice():
    """A stream that is folded twice changes nothing, whoever is in the caller's place by then."""
    stream = sent_by_the_caller().local("204", "201a").bridge("203a", "2041", name="asks")
    stream.rings("2042", "204a", "201a").bridge("204a", "2042", name="asked").joins("203a", "2041", "202a", "204a")
    tracker = Tracker("n1")
    (first,) = feed(tracker, stream.hangup("203a", "204a", "2042", "2041", "202a").data).take()[0]
    assert parties(first)[-1] == ("transfer", "PJSIP/204", "answered")
    assert feed(tracker, stream.data).take(last=True)[0] == []
