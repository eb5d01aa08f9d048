"""What the switch lists after a gap: calls that agents made in it, and who is found there without having been sent on."""

import pytest

from cctoolkit.capture import board
from cctoolkit.capture.feeder import BACKFILL, Feeder
from cctoolkit.capture.tracker import Tracker
from tests.unit.capture.made_calls import EPOCH, SECOND, event
from tests.unit.capture.test_capture_channels import Stream, feed, talk
from tests.unit.capture.test_capture_own_told import entry, listed
from tests.unit.capture.test_capture_sent_on import ANSWERED, ASKED, LINES, SENT_ON, listing


def test_a_call_that_an_agent_made_in_a_gap():
    """The phone of an agent, who talks to no caller, dials by itself: it is a call, as it would have been if heard."""
    one, other = (f"n1-{EPOCH // SECOND}.{count}" for count in (1, 2))
    feeder = Feeder(Tracker("n1"))
    for chunk in (b"", BACKFILL):
        feeder.take(chunk)
    feeder.take(
        listed(
            entry(other, one, "PJSIP/petrov-2", "AppDial", "b", Context="cct-agent", CallerIDNum="22"),
            entry(one, one, "PJSIP/ivanova-1", "Dial", "b", Context="cct-agent", Exten="22", CallerIDNum="21"),
        )
    )
    for id_ in (other, one):
        feeder.take(event("Hangup", EPOCH + 9 * SECOND, Uniqueid=id_, Linkedid=one, Cause=16))
    (record,) = feeder.tracker.take()[0]
    assert (record.call, record.caller, record.number, record.outcome) == (one, "21", "22", "answered")
    assert [(party.endpoint, party.outcome) for party in record.parties] == [("PJSIP/petrov", "answered")]


def test_more_calls_that_agents_made_in_a_gap_than_there_is_room_for(monkeypatch):
    """The oldest channel goes, also one that the same list has found to be a call."""
    monkeypatch.setattr(board, "MOST", 1)
    one, other = (f"n1-{EPOCH // SECOND}.{count}" for count in (1, 2))
    names = {one: "PJSIP/ivanova-1", other: "PJSIP/petrov-2"}
    tracker = feed(Tracker("n1"), event("Newchannel", EPOCH, Uniqueid=one, Channel=names[one], Context="cct-agent"))
    tracker.gap()
    feed(tracker, listed(*(entry(id_, id_, name, "Dial", "", Context="cct-agent") for id_, name in names.items())))
    assert set(tracker._board.channels) == {other}


def test_a_list_that_comes_between_the_ends_of_an_asking():
    """The agent's second channel is gone, whom they asked is not yet: nobody was sent on, and it is no call of its own."""
    heard, rest = ASKED[: ANSWERED + 1], ASKED[ANSWERED + 1 :]
    caller, agents, asked = (
        next(one for one, _ in reversed(heard) if one.event == "BridgeEnter" and name in one.get("Channel"))
        for name in ("carrier", "ivanova-00000002", "novikov")
    )
    feeder = Feeder(Tracker("n1"))
    feeder.take(b"".join(data for _, data in heard))
    feeder.take(b"")
    feeder.take(BACKFILL + "".join(LINES[SENT_ON][:10]).encode())
    there = ((caller, "Queue"), (agents, "AppQueue"), (asked, "AppDial"))
    feeder.take(listing(*((one, application, one.get("BridgeUniqueid")) for one, application in there)))
    asked_id = asked.get("Uniqueid")
    feeder.take(next(data for one, data in rest if one.event == "Hangup" and one.get("Uniqueid") == asked_id))
    (record,) = (one for one in feeder.tracker.take(last=True)[0] if not one.joined)
    assert (record.call, record.transfers) == (SENT_ON, ())
    assert [(one.endpoint, one.how) for one in record.parties] == [("PJSIP/novikov", "consult")]


def test_a_list_that_still_has_who_sent_the_caller_on():
    """The phone has not left the bridge yet, as far as the list says: nobody took the call by that."""
    before, after = talk(Stream()), Stream()
    by = {"TransfererUniqueid": "1.2", "TransfererChannel": "SIP/100-2", "TransfereeUniqueid": "1.1"}
    before.say("BlindTransfer", Result="Success", Extension="200", **by)
    tracker = feed(Tracker("n1"), before.data)
    tracker.gap()
    after.data += listed(
        entry("1.2", "1.1", "SIP/100-2", "AppDial", "b"), entry("1.1", "1.1", "SIP/trunk-1", "Dial", "b")
    )
    after.at = before.at
    (record,) = after.hangup("1.2", "1.1").records(tracker)
    assert [(one.number, one.taken_by) for one in record.transfers] == [("200", "")]


@pytest.mark.parametrize("there", ["b", ""])
def test_a_list_of_what_is_known_tells_nothing(there):
    """Who rang and talks is no news; who is in no bridge any more shares none with others who are not."""
    one, other = (f"n1-{EPOCH // SECOND}.{count}" for count in (1, 2))
    stream = Stream().channel(one, "PJSIP/trunk-1", exten="100").channel(other, "PJSIP/100-2", one)
    tracker = feed(Tracker("n1"), stream.dial(one, other, "100").bridge(other, one).data)
    (draft,) = tracker._calls.values()
    heard = draft.heard[:]
    tracker.gap()
    entries = entry(other, one, "PJSIP/100-2", "AppDial", there), entry(one, one, "PJSIP/trunk-1", "Dial", there)
    feed(tracker, listed(*entries))
    assert draft.heard == heard
    assert set(tracker._board.bridges) == ({there} if there else set())


def test_a_list_of_who_was_left_alone():
    """The phone hung up before the gap, and the caller is still in the bridge after it: the agent ended the call."""
    stream = talk(Stream()).say("BridgeLeave", Uniqueid="1.2", BridgeUniqueid="b").hangup("1.2")
    tracker = feed(Tracker("n1"), stream.data)
    tracker.gap()
    feed(tracker, listed(entry("1.1", "1.1", "SIP/trunk-1", "Dial", "b")))
    stream.at, stream.data = stream.at + SECOND, b""
    (record,) = stream.say("BridgeLeave", Uniqueid="1.1", BridgeUniqueid="b").hangup("1.1").records(tracker)
    assert record.hung_up_by == "agent"
