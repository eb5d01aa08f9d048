"""Who has a call that was sent on, and who was only asked: told in whatever order the sources have it."""

import pytest

from cctoolkit.capture.draft import Draft
from cctoolkit.capture.feeder import BACKFILL, Feeder
from cctoolkit.capture.merge import Heard
from cctoolkit.capture.said import Said
from cctoolkit.capture.tracker import Tracker
from cctoolkit.cdr.records import CallRecord, Edge
from tests.unit.capture.made_calls import SECOND, event
from tests.unit.capture.test_capture_sent_on import (
    ANSWERED,
    ASKED,
    ASKED_FOR,
    CALLER,
    LINES,
    SENT_ON,
    as_listed,
    listing,
)

JOINED = next(number for number, (one, _) in enumerate(ASKED) if one.event == "QueueCallerJoin")
SENT = {
    "BlindTransfer": {"Extension": "80", "TransfererUniqueid": "n1-1.1", "TransfererLinkedid": SENT_ON},
    "AttendedTransfer": {
        "DestType": "Bridge", "OrigTransfererUniqueid": "n1-1.1", "OrigTransfererLinkedid": SENT_ON,
        "SecondTransfererUniqueid": "n1-1.2", "SecondTransfererExten": "80",
    },
}  # fmt: skip


def heard(first, last):
    return b"".join(data for _, data in ASKED[first:last])


def hangup(name):
    """Return the end of an endpoint's channel."""
    return next(data for one, data in ASKED if one.event == "Hangup" and name in one.get("Channel"))


@pytest.mark.parametrize("lost", [False, True])
@pytest.mark.parametrize("how", SENT)
def test_whom_the_next_queues_agent_asks_did_not_take_the_call(how, lost):
    """The caller was sent on, to whom nobody told, and came to a queue: whom its agent asks meets the agent, also in a gap."""
    feeder = Feeder(Tracker("n1"))
    sent = event(how, 1_795_969_055_600_000, Result="Success", **SENT[how])
    feeder.take(heard(0, JOINED) + sent + heard(JOINED, ASKED_FOR + 1))
    if lost:
        for chunk in (b"", BACKFILL, as_listed(ANSWERED + 1)):
            feeder.take(chunk)
    else:
        feeder.take(heard(ASKED_FOR + 1, ANSWERED + 1))
    feeder.take(hangup("novikov") + hangup("ivanova-00000003"))
    (record,) = (one for one in feeder.tracker.take(last=True)[0] if not one.joined)
    assert [(one.number, one.taken_by) for one in record.transfers] == [("80", "")]
    assert [(one.endpoint, one.how, one.outcome) for one in record.parties] == [
        ("PJSIP/novikov", "consult", "answered")
    ]


def test_whom_the_agent_asked_before_the_gap_took_the_call_in_it():
    """Their talk was heard, and all was over when the gap was: the line says that the call was sent on to who was asked."""
    feeder = Feeder(Tracker("n1"))
    lines = "".join(LINES[SENT_ON]).encode()
    for chunk in (heard(0, ANSWERED + 1), b"", BACKFILL + lines, listing()):
        feeder.take(chunk)
    (record,) = (one for one in feeder.tracker.take(last=True)[0] if not one.joined)
    assert [(one.kind, one.taken_by) for one in record.transfers] == [("attended", "PJSIP/novikov")]
    (party,) = record.parties
    assert (party.how, party.answered.source) == ("transfer", "ami")


def logged(second, kind, *words):
    return Said(kind, Edge(second * SECOND, "queue_log"), *words)


def test_the_queues_own_phone_did_not_take_the_call():
    """A foreign queue's phone, heard ringing in the second whose line says it was answered, and found by a list."""
    draft = Draft(CallRecord("n1-1.1", "n1", "", "", "", "500", CALLER, Edge(SECOND)), last=SECOND)
    draft.hear(Said("join", Edge(2 * SECOND), "sales"), 0)
    ringing = Said("rings", Edge(3 * SECOND + 200_000), "SIP/100", "queue", channel="x", number="100")
    draft.hear(ringing, 0)
    draft.hear(Said("met", Edge(4 * SECOND, "queue_status"), channel="x"), 1)
    draft.patch([
        logged(2, "join", "sales"), logged(3, "connect", "SIP/100"),
        Said("complete", Edge(9 * SECOND, "queue_log"), "SIP/100", "blind", number="600"),
    ])  # fmt: skip
    assert [(one.made_by, one.number, one.taken_by) for one in draft.record.transfers] == [("SIP/100", "600", "")]
    assert [(one.endpoint, one.how) for one in draft.record.parties] == [("SIP/100", "queue")]


def test_what_a_part_said_long_after_the_lines_stands_behind_them():
    """Of an asking that outlasts the gap's lines, the end comes after all that they tell."""
    draft = Draft(CallRecord("n1-1.1", "n1", "p", "g", "r", "+7800", CALLER, Edge(SECOND)), last=SECOND)
    draft.hear(Said("join", Edge(2 * SECOND), "orders"), 0)
    draft.patch([logged(2, "join", "orders"), logged(3, "connect", "ivanova"), logged(7, "complete", "ivanova")])
    draft.take_in([Heard(Said("rings", Edge(20 * SECOND), "PJSIP/novikov", channel="x"), 1)])
    assert [one.said.kind for one in draft.heard] == ["join", "connect", "complete", "rings"]
