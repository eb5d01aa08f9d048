"""The board a supervisor watches is what the events say, each from one node's stream."""

import pytest

from cctoolkit.report.board import Board, agent_rows, queue_rows

Q, VIP = "hotline.orders", "hotline.vip"
S = 1_000_000


class Stream:
    """Feeds a board; times are seconds."""

    def __init__(self):
        self.board = Board()
        self.now = 0

    def at(self, seconds, name, queue=Q, **headers):
        self.now = seconds
        self.board.feed({"Event": name, "Queue": queue, **headers}, seconds * S)

    def member(self, seconds, agent, name="QueueMemberStatus", queue=Q, **headers):
        base = {"MemberName": agent, "Status": "1", "Paused": "0", "PausedReason": "", "CallsTaken": "0"}
        self.at(seconds, name, queue, **(base | headers))

    def caller(self, seconds, name, call, agent=None, queue=Q):
        self.at(seconds, name, queue, Uniqueid=call, **({"MemberName": agent} if agent else {}))

    def agent(self, agent, now=None):
        (row,) = (one for one in agent_rows([self.board], [agent], (now or self.now) * S) if one.agent == agent)
        return row

    def state(self, agent):
        return self.agent(agent).state

    def queue(self, queue=Q, agents=("anna",), now=None):
        (row,) = queue_rows([self.board], {queue: agents}, (now or self.now) * S)
        return row


@pytest.fixture
def stream():
    one = Stream()
    one.member(10, "anna", "QueueMemberAdded")
    return one


def test_a_call_from_ring_to_ready(stream):
    """Ready, ringing, talking, wrap-up, ready again; each state begins with the event that brought it."""
    assert (stream.state("anna"), stream.agent("anna", 15).seconds) == ("ready", None)
    stream.caller(20, "QueueCallerJoin", "c1")
    stream.caller(21, "AgentCalled", "c1", "anna")
    stream.member(21, "anna", Status="3")
    assert stream.state("anna") == "ringing"
    stream.caller(25, "QueueCallerLeave", "c1")
    stream.caller(25, "AgentConnect", "c1", "anna")
    assert (stream.state("anna"), stream.agent("anna", 85).seconds) == ("talking", 60)
    stream.caller(90, "AgentComplete", "c1", "anna")
    stream.member(90, "anna", "QueueMemberPause", Paused="1", PausedReason="wrap-up", CallsTaken="1")
    row = stream.agent("anna", 100)
    assert (row.state, row.seconds, row.reason, row.handled) == ("wrap-up", 10, "", 1)
    stream.member(110, "anna", "QueueMemberPause", CallsTaken="1")
    assert stream.state("anna") == "ready"


def test_who_waits_and_for_how_long(stream):
    """Callers wait from joining to leaving; the longest wait is that of the one who came first."""
    stream.caller(20, "QueueCallerJoin", "c1")
    stream.caller(25, "QueueCallerJoin", "c2")
    assert (stream.queue(now=50).waiting, stream.queue(now=50).longest_seconds) == (2, 30)
    stream.caller(51, "QueueCallerLeave", "c1")
    assert (stream.queue(now=55).waiting, stream.queue(now=55).longest_seconds) == (1, 30)
    stream.caller(56, "QueueCallerLeave", "c2")
    assert (stream.queue().waiting, stream.queue().longest_seconds) == (0, None)


def test_a_phone_that_was_not_answered(stream):
    """After a ring without an answer, and after a caller who gave up while it rang, the agent is ready."""
    for end in ("AgentRingNoAnswer", "QueueCallerLeave"):
        stream.caller(20, "AgentCalled", "c1", "anna")
        assert stream.state("anna") == "ringing"
        stream.caller(30, end, "c1", "anna" if end.startswith("Agent") else None)
        assert stream.state("anna") == "ready"


def test_another_agents_answer_ends_the_ringing(stream):
    """With all phones ringing only the one who answers talks."""
    stream.member(11, "boris", "QueueMemberAdded")
    for agent in ("anna", "boris"):
        stream.caller(20, "AgentCalled", "c1", agent)
    stream.caller(22, "QueueCallerLeave", "c1")
    stream.caller(22, "AgentConnect", "c1", "boris")
    assert (stream.state("anna"), stream.state("boris")) == ("ready", "talking")


def test_pause_with_its_reason(stream):
    """A pause shows its reason and since when; the same pause told by a second queue begins nothing anew."""
    stream.member(20, "anna", "QueueMemberAdded", VIP)
    stream.member(30, "anna", "QueueMemberPause", Paused="1", PausedReason="lunch")
    stream.member(31, "anna", "QueueMemberPause", VIP, Paused="1", PausedReason="lunch")
    row = stream.agent("anna", 90)
    assert (row.state, row.reason, row.seconds) == ("paused", "lunch", 60)


@pytest.mark.parametrize(
    ("status", "state"), [("0", "ready"), ("1", "ready"), ("6", "ringing"), ("5", "offline"), ("4", "offline")]
)
def test_what_the_phone_says(stream, status, state):
    """Without a call of a queue the phone's own state tells."""
    stream.member(20, "anna", Status=status)
    assert stream.state("anna") == state


@pytest.mark.parametrize("status", ["2", "3", "7", "8"])
def test_a_phone_in_use_is_not_a_call_of_a_queue(stream, status):
    """An agent who dials a code or calls out is busy, and neither ringing nor talking to a customer."""
    stream.member(20, "anna", Status=status)
    assert stream.state("anna") == "busy"


def test_a_free_phone_ends_a_talk_whose_end_was_not_told(stream):
    """AgentComplete may come late or never after a transfer: a phone that is free talks to nobody."""
    stream.caller(20, "AgentConnect", "c1", "anna")
    stream.member(30, "anna", Status="2")
    assert stream.state("anna") == "talking"
    stream.member(40, "anna", Status="1")
    assert stream.state("anna") == "ready"


def test_out_of_the_last_queue_is_logged_out(stream):
    """Leaving one queue of two is no log-out; leaving the last one is, and the calls start anew."""
    stream.member(20, "anna", "QueueMemberAdded", VIP, CallsTaken="3")
    stream.member(30, "anna", "QueueMemberRemoved")
    assert (stream.state("anna"), stream.agent("anna").handled) == ("ready", 3)
    stream.member(40, "anna", "QueueMemberRemoved", VIP)
    row = stream.agent("anna", 50)
    assert (row.state, row.seconds, row.handled) == ("logged out", 10, 0)


def test_a_listing_is_where_it_starts():
    """QueueStatus shows who waits, who talks, who is paused since when, and since when others can be ready."""
    stream = Stream()
    base = {"CallsTaken": "2", "LoginTime": "100", "LastCall": "150", "LastPause": "170", "PausedReason": ""}
    member = {"Paused": "0", "InCall": "0", "Status": "1", **base}
    stream.at(200, "QueueParams", Calls="1")
    stream.at(200, "QueueMember", Name="anna", **member)
    stream.at(200, "QueueMember", Name="boris", **(member | {"InCall": "1", "Status": "3"}))
    stream.at(200, "QueueMember", Name="vera", **(member | {"Paused": "1", "PausedReason": "lunch"}))
    stream.at(200, "QueueEntry", Uniqueid="c1", Wait="38")
    assert [(stream.agent(name).state, stream.agent(name).seconds) for name in ("anna", "boris", "vera")] == [
        ("ready", 30), ("talking", None), ("paused", 30),
    ]  # fmt: skip
    assert stream.queue().longest_seconds == 38
    # The event that the listing overtook changes nothing.
    stream.caller(200, "QueueCallerJoin", "c1")
    assert stream.queue().waiting == 1


def test_agents_of_a_queue_by_state(stream):
    """A queue counts those who may join it, logged in or not, and members nobody expected."""
    stream.member(20, "zoe", "QueueMemberAdded", Paused="1", PausedReason="lunch")
    agents = stream.queue(agents=("anna", "boris")).agents
    assert {state: count for state, count in agents.items() if count} == {"ready": 1, "paused": 1, "logged out": 1}
    assert [row.agent for row in agent_rows([stream.board], ["anna", "boris"], 30 * S)] == ["anna", "boris", "zoe"]


def test_two_nodes_are_one_site(stream):
    """Waiting callers of two nodes add up, and an agent is what the node of the log-in says."""
    other = Stream()
    other.member(10, "anna", "QueueMemberAdded")
    other.member(11, "anna", "QueueMemberRemoved")
    for place, one in enumerate((stream, other)):
        one.caller(20 + place, "QueueCallerJoin", f"c{place}")
    boards = [other.board, stream.board]
    (row,) = queue_rows(boards, {Q: ("anna",)}, 30 * S)
    assert (row.waiting, row.longest_seconds, row.agents["ready"]) == (2, 10, 1)
    assert [one.state for one in agent_rows(boards, ["anna"], 30 * S)] == ["ready"]


def test_shadow_and_foreign_queues_are_not_there(stream):
    """Test calls wait in shadow queues, with nobody's agents; queues of others are not ours to show."""
    for queue in ("hotline.orders--test", "support"):
        stream.member(20, "ghost", "QueueMemberAdded", queue)
        stream.caller(20, "QueueCallerJoin", "c9", queue=queue)
    assert set(stream.board.seats) == {"anna"}
    assert stream.board.waiting == {}


def test_on_hold(stream):
    """The agent's channel says it holds; what other channels do, and a hold outside a call, change nothing."""
    stream.caller(20, "AgentCalled", "c1", "anna")
    stream.caller(25, "AgentConnect", "c1", "anna")
    stream.at(26, "Hold", "", Channel="PJSIP/carrier-00000001")
    assert stream.state("anna") == "talking"
    stream.at(30, "Hold", "", Channel="PJSIP/anna-0000000c")
    assert (stream.state("anna"), stream.agent("anna", 42).seconds) == ("on hold", 12)
    assert stream.queue().agents["on hold"] == 1
    stream.at(50, "Unhold", "", Channel="PJSIP/anna-0000000c")
    assert (stream.state("anna"), stream.agent("anna", 51).seconds) == ("talking", 1)
    stream.at(55, "Hold", "", Channel="PJSIP/anna-0000000c")
    stream.caller(60, "AgentComplete", "c1", "anna")
    assert stream.state("anna") == "ready"
    stream.caller(70, "AgentConnect", "c2", "anna")
    assert stream.state("anna") == "talking"


@pytest.mark.parametrize("queues", [(Q, VIP), (VIP, Q)])
def test_in_a_call_of_one_of_several_queues(queues):
    """Of an agent's queues only the one whose call it is lists them as in a call: they are, in all."""
    one = Stream()
    for queue in queues:
        one.at(10, "QueueMember", queue, Name="anna", Status="3", InCall="1" if queue == Q else "0")
    assert one.state("anna") == "talking"
    assert one.queue(VIP).agents["talking"] == 1
