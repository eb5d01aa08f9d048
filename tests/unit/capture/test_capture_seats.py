"""Agents who logged in before anyone listened: from the switch's listing, as Asterisk 22.10.1 gave it, to intervals."""

import pytest

from cctoolkit.ami.protocol import Parser
from cctoolkit.capture.lines import SECOND, parse
from cctoolkit.capture.tracker import Tracker
from cctoolkit.cdr.records import Edge
from tests.unit.capture.made_calls import Call, answered, event

NOON = 1_795_377_432_709_022
LOGIN = 1_795_377_428
PONG = "Response: Success\r\nActionID: a/1/42\r\nPing: Pong\r\nTimestamp: {at}\r\n\r\n"
PARAMS = (
    "Event: QueueParams\r\nQueue: {queue}\r\nMax: 20\r\nStrategy: rrmemory\r\nCalls: 0\r\nHoldtime: 1\r\nTalkTime: 0\r\n"
    "Completed: 0\r\nAbandoned: 0\r\nServiceLevel: 20\r\nServicelevelPerf: 0.0\r\nServicelevelPerf2: 0.0\r\nWeight: 0\r\n"
    "ActionID: a/1/41\r\n\r\n"
)
MEMBER = (
    "Event: QueueMember\r\nQueue: {queue}\r\nName: {name}\r\nLocation: PJSIP/{name}\r\nStateInterface: PJSIP/{name}\r\n"
    "Membership: dynamic\r\nPenalty: 0\r\nCallsTaken: 0\r\nLastCall: 0\r\nLastPause: {pause}\r\nLoginTime: {login}\r\n"
    "InCall: {call}\r\nStatus: 3\r\nPaused: {paused}\r\nPausedReason: {reason}\r\nWrapuptime: 0\r\nActionID: a/1/41\r\n\r\n"
)
COMPLETE = "Event: QueueStatusComplete\r\nActionID: a/1/41\r\nEventList: Complete\r\nListItems: 9\r\n\r\n"


def member(name="ivanova", queue="hotline.orders", *, login=LOGIN, pause=0, call=0, paused=0, reason=""):
    text = MEMBER.format(name=name, queue=queue, login=login, pause=pause, call=call, paused=paused, reason=reason)
    return PARAMS.format(queue=queue) + text


def listing(*members, at=NOON):
    return PONG.format(at=f"{at // SECOND}.{at % SECOND:06}") + "".join(members) + COMPLETE


class Heard:
    """A tracker and the last version of each interval."""

    def __init__(self):
        self.tracker = Tracker("n1")
        self.found = {}

    def take(self, text):
        data = text if isinstance(text, bytes) else text.encode()
        for message in Parser(banner=False).feed(data):
            self.tracker.feed(message)
        return self

    def states(self):
        """Return (agent, state, reason, start, end), moments in seconds after LOGIN, by start."""
        for one in self.tracker.take()[1]:
            self.found[one.agent, one.state, one.start.at, one.reason] = one

        def seconds(edge):
            return None if edge is None else edge.at / SECOND - LOGIN

        rows = [(s.agent, s.state, s.reason, seconds(s.start), seconds(s.end)) for s in self.found.values()]
        return sorted(rows, key=lambda row: (row[3], row[0], row[1]))


@pytest.fixture
def heard():
    return Heard()


def moment(seconds):
    return (LOGIN + seconds) * SECOND


def test_logged_in_before(heard):
    """Two queues and a pause of before are one log-in from LoginTime on, and one pause from LastPause on."""
    paused = {"pause": LOGIN + 2, "paused": 1, "reason": "lunch"}
    heard.take(listing(member(**paused), member(queue="hotline.vip", login=LOGIN + 1, **paused)))
    assert heard.states() == [("ivanova", "logged_in", "", 0, None), ("ivanova", "paused", "lunch", 2, None)]
    (first, _) = heard.found.values()
    assert first.start == Edge(LOGIN * SECOND, "queue_status")


def test_listed_again(heard):
    """Every reconnect lists the same agents: no second interval, neither of events nor of lines told already."""
    c = Call("n1-1.1", moment(0), agent="ivanova")
    c.member("QueueMemberAdded", after=0.4).pause(on=True, reason="lunch", after=2)
    heard.take(b"".join(m.event for m in c.moments))
    heard.tracker.gap()
    heard.tracker.backfill("".join(f"{m.line}\n" for m in c.moments))
    again = [
        member(queue=q, paused=1, reason="lunch", pause=LOGIN + 2) for q in ("northwind.orders", "northwind.second")
    ]
    heard.take(listing(*again)).take(listing(*again))
    assert [(row[1], row[4]) for row in heard.states()] == [("logged_in", None), ("paused", None)]
    assert {one.start.source for one in heard.found.values()} == {"ami"}


def test_lines_tell_it_first(heard):
    """At the first connect queue_log has the log-in: the listing adds nothing to it."""
    heard.tracker.backfill(f"{LOGIN}|x.1|hotline.orders|ivanova|ADDMEMBER|\n")
    heard.take(listing(member()))
    assert heard.states() == [("ivanova", "logged_in", "", 0, None)]
    assert len(list(parse(f"{LOGIN}|x.1|hotline.orders|ivanova|ADDMEMBER|"))) == 1
    heard.take(event("QueueMemberRemoved", moment(60), Queue="hotline.orders", MemberName="ivanova"))
    assert heard.states() == [("ivanova", "logged_in", "", 0, 60)]


def test_gone_unheard(heard):
    """Who is listed no more has logged out, at the latest when the switch was asked; who is unpaused, is."""
    paused = {"pause": LOGIN + 1, "paused": 1, "reason": "lunch"}
    heard.take(listing(member(**paused), member("petrov", **paused)))
    heard.tracker.gap()
    heard.take(listing(member("petrov"), at=moment(100)))
    assert heard.states() == [
        ("ivanova", "logged_in", "", 0, 100), ("petrov", "logged_in", "", 0, None),
        ("ivanova", "paused", "lunch", 1, 100), ("petrov", "paused", "lunch", 1, 100),
    ]  # fmt: skip
    heard.take(listing(member(login=LOGIN + 150), member("petrov"), at=moment(200)))
    assert heard.states()[-1] == ("ivanova", "logged_in", "", 150, None)


def test_a_restart_of_the_switch_is_no_log_in(heard):
    """LoginTime and LastPause become the restart's: the intervals that were open go on."""
    heard.take(listing(member(paused=1, reason="lunch", pause=LOGIN + 1)))
    heard.tracker.gap()
    heard.take(listing(member(login=LOGIN + 90, paused=1, reason="lunch", pause=LOGIN + 90), at=moment(100)))
    assert [row[1:] for row in heard.states()] == [("logged_in", "", 0, None), ("paused", "lunch", 1, None)]


def test_in_a_call_of_before(heard):
    """A call without a record fills its agent's time from when it was asked to its end; one with a record does not."""
    heard.take(listing(member(call=1), member(queue="hotline.vip")))
    heard.take(
        event("AgentComplete", moment(30), Queue="hotline.orders", MemberName="ivanova", Uniqueid="x", Reason="agent")
    )
    begun = NOON / SECOND - LOGIN
    assert heard.states() == [("ivanova", "logged_in", "", 0, None), ("ivanova", "in_call", "", begun, 30)]
    c = answered(Call("n1-1.1", moment(60), agent="petrov"))
    (connected,) = (i for i, m in enumerate(c.moments) if b"AgentConnect" in m.event)
    talking = c.moments[: connected + 1]
    heard.take(b"".join(m.event for m in talking)).take(listing(member(), member("petrov", call=1), at=moment(65)))
    assert {row[0] for row in heard.states() if row[1] == "in_call"} == {"ivanova"}


def test_a_call_that_ended_unheard(heard):
    """The next listing that shows the agent free ends it."""
    heard.take(listing(member(call=1)))
    heard.tracker.gap()
    heard.take(listing(member(), at=moment(50)))
    assert heard.states()[-1][1:] == ("in_call", "", NOON / SECOND - LOGIN, 50)


@pytest.mark.parametrize("queue", ["hotline.orders--test", "hotline.orders--test4", "cct-canary", "", "x" * 81])
def test_other_queues(heard, queue):
    """Shadow queues, the canary and what is no queue's name say nothing of agents."""
    assert heard.take(listing(member(queue=queue))).states() == []


@pytest.mark.parametrize("login", ["", "-1", "x", "9" * 30, "\N{SUPERSCRIPT TWO}"])
def test_a_log_in_time_that_is_none(heard, login):
    """Without a readable LoginTime the agent is logged in from when the switch was asked."""
    assert heard.take(listing(member(login=login))).states() == [
        ("ivanova", "logged_in", "", NOON / SECOND - LOGIN, None)
    ]


def test_cut_off(heard):
    """A listing that the connection broke off is forgotten: of half the members nobody is taken to be gone."""
    heard.take(listing(member(), member("petrov")))
    heard.take(PONG.format(at=LOGIN + 50) + member())
    heard.tracker.gap()
    heard.take(listing(member(), member("petrov"), at=moment(60)))
    assert [row[4] for row in heard.states()] == [None, None]


def test_without_a_clock(heard):
    """Where neither an event nor an answer to Ping told the time, nothing is claimed."""
    assert heard.take(member() + COMPLETE).states() == []


def test_the_answer_to_a_ping_moves_no_gap(heard):
    """Events of before the answer may still come: the moment a gap begins at is that of the last event."""
    heard.take(listing(member()))
    assert heard.tracker.now == 0
