from datetime import UTC, datetime, timedelta

from cctoolkit.lab import notes as noting
from cctoolkit.lab.notes import Dial, notes
from cctoolkit.lab.phone_legs import Sent
from cctoolkit.lab.witness import WitnessEvent

BEGAN = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NUMBER = "+78001002030"


def event(at: float, kind: str, call: str, name: str = "", **fields: str) -> WitnessEvent:
    texts = dict.fromkeys(
        ("linkedid", "channel", "caller_number", "caller_name", "context", "exten", "dialled", "extra"), ""
    )
    return WitnessEvent(at=BEGAN + timedelta(seconds=at), kind=kind, name=name, uniqueid=call, **(texts | fields))


def caller(call: str, number: str, began: float, *, ended: float, hung_up: bool = False) -> list[WitnessEvent]:
    own = {"channel": "PJSIP/carrier-n1-00000001", "dialled": NUMBER}
    return [
        event(began, "CHAN_START", call, **own),
        event(began + 0.01, "ANSWER", call, caller_number=number, **own),
        event(began + 0.5, "USER_DEFINED", call, "pressing", extra="1", **own),
        event(began + 0.8, "USER_DEFINED", call, "pressed", extra="1", **own),
        *([event(ended, "USER_DEFINED", call, "hung_up", **own)] if hung_up else []),
        event(ended, "HANGUP", call, caller_number=number, **own, extra='{"hangupcause":16}') ,
    ]  # fmt: skip


def phone(
    leg: str, number: str, rang: float, *, ended: float, answered: float = 0, hung_up: bool = False
) -> list[WitnessEvent]:
    own = {"channel": "PJSIP/phone-ivanova-00000002", "caller_number": number, "context": "phones", "exten": "ivanova"}
    return [
        event(rang, "CHAN_START", leg, **own),
        event(rang, "USER_DEFINED", leg, "turn", extra="0", **own),
        *([event(answered, "ANSWER", leg, **own)] if answered else []),
        *([event(ended, "USER_DEFINED", leg, "hung_up", **own)] if hung_up else []),
        event(ended, "HANGUP", leg, **own, extra='{"hangupcause":16}'),
    ]


def at(seconds: float) -> datetime:
    return BEGAN + timedelta(seconds=seconds)


def test_a_call_with_an_agent_who_hangs_up():
    events = [
        *caller("street-1", "+79160000001", 0, ended=5.003),
        *phone("s.1", "+79160000001", 1, answered=2, ended=5, hung_up=True),
    ]
    [note] = notes(events, ["street-1"])
    assert (note.number, note.caller, note.lived, note.agent, note.hung_up_by, note.cause) == (
        NUMBER, "+79160000001", "answered", "ivanova", "agent", 16,
    )  # fmt: skip
    assert (note.dialled, note.answered, note.ended) == (at(0), at(0.01), at(5.003))
    [press] = note.presses
    assert (press.key, press.begin, press.end) == ("1", at(0.5), at(0.8))
    [leg] = note.legs
    assert (leg.agent, leg.rang, leg.answered, leg.ended) == ("ivanova", at(1), at(2), at(5))
    assert not note.crossed


def test_an_agent_whose_end_is_written_a_moment_after_the_callers_hung_up():
    """The node passes the end on at once: the street may write the two in either order."""
    events = [
        *caller("street-1", "+79160000001", 0, ended=5),
        *phone("s.1", "+79160000001", 1, answered=2, ended=5.001, hung_up=True),
    ]
    assert notes(events, ["street-1"])[0].hung_up_by == "agent"


def test_a_caller_whose_own_word_came_first_hung_up():
    """The agent's, a moment later, changes nothing of that: only where the caller's is missing the two may be in either order."""
    events = [
        *caller("street-1", "+79160000001", 0, ended=5, hung_up=True),
        *phone("s.1", "+79160000001", 1, answered=2, ended=5.001, hung_up=True),
    ]
    [note] = notes(events, ["street-1"])
    assert (note.hung_up_by, note.crossed) == ("caller", True)


def test_a_caller_who_gives_up_while_a_phone_rings():
    events = [
        *caller("street-1", "+79160000001", 0, ended=3, hung_up=True),
        *phone("s.1", "+79160000001", 1, ended=3.002),
    ]
    [note] = notes(events, ["street-1"])
    assert (note.lived, note.agent, note.hung_up_by, len(note.legs)) == ("gave up", "", "caller", 1)


def test_a_caller_sent_away_by_the_flow_and_one_who_is_still_there():
    events = caller("street-1", "+79160000001", 0, ended=3)
    assert [(n.lived, n.hung_up_by) for n in notes(events, ["street-1"])] == [("sent away", "node")]
    assert [(n.lived, n.hung_up_by) for n in notes(events[:-1], ["street-1"])] == [("unfinished", "")]


def test_a_call_that_never_came_about_has_a_note_all_the_same():
    [note] = notes([], ["street-1"])
    assert (note.lived, note.dialled) == ("not placed", None)


def test_the_number_of_a_hostile_caller_stands_on_the_second_half():
    half = event(0.002, "ANSWER", "street-1;2", caller_number="+79160000001")
    events = [
        *caller("street-1", NUMBER, 0, ended=3),
        half,
        *phone("s.1", "+79160000001", 1, answered=2, ended=3),
    ]
    [note] = notes(events, ["street-1"])
    assert (note.caller, note.lived) == ("+79160000001", "answered")


def test_a_phone_rings_for_the_one_anonymous_caller_who_waits():
    events = [
        *caller("street-1", "", 0, ended=2),
        *caller("street-2", "", 5, ended=9),
        *phone("s.1", "anonymous", 6, ended=7),
    ]
    assert [len(note.legs) for note in notes(events, ["street-1", "street-2"])] == [0, 1]


def test_of_two_anonymous_callers_a_common_end_does_not_tell_whose_phone_it_was():
    """The first call may be the one that went on after its agent had hung up."""
    events = [
        *caller("street-1", "", 0, ended=9),
        *caller("street-2", "", 0, ended=6.002),
        *phone("s.1", "anonymous", 3, answered=4, ended=6, hung_up=True),
    ]
    assert [(n.legs, n.legs_known) for n in notes(events, ["street-1", "street-2"])] == [((), False), ((), False)]


def test_of_two_anonymous_callers_neither_knows_for_whom_a_phone_rang():
    events = [
        *caller("street-1", "", 0, ended=9),
        *caller("street-2", "", 0, ended=9),
        *phone("s.1", "anonymous", 3, ended=5),
    ]
    assert [(n.legs, n.legs_known) for n in notes(events, ["street-1", "street-2"])] == [((), False), ((), False)]


def test_an_answer_and_a_hang_up_at_the_same_moment_have_crossed():
    events = [
        *caller("street-1", "+79160000001", 0, ended=3, hung_up=True),
        *phone("s.1", "+79160000001", 1, answered=2.99, ended=3),
    ]
    assert notes(events, ["street-1"])[0].crossed


def test_a_feature_code_is_a_dial_and_no_ring():
    own = {"channel": "PJSIP/phone-ivanova-00000002", "context": "phones", "exten": "s"}
    events = [
        event(1, "CHAN_START", "street-9", **own),
        event(1.1, "ANSWER", "street-9", **own, dialled="*13"),
    ]
    assert noting.dials(events) == [Dial("ivanova", "*13", at(1.1))]
    assert notes([*caller("street-1", "", 0, ended=9), *events], ["street-1"])[0].legs == ()


def test_notes_read_back(tmp_path):
    found = notes(caller("street-1", "+79160000001", 0, ended=3), ["street-1", "street-2"])
    noting.write(tmp_path / "traffic.jsonl", found)
    assert noting.read(tmp_path / "traffic.jsonl") == found
    assert len((tmp_path / "traffic.jsonl").read_text().splitlines()) == 2


def test_holds_of_a_phone():
    """A phone's holds are intervals; the last has no end where the call ended first."""
    own = {"channel": "PJSIP/phone-ivanova-00000002"}
    leg = phone("s.1", "+79160000001", 1, answered=2, ended=5)
    leg[-1:-1] = [event(t, "USER_DEFINED", "s.1", n, **own) for t, n in ((3, "held"), (3.5, "unheld"), (4, "held"))]
    [note] = notes([*caller("street-1", "+79160000001", 0, ended=5), *leg], ["street-1"])
    assert [(hold.start, hold.end) for hold in note.legs[0].holds] == [(at(3), at(3.5)), (at(4), None)]


def other(leg: str, agent: str, name: str, number: str, rang: float, *, ended: float, answered: float = 0):
    own = {"channel": f"PJSIP/phone-{agent}-00000007", "caller_number": number, "caller_name": name}
    return [
        event(rang, "CHAN_START", leg, **own),
        *([event(answered, "ANSWER", leg, **own)] if answered else []),
        event(ended, "USER_DEFINED", leg, "hung_up", **own),
        event(ended, "HANGUP", leg, **own, extra='{"hangupcause":16}'),
    ]  # fmt: skip


def does(leg: list[WitnessEvent], *acts: tuple[float, str, str]) -> list[WitnessEvent]:
    """Put what a phone does into its leg."""
    own = {"channel": "PJSIP/phone-ivanova-00000002"}
    more = [event(seconds, "USER_DEFINED", "s.1", name, **own, extra=extra) for seconds, name, extra in acts]
    return [*leg[:-1], *more, leg[-1]]


def test_a_caller_who_is_sent_on_unseen():
    """The phone that rings then is where the caller was sent, and whoever hangs up there ends the call."""
    events = [
        *caller("street-1", "+79160000001", 0, ended=6.003),
        *does(phone("s.1", "+79160000001", 1, answered=2, ended=3.02), (3, "refers", "21")),
        *other("s.2", "novikov", "", "+79160000001", 3.01, answered=4, ended=6),
    ]
    [note] = notes(events, ["street-1"])
    assert [(leg.agent, leg.sent) for leg in note.legs] == [("ivanova", Sent("21", at(3)))]
    assert [(leg.agent, leg.answered) for leg in note.beyond] == [("novikov", at(4))]
    assert (note.agent, note.hung_up_by) == ("ivanova", "agent")


def test_a_phone_that_sends_its_caller_on_at_once_was_not_let_go():
    """It ends as one whom the other side had just given up, but for its own doing."""
    answered = phone("s.1", "+79160000001", 1, answered=2, ended=2.02)
    for own, let_go in ((answered, True), (does(answered, (2.01, "refers", "21")), False)):
        [note] = notes([*caller("street-1", "+79160000001", 0, ended=6), *own], ["street-1"])
        assert [leg.let_go for leg in note.legs] == [let_go]


def test_a_caller_who_is_sent_on_after_the_other_was_asked():
    """The second call of the agent's phone, while the caller is on hold, rings by the agent's name."""
    asks = {"channel": "PJSIP/phone-ivanova-00000003", "dialled": "21"}
    events = [
        *caller("street-1", "+79160000001", 0, ended=8.003),
        *does(
            phone("s.1", "+79160000001", 1, answered=2, ended=5.02),
            (3, "held", ""), (3, "asks", "21"), (5, "unheld", ""), (5, "refers", "21"),
        ),
        event(3.1, "CHAN_START", "street-5", **asks),
        event(4, "ANSWER", "street-5", **asks),
        event(5.02, "HANGUP", "street-5", **asks, extra='{"hangupcause":16}'),
        *other("s.2", "novikov", "ivanova", "0", 3.2, answered=4, ended=8),
        *other("s.3", "novikov", "petrov", "0", 3.3, ended=4),
    ]  # fmt: skip
    [note] = notes(events, ["street-1"])
    [leg] = note.legs
    assert leg.sent == Sent("21", at(5), asked=True)
    assert [(one.agent, one.rang) for one in leg.asked] == [("novikov", at(3.2))]
    assert (note.beyond, note.hung_up_by) == ((), "agent")
