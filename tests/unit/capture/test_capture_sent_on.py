"""A caller whom an agent sends on, seen through gaps of the events: what queue_log and a listing tell of it."""

from collections import Counter
from pathlib import Path

import pytest

from cctoolkit.ami.messages import Message
from cctoolkit.ami.protocol import Parser
from cctoolkit.capture.board import Board
from cctoolkit.capture.draft import Draft
from cctoolkit.capture.feeder import BACKFILL, Feeder
from cctoolkit.capture.merge import Heard
from cctoolkit.capture.said import Said
from cctoolkit.capture.tracker import Tracker
from cctoolkit.cdr.records import CallRecord, Edge, Party, Transfer

STORIES = Path(__file__).parents[2] / "replay/transfer"
CALLER = "+7916000021"
SECOND = 1_000_000


def pieces(story):
    """Return the stream's messages, each with its bytes."""
    stream = (STORIES / story / "stream.ami").read_bytes()
    parts = [data + b"\r\n\r\n" for data in stream.split(b"\r\n\r\n")]
    greeting = b"Asterisk Call Manager/11.0.0\r\n"
    return [(message, data) for data in parts for message in Parser().feed(greeting + data)]


PIECES = pieces("agent-sends-the-caller-on")
ENTRY = next(message for message, _ in PIECES if message.get("Kind") == "entry" and message.get("Detail") == CALLER)
CALL, STAMP = ENTRY.get("Call"), int(float(ENTRY.get("Timestamp")))


def place(name, **headers):
    """Return where the first event of the call with this name and these headers stands."""
    for number, (message, _) in enumerate(PIECES):
        of_call = CALL in (message.get("Linkedid"), message.get("Uniqueid"), message.get("TransfererLinkedid"))
        if message.event == name and of_call and all(message.get(key) == value for key, value in headers.items()):
            return number
    raise AssertionError(name)


def at(number):
    """Return when a message was sent."""
    seconds, _, micros = PIECES[number][0].get("Timestamp").partition(".")
    return int(seconds) * SECOND + int(micros)


def log(until):
    """Return the call's lines of queue_log up to a moment: of each mark, and those of app_queue."""
    lines = [
        (at(place("QueueCallerJoin")), f"northwind-hotline.orders|NONE|ENTERQUEUE||{CALLER}|1"),
        (at(place("AgentConnect")), f"northwind-hotline.orders|ivanova|CONNECT|1|n1-{STAMP}.9|1"),
        (at(place("AgentComplete")), "northwind-hotline.orders|ivanova|BLINDTRANSFER|21|colleagues|1|1|1"),
    ]
    for number, (one, _) in enumerate(PIECES):
        if one.get("UserEvent") == "CCT" and one.get("Call") == CALL:
            words = (one.get(name) for name in ("Project", "Generation", "Release", "Step", "Detail"))
            lines.append((at(number), f"NONE|NONE|CCT{one.get('Kind').upper()}|{'|'.join(words)}"))
    return "".join(f"{moment // SECOND}|{CALL}|{line}\n" for moment, line in sorted(lines) if moment <= until)


def told(first, last, *, listed=b""):
    """Return the call's record when the events from one place to before another were lost, and what is listed then."""
    feeder = Feeder(Tracker("n1"))
    feeder.take(b"".join(data for _, data in PIECES[:first]))
    feeder.take(b"")
    feeder.take(PIECES[last][1])
    feeder.take(BACKFILL + log(at(last)).encode())
    feeder.take(listed or b"\r\n")
    feeder.take(b"".join(data for _, data in PIECES[last + 1 :]))
    records, _ = feeder.tracker.take()
    return next(record for record in records if record.call == CALL)


def listing(*channels):
    """Return the answer to CoreShowChannels: (channel's first event, application, bridge)."""
    rows = []
    for message, application, bridge in channels:
        rows.append(
            "Event: CoreShowChannel\r\nActionID: 9\r\n"
            f"Channel: {message.get('Channel')}\r\nUniqueid: {message.get('Uniqueid')}\r\n"
            f"Linkedid: {message.get('Linkedid')}\r\nContext: {message.get('Context')}\r\nApplication: {application}\r\nBridgeId: {bridge}\r\n\r\n"
        )
    end = f"Event: CoreShowChannelsComplete\r\nActionID: 9\r\nListItems: {len(channels)}\r\n\r\n"
    return ("Response: Success\r\nActionID: 9\r\nEventList: start\r\n\r\n" + "".join(rows) + end).encode()


def first(name, channel):
    """Return where the first event with this name of an endpoint's channel stands."""
    return next(n for n, (one, _) in enumerate(PIECES) if one.event == name and one.get("Channel").startswith(channel))


RINGS = first("Newchannel", "PJSIP/novikov-")
BRIDGE = PIECES[first("BridgeEnter", "PJSIP/novikov-")][0].get("BridgeUniqueid")
CALLERS = PIECES[first("Newchannel", "PJSIP/carrier-")][0]


@pytest.mark.parametrize("lost", ["AgentConnect", "QueueCallerLeave", "BlindTransfer"])
def test_a_transfer_in_a_gap_is_told_by_queue_log(lost):
    """Who sent the call on and where to is in its line; whoever rings then is where it was sent."""
    record = told(place(lost), place("AgentComplete") + 1, listed=listing((CALLERS, "Dial", "")))
    second = at(place("AgentComplete")) // SECOND * SECOND
    [sent] = record.transfers
    assert sent == Transfer("blind", sent.at, "PJSIP/ivanova", "21", "PJSIP/novikov")
    assert sent.at.source == "queue_log"
    assert second <= sent.at.at <= second + SECOND
    assert [(party.endpoint, party.how, party.outcome) for party in record.parties] == [
        ("PJSIP/novikov", "transfer", "answered")
    ]
    assert record.hung_up_by == "agent"


def test_an_agent_who_was_connected_in_a_gap_sends_the_caller_on():
    """That the queue was left was told by nobody: whoever rings after the transfer is no phone of the queue's."""
    record = told(place("QueueCallerLeave"), place("AgentConnect") + 1)
    assert [(party.endpoint, party.how) for party in record.parties] == [("PJSIP/novikov", "transfer")]
    assert [(one.at.source, one.taken_by) for one in record.transfers] == [("ami", "PJSIP/novikov")]


def test_who_took_the_call_in_a_gap_is_found_by_the_listing():
    """A phone that began to ring in the gap is known by its channel, to its second; when it answered nobody knows."""
    phone = PIECES[RINGS][0]
    together = max(
        n for n, (one, _) in enumerate(PIECES) if one.event == "BridgeEnter" and one.get("BridgeUniqueid") == BRIDGE
    )
    record = told(RINGS, together + 1, listed=listing((CALLERS, "Dial", BRIDGE), (phone, "AppDial", BRIDGE)))
    [party] = record.parties
    rang = Edge(at(RINGS) // SECOND * SECOND, "queue_status")
    assert party == Party(phone.get("Uniqueid"), "PJSIP/novikov", "", "transfer", rang, None, party.ended, "answered")
    assert party.ended.source == "ami"
    assert record.transfers[0].taken_by == "PJSIP/novikov"
    assert record.hung_up_by == "agent"


def test_a_call_whose_entry_fell_into_a_gap_has_its_end():
    """Its channel was heard of before, in no call; the log tells of the call, and the events of its end."""
    record = told(place("UserEvent", Kind="entry"), place("QueueCallerJoin"), listed=listing((CALLERS, "Queue", "")))
    assert (record.entered.source, record.ended.source, record.outcome) == ("queue_log", "ami", "answered")
    assert [(party.endpoint, party.how) for party in record.parties] == [("PJSIP/novikov", "transfer")]


def test_a_caller_hangs_up_while_somebody_is_asked():
    """The agent's second call goes on after the first is over, and is a part of it all the same."""
    story = pieces("agent-asks-another-first")
    entry = [message.get("Call") for message, _ in story if message.get("Kind") == "entry"][-1]
    begun = max(
        n
        for n, (one, _) in enumerate(story)
        if one.event == "DialBegin" and one.get("Uniqueid") == one.get("Linkedid") != entry
    )
    ends = [
        data for one, data in story[begun:] if one.get("Linkedid") == entry and one.event in ("AgentComplete", "Hangup")
    ]
    rest = [data for one, data in story[begun + 1 :] if one.get("Linkedid") != entry]
    feeder = Feeder(Tracker("n1"))
    feeder.take(b"".join([*(data for _, data in story[: begun + 1]), *ends, *rest]))
    records = feeder.tracker.take()[0]
    assert [record.call for record in records if not record.project] == []
    record = next(record for record in records if record.call == entry)
    assert [(party.endpoint, party.how, party.outcome) for party in record.parties] == [
        ("PJSIP/mikhailova", "consult", "cancelled")
    ]
    assert record.ended


ASKED = pieces("agent-asks-another-first")
ASKED_FOR = next(n for n, (one, _) in enumerate(ASKED) if one.get("DestChannel").startswith("PJSIP/novikov"))
ANSWERED = next(n for n, (one, _) in enumerate(ASKED) if n > ASKED_FOR and one.event == "BridgeEnter") + 1
APPLICATIONS = {
    "carrier": "Queue", "ivanova-00000002": "AppQueue", "ivanova-00000003": "Dial", "novikov": "AppDial",
    "ivanova-00000007": "AppQueue", "ivanova-00000008": "Dial", "mikhailova": "AppDial",
}  # fmt: skip
SENT_ON, KEPT = "n1-1795969055.3", "n1-1795969065.10"
"""Two calls: one is sent on to whom the agent asked, of the other nobody answers the agent."""
QUEUED = [
    (60, f"1795969056|{SENT_ON}|northwind-hotline.orders|NONE|ENTERQUEUE||{CALLER}|1"),
    (74, f"1795969056|{SENT_ON}|northwind-hotline.orders|ivanova|CONNECT|0|n1-1795969056.4|0"),
    (102, f"1795969058|{SENT_ON}|northwind-hotline.orders|ivanova|ATTENDEDTRANSFER|BRIDGE|8316dadc|0|2|1"),
    (144, f"1795969066|{KEPT}|northwind-hotline.orders|NONE|ENTERQUEUE||{CALLER[:-1]}2|1"),
    (158, f"1795969066|{KEPT}|northwind-hotline.orders|ivanova|CONNECT|0|n1-1795969066.11|0"),
    (178, f"1795969071|{KEPT}|northwind-hotline.orders|ivanova|COMPLETEAGENT|0|5|1"),
]


def _lines():
    """Return what queue_log has of each call: app_queue's lines, and those of the marks."""
    lines = list(QUEUED)
    for number, (one, _) in enumerate(ASKED):
        if one.get("UserEvent") == "CCT":
            words = (one.get(name) for name in ("Project", "Generation", "Release", "Step", "Detail"))
            mark = f"NONE|NONE|CCT{one.get('Kind').upper()}|{'|'.join(words)}"
            lines.append((number, f"{one.get('Timestamp')[:10]}|{one.get('Call')}|{mark}"))
    return {call: [f"{line}\n" for _, line in sorted(lines) if line.split("|")[1] == call] for call in (SENT_ON, KEPT)}


LINES = _lines()


def as_listed(until):
    """Return what the switch lists of the calls' channels before a message of the story."""
    there = {}
    for one, _ in ASKED[:until]:
        if one.event == "Newchannel":
            there[one.get("Uniqueid")] = [one, ""]
        elif one.event == "Hangup":
            there.pop(one.get("Uniqueid"), None)
        elif one.event in ("BridgeEnter", "BridgeLeave") and one.get("Uniqueid") in there:
            there[one.get("Uniqueid")] = [one, one.get("BridgeUniqueid") if one.event == "BridgeEnter" else ""]
    used = ((name, app, one, bridge) for one, bridge in there.values() for name, app in APPLICATIONS.items())
    # Whom an agent asks stands before the agent: the order is the switch's.
    return listing(*reversed([(one, app, bridge) for name, app, one, bridge in used if name in one.get("Channel")]))


def asked_through(call, first, last, heard):
    """Return a call's record when messages from one to before another were lost; so many come before the list."""
    until = int(float(ASKED[last - 1][0].get("Timestamp")))
    written = [line for lines in LINES.values() for line in lines if int(line[:10]) <= until]
    feeder = Feeder(Tracker("n1"))
    feeder.take(b"".join(data for _, data in ASKED[:first]))
    feeder.take(b"")
    feeder.take(b"".join(data for _, data in ASKED[last : last + heard]))
    feeder.take(BACKFILL + "".join(written).encode())
    feeder.take(as_listed(last + heard))
    feeder.take(b"".join(data for _, data in ASKED[last + heard :]))
    records, _ = feeder.tracker.take(last=True)
    assert [one.call for one in records if not one.project and not one.joined] == []
    return next(record for record in records if record.call == call)


@pytest.mark.parametrize("heard", [0, 5])
def test_whom_an_agent_asked_first_is_known_through_any_gap(heard):
    """Whatever of the asking and the sending on was lost, as long as somebody is there to be found afterwards: it is one
    call, the agent sent it on, and whom to; what nobody can tell is not made up.
    """
    events = [n for n, (one, _) in enumerate(ASKED[:114]) if n > 69 and one.event not in ("VarSet", "Newexten", "")]
    for first in events:
        for last in [n for n in events if first < n <= 114 - heard][::2]:
            record = asked_through(SENT_ON, first, last, heard)
            lost = f"{first}-{last}"
            assert len(record.transfers) == 1, lost
            sent = record.transfers[0]
            assert (sent.kind, sent.made_by, sent.taken_by) == ("attended", "PJSIP/ivanova", "PJSIP/novikov"), lost
            assert sent.number in ("21", ""), lost
            [party] = record.parties
            assert (party.endpoint, party.how, party.outcome) == ("PJSIP/novikov", "transfer", "answered"), lost
            assert record.hung_up_by == "agent", lost
            if last <= ASKED_FOR or first > ANSWERED:
                assert party.answered.source == "ami", lost


def test_whom_a_list_between_two_gaps_shows_with_the_agent_is_who_took_the_call():
    """The asking began in the first gap, and all was over in the second: the line of the second tells of the transfer."""
    feeder = Feeder(Tracker("n1"))
    feeder.take(b"".join(data for _, data in ASKED[:76]))
    for until, lines in ((90, LINES[SENT_ON][:10]), (122, LINES[SENT_ON])):
        feeder.take(b"")
        feeder.take(BACKFILL + "".join(lines).encode())
        feeder.take(as_listed(until))
    record = next(one for one in feeder.tracker.take(last=True)[0] if one.call == SENT_ON)
    assert [(one.kind, one.made_by, one.taken_by) for one in record.transfers] == [
        ("attended", "PJSIP/ivanova", "PJSIP/novikov")
    ]
    assert [(one.endpoint, one.how, one.outcome) for one in record.parties] == [
        ("PJSIP/novikov", "transfer", "answered")
    ]


def test_what_is_said_late_of_a_part_stands_where_it_happened():
    """An asking outlives its call, whose agent was ready meanwhile: the lines of the call's end are not pushed behind it."""
    start = CallRecord("n1-1.1", "n1", "p", "g", "r", "+7800", CALLER, Edge(1 * SECOND))
    draft = Draft(start, last=9 * SECOND, born=1)
    draft.hear(Said("join", Edge(2 * SECOND), "orders"), 1)
    draft.hear(Said("ready", Edge(9 * SECOND), "ivanova"), 3)
    # A list has no clock: the meeting seems to be of before the ringing.
    met, rings = Edge(4 * SECOND, "queue_status"), Edge(5 * SECOND, "queue_status")
    part = [Said("rings", rings, "PJSIP/novikov", channel="x"), Said("met", met, channel="x")]
    draft.take_in([Heard(part[0], 2), Heard(part[1], 2), Heard(Said("stops", Edge(11 * SECOND), channel="x"), 3)])
    draft.patch([
        Said("join", Edge(2 * SECOND, "queue_log"), "orders"),
        Said("connect", Edge(3 * SECOND, "queue_log"), "ivanova"),
        Said("complete", Edge(7 * SECOND, "queue_log"), "ivanova", "caller"),
        Said("end", Edge(7 * SECOND, "queue_log"), "orders", "16"),
    ])  # fmt: skip
    assert [one.said.kind for one in draft.heard] == ["join", "rings", "met", "ready", "stops"]
    assert draft.record.ended == Edge(7 * SECOND, "queue_log")
    assert [(one.outcome, one.ended) for one in draft.record.parties] == [("answered", Edge(11 * SECOND))]


def test_who_confers_with_the_agent_and_the_caller_was_not_sent_on():
    """In the gap the agent's own phone, the caller and whom the agent had asked came into one bridge."""
    feeder = Feeder(Tracker("n1"))
    feeder.take(b"".join(data for _, data in ASKED[:90]))
    feeder.take(b"")
    feeder.take(BACKFILL + "".join(LINES[SENT_ON][:10]).encode())
    caller, agents, asked = (ASKED[number][0] for number in (76, 75, 96))
    feeder.take(listing((asked, "ConfBridge", "r"), (agents, "ConfBridge", "r"), (caller, "ConfBridge", "r")))
    record = next(one for one in feeder.tracker.take(last=True)[0] if one.call == SENT_ON)
    assert record.transfers == ()


def test_who_was_asked_before_a_gap_and_is_there_no_more_took_nothing():
    """The agent asked one, and in the gap sent the caller to another unseen, whose phone rings after it."""
    sent = f"1795969058|{SENT_ON}|northwind-hotline.orders|ivanova|BLINDTRANSFER|22|colleagues|0|2|1\n"
    feeder = Feeder(Tracker("n1"))
    feeder.take(b"".join(data for _, data in ASKED[:90]))
    feeder.take(b"")
    feeder.take(BACKFILL + ("".join(LINES[SENT_ON][:10]) + sent).encode())
    feeder.take(listing((ASKED[76][0], "Dial", "")))
    caller, phone = f"Uniqueid: {SENT_ON}", "DestChannel: PJSIP/mikhailova-5\r\nDestUniqueid: n1-1795969060.20"
    for number, event in enumerate([
        f"DialBegin\r\n{caller}\r\nLinkedid: {SENT_ON}\r\n{phone}\r\nDialString: mikhailova",
        f"DialEnd\r\n{caller}\r\n{phone}\r\nDialStatus: ANSWER",
        "BridgeEnter\r\nUniqueid: n1-1795969060.20\r\nBridgeUniqueid: d",
        f"BridgeEnter\r\n{caller}\r\nBridgeUniqueid: d",
    ]):  # fmt: skip
        feeder.take(f"Event: {event}\r\nTimestamp: 179596906{number}.000000\r\n\r\n".encode())
    record = next(one for one in feeder.tracker.take(last=True)[0] if one.call == SENT_ON)
    assert [(one.kind, one.number, one.taken_by) for one in record.transfers] == [("blind", "22", "PJSIP/mikhailova")]
    assert [(one.endpoint, one.how) for one in record.parties] == [
        ("PJSIP/novikov", "consult"),
        ("PJSIP/mikhailova", "transfer"),
    ]


def test_a_list_of_many_in_one_bridge_is_gone_through_once(monkeypatch):
    """A paging of hundreds of phones is one call: who hears whom is asked once a call, not once an entry."""
    asked = Counter()
    connected = Board.connected

    def counted(board, live, id_):
        asked[live.call] += 1
        return connected(board, live, id_)

    phones = [
        Message.of(f"Channel: SIP/{number}-1", f"Uniqueid: n1-1.{number}", "Linkedid: n1-1.0") for number in range(200)
    ]
    feeder = Feeder(Tracker("n1"))
    for number, phone in enumerate(phones):
        made = "\r\n".join(
            ["Event: Newchannel", *phone.lines, "Context: office", f"Timestamp: 179596000{number % 10}.0"]
        )
        feeder.take(f"{made}\r\n\r\nEvent: BridgeEnter\r\nBridgeUniqueid: b\r\n{phone.text}\r\n\r\n".encode())
    feeder.take(b"")
    monkeypatch.setattr(Board, "connected", counted)
    feeder.take(BACKFILL)
    feeder.take(listing(*((phone, "AppDial", "b") for phone in phones)))
    assert asked.total() <= 1


def test_nobody_is_said_to_have_taken_a_call_that_was_not_sent_on():
    """The agent asks and nobody answers: whatever of it was lost, the caller stays with the agent."""
    events = [n for n, (one, _) in enumerate(ASKED) if 153 < n < 186 and one.event not in ("VarSet", "Newexten", "")]
    for first in events:
        for last in [n for n in events if n > first][::2]:
            record = asked_through(KEPT, first, last, 0)
            lost = f"{first}-{last}"
            assert (record.transfers, record.hung_up_by) == ((), "agent"), lost
            parties = [(one.endpoint, one.how, one.answered) for one in record.parties]
            assert parties in ([("PJSIP/mikhailova", "consult", None)], []), lost
            if last <= 165 or first > 174:
                assert parties, lost


def test_nobody_meets_who_is_listed_no_more():
    """Who talked before the gap and is not listed after it left in it: that they sat in one bridge then says nothing."""
    feeder = Feeder(Tracker("n1"))
    feeder.take(b"".join(data for _, data in ASKED[:90]))
    feeder.take(b"")
    feeder.take(BACKFILL)
    feeder.take(listing())
    said = [one.said.kind for draft in feeder.tracker._calls.values() for one in draft.heard]
    assert "talks" in said
    assert "met" not in said


@pytest.mark.parametrize("heard", [0, 3])
def test_a_queues_phone_is_no_other_party_though_the_joining_was_missed(heard):
    """That the queue calls its phone says that the caller waits there, before any list does."""
    called = next(n for n, (one, _) in enumerate(ASKED) if one.event == "AgentCalled")
    for first in range(46, called):
        record = asked_through(SENT_ON, first, called, heard)
        assert [one.endpoint for one in record.parties] == ["PJSIP/novikov"], first
        assert [[leg.agent for leg in visit.legs] for visit in record.visits] == [["ivanova"]], first


@pytest.mark.parametrize(("call", "asked"), [(SENT_ON, "PJSIP/novikov"), (KEPT, "PJSIP/mikhailova")])
def test_whom_a_queue_rings_is_no_other_party_though_lines_come_late(call, asked):
    """Nothing but that its phone is called tells of the caller, who entered in the gap: the queue is ours all the same,
    and whom the agent asks is a part of the call.
    """
    entry, called = (
        next(n for n, (one, _) in enumerate(ASKED) if one.event == name and one.get("Uniqueid") == call)
        for name in ("Newchannel", "AgentCalled")
    )
    for first in range(entry - 6, called):
        for last in range(max(first, entry + 2), called + 1):
            feeder = Feeder(Tracker("n1"))
            for data in (b"".join(data for _, data in ASKED[:first]), b"", BACKFILL, as_listed(last)):
                feeder.take(data)
            feeder.take(b"".join(data for _, data in ASKED[last:]))
            feeder.take(BACKFILL + "".join(line for lines in LINES.values() for line in lines).encode())
            records = feeder.tracker.take(last=True)[0]
            assert [one.call for one in records if not one.project and not one.joined] == [], (first, last)
            record = next(one for one in records if one.call == call)
            assert [one.endpoint for one in record.parties] == [asked], (first, last)
            assert [[leg.agent for leg in visit.legs] for visit in record.visits] == [["ivanova"]], (first, last)


@pytest.mark.parametrize("lost", [0, 12])
def test_a_call_that_comes_by_a_dialplan_of_others(lost):
    """Its channel begins in a context that is not the project's, and its entry is told later, or by its line alone: it is
    the project's, and whom the queue rings are its agents.
    """
    entry = next(
        n for n, (one, _) in enumerate(ASKED) if one.event == "Newchannel" and one.get("Context") == "cct-trunk"
    )
    whole, feeder = Feeder(Tracker("n1")), Feeder(Tracker("n1"))
    foreign = ASKED[entry][1].replace(b"cct-trunk", b"from-pstn")
    whole.take(b"".join(data for _, data in ASKED))
    feeder.take(b"".join(data for _, data in ASKED[:entry]) + foreign)
    if lost:
        feeder.take(b"")
        feeder.take(as_listed(entry + lost))
        feeder.take(BACKFILL + "".join(line for lines in LINES.values() for line in lines[:-1]).encode())
    rest = [data for _, data in ASKED[entry + 1 + lost :]]
    feeder.take(b"".join(rest[:5]))
    assert SENT_ON in [record.call for record in feeder.tracker.take()[0]], "told as it goes on, not when it has ended"
    feeder.take(b"".join(rest[5:]))
    expected, found = ({r.call: r for r in one.tracker.take(last=True)[0]} for one in (whole, feeder))
    assert found.keys() == expected.keys()
    for call, record in found.items():
        assert (record.project, record.number, record.outcome) == (
            expected[call].project, expected[call].number, expected[call].outcome,
        )  # fmt: skip
        assert [one.endpoint for one in record.parties] == [one.endpoint for one in expected[call].parties]
        assert [len(one.legs) for one in record.visits] == [len(one.legs) for one in expected[call].visits]


@pytest.mark.parametrize(("over", "parties"), [(67, ["PJSIP/mikhailova"]), (66, [])])
def test_a_caller_hangs_up_in_the_gap_in_which_somebody_is_asked(over, parties):
    """Whom an agent called within the seconds of a talk is asked about it, though only lines tell of the talk; what they
    dialled later is a call of its own.
    """
    written = [line for line in LINES[KEPT] if int(line[:10]) <= 1795969066]
    written += [
        f"17959690{over}|{KEPT}|northwind-hotline.orders|ivanova|COMPLETECALLER|0|1|1\n",
        f"17959690{over}|{KEPT}|NONE|NONE|CCTEND|northwind-hotline|g|r|orders|16\n",
    ]
    asks, rings = ASKED[163][0], ASKED[164][0]
    feeder = Feeder(Tracker("n1"))
    feeder.take(b"".join(data for _, data in ASKED[:150]))
    feeder.take(b"")
    feeder.take(BACKFILL + "".join(written).encode())
    feeder.take(listing((rings, "AppDial", ""), (asks, "Dial", "")))
    feeder.take(b"".join(data for one, data in ASKED[168:] if one.get("Linkedid") == asks.get("Uniqueid")))
    records = feeder.tracker.take(last=True)[0]
    alone = [one for one in records if not one.project and not one.joined]
    assert [party.endpoint for one in alone for party in one.parties] == ([] if parties else ["PJSIP/mikhailova"])
    record = next(one for one in records if one.call == KEPT)
    assert [(party.endpoint, party.how) for party in record.parties] == [(one, "consult") for one in parties]
