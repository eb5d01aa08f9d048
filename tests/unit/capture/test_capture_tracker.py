"""The tracker: what each order of events makes of a call, and what it does with what it was not made for."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cctoolkit.ami.messages import Message
from cctoolkit.ami.protocol import Parser
from cctoolkit.capture.tracker import KEEP_US, LOST_US, Tracker
from tests.unit.capture import made_calls as made
from tests.unit.capture.made_calls import EPOCH, SECOND, Call, event, mark_event


def messages(data):
    return Parser(banner=False).feed(data)


def fold(data, tracker=None):
    tracker = tracker or Tracker("n1")
    for message in messages(data):
        tracker.feed(message)
    return tracker


def stream(call):
    return b"".join(moment.event for moment in call.moments)


def record(call):
    (found,) = fold(stream(call)).take()[0]
    return found


def call(**more):
    return Call("n1-1.1", EPOCH, **more)


def told(found):
    """What a record says, without its edges."""
    steps = [f"{step.step}:{step.outcome}" for step in found.steps]
    legs = [[f"{leg.agent}:{leg.outcome}" for leg in visit.legs] for visit in found.visits]
    return found.outcome, found.hung_up_by, steps[1:], [(v.queue, v.outcome) for v in found.visits], legs


EXPECTED = {
    "answered": ("answered", "agent", ["orders:answered"], [("orders", "answered")], [["ivanova:answered"]]),
    "answered_end_after_wrap": ("answered", "caller", ["orders:answered"], [("orders", "answered")], [["ivanova:answered"]]),
    "missed_then_answered": ("answered", "agent", ["orders:answered"], [("orders", "answered")], [["ivanova:no_answer", "ivanova:answered"]]),
    "ring_all": ("answered", "agent", ["orders:answered"], [("orders", "answered")], [["petrov:no_answer", "ivanova:answered", "petrov:cancelled"]]),
    "gives_up": ("abandoned", "caller", ["orders:"], [("orders", "abandoned")], [["ivanova:cancelled"]]),
    "times_out": ("ended_in_flow", "flow", ["orders:queue-timeout", "goodbye:done", "end:hangup"], [("orders", "timeout")], [[]]),
    "overflows": ("answered", "agent", ["orders:queue-timeout", "backup:answered"], [("orders", "timeout"), ("second", "answered")], [["ivanova:no_answer"], ["ivanova:answered"]]),
    "twice_the_same_queue": ("abandoned", "caller", ["orders:queue-timeout", "subject:key-1", "orders:"], [("orders", "timeout"), ("orders", "abandoned")], [[], ["ivanova:cancelled"]]),
    "full": ("ended_in_flow", "flow", ["orders:queue-full", "end:hangup"], [("orders", "full")], [[]]),
    "becomes_empty": ("ended_in_flow", "flow", ["orders:queue-no-agents", "end:hangup"], [("orders", "no_agents")], [[]]),
    "timeout_then_full": ("ended_in_flow", "flow", ["orders:queue-timeout", "backup:queue-full", "end:hangup"], [("orders", "timeout"), ("second", "full")], [[], []]),
    "hangs_up_in_menu": ("ended_in_flow", "caller", [], [], []),
    "presses_key_in_queue": ("ended_in_flow", "caller", ["orders:queue-key-1", "subject:"], [("orders", "exit_key")], [["ivanova:cancelled"]]),
    "comes_and_goes": ("transferred", "", ["on:transfer-busy", "back:transferred"], [], []),
    "presses_key_and_hangs_up": ("ended_in_flow", "caller", ["orders:"], [("orders", "exit_key")], [["ivanova:cancelled"]]),
}  # fmt: skip


@pytest.mark.parametrize("story", made.STORIES, ids=lambda story: story.__name__)
def test_a_story(story):
    """Each way through a queue has its own outcome, steps, visits and legs."""
    assert told(record(story(call()))) == EXPECTED[story.__name__]


@pytest.mark.parametrize("story", made.STORIES, ids=lambda story: story.__name__)
def test_every_moment_is_in_order(story):
    """No interval of a record is negative."""
    found = record(story(call()))
    for visit in found.visits:
        assert visit.wait_seconds >= 0
        for leg in visit.legs:
            edges = [leg.offered, leg.answered, leg.ended, leg.wrap_up_started, leg.wrap_up_ended]
            known = [edge.at for edge in edges if edge]
            assert known == sorted(known)


def test_a_call_between_nodes():
    """It is known whose call goes on, over how many nodes, and where to: not a node that did not take it."""
    found = record(made.comes_and_goes(call()))
    assert (found.continues, found.hop, found.passed_to) == (f"n9-{call().call}", 2, "n9")
    tried = call().enter().mark("step", "on", "transfer:third").mark("passes", "on", "n3")
    assert record(tried).passed_to == "n3"
    assert record(tried.mark("out", "on", "transfer-busy")).passed_to == ""


def test_hangup_before_complete():
    """AgentComplete that comes after the call's end still says who hung up, and when the talk ended."""
    c = call().enter().menu().key().into().rings().answers().ended(after=3).talked("agent", after=0.01)
    found = record(c)
    assert found.hung_up_by == "agent"
    assert found.visits[0].legs[0].ended.at > found.ended.at


@pytest.mark.parametrize(("cause", "who"), [(4, "flow"), (16, "caller")])
def test_a_switch_that_is_told_to_stop(cause, who):
    """It lets all channels go, also those of callers who wait: they did not hang up, though app_queue says an abandon."""
    c = call().enter().menu().key().into().rings()
    c.both("SoftHangupRequest", "", after=0.5, Cause=cause).both("QueueCallerAbandon", "ABANDON", 1, 1, 1)
    found = record(c.ended(cause=0))
    assert (found.outcome, found.hung_up_by) == ("abandoned", who)


def test_a_phone_that_is_rung_again_in_the_same_second():
    """Nobody told of the second ringing, whose seconds count back to before the first: it began when that was over."""
    c = call().enter().menu().key().into().rings(after=0.001).missed(after=0.003)
    lost, answered = len(c.moments), c.rings(after=0.85)
    answered.answers(after=0.13)
    events = b"".join(moment.event for moment in [*c.moments[:lost], *c.moments[lost + 1 :]])
    legs = fold(events.replace(b"RingTime: 0", b"RingTime: 1")).take()[0][0].visits[0].legs
    assert [leg.outcome for leg in legs] == ["no_answer", "answered"]
    assert legs[1].offered.at == legs[0].ended.at


def test_a_wrap_up_that_is_over_twice():
    """A switch that crashed may have lost that it was over, lets it go on when it is back, and tells its end again."""
    c = made.answered(call())
    first = record(c).visits[0].legs[0].wrap_up_ended
    assert record(c.mark("ready", c.agent, channel="x.3", after=2)).visits[0].legs[0].wrap_up_ended == first


def test_complete_without_channels():
    """AgentComplete of a talk both of whose channels went first names neither: it ends the agent's open talk, in no other call."""
    before = Call("n1-1.0", EPOCH - 600 * SECOND).enter().menu().key().into().rings().answers().talked().ended()
    other = Call("n1-1.2", EPOCH, agent="petrov").enter().menu().key().into().rings().answers()
    c = call().enter().menu().key().into().rings().answers().ended(after=3)
    bare = event("AgentComplete", c.at + 2000, Queue=made.QUEUE, MemberName="ivanova", Reason="agent")
    tracker = fold(stream(before) + stream(other) + stream(c) + bare + bare)
    first, found, talking = sorted(tracker.take()[0], key=lambda one: one.entered.at)
    found, talking = (found, talking) if found.call == c.call else (talking, found)
    assert (found.hung_up_by, found.visits[0].legs[0].ended.at) == ("agent", c.at + 2000)
    assert talking.visits[0].legs[0].ended is None
    assert first.visits[0].legs[0].ended.at < found.entered.at


def test_a_call_that_goes_on_after_its_agent():
    """Wrap-up belongs to the leg of the agent who wraps up, though the call has gone on and ends by its caller."""
    c = call().enter().menu().key().into().rings().answers().talked().mark("out", "orders", "queue-continued")
    c.pause(on=True, reason="wrap-up").mark("wrapup", "ivanova").mark("step", "survey", "menu")
    found = record(c.ended("survey", after=2))
    assert found.visits[0].legs[0].wrap_up_started
    assert (found.outcome, found.hung_up_by, found.visits[0].outcome) == ("answered", "caller", "answered")


def test_a_wait_whose_end_was_not_told():
    """A call that ends in a queue nobody told the leaving of is unfinished: neither abandoned nor ended by the flow."""
    found = record(call().enter().menu().key().into().ended(after=4))
    assert (found.outcome, found.visits[0].outcome) == ("unfinished", "unfinished")


@pytest.mark.parametrize("story", made.STORIES, ids=lambda story: story.__name__)
def test_hearing_it_again(story):
    """A stream heard twice, whole or from its middle, changes neither calls nor states."""
    data = messages(stream(story(call().member("QueueMemberAdded"))))
    for again in (0, len(data) // 3, len(data) // 2):
        tracker = Tracker("n1")
        for message in data:
            tracker.feed(message)
        tracker.take()
        for message in data[again:]:
            tracker.feed(message)
        assert tracker.take() == ([], [])


def test_test_calls_are_marked():
    """The mark of a test call is on its record, and its shadow queue is the queue of the visit."""
    c = call(test="1").enter().menu().key()
    c.queue = "northwind.orders--test"
    found = record(c.mark("step", "orders", "queue:orders").both("QueueCallerJoin", "ENTERQUEUE"))
    assert found.test
    assert found.visits[0].queue == "orders"


def test_shadow_queues_leave_agents_alone():
    """Members of shadow queues, of the canary and of no queue have no states."""
    data = b""
    for queue in ("northwind.orders--test", "cct-canary", ""):
        for name in ("QueueMemberAdded", "QueueMemberStatus", "QueueMemberPause", "QueueMemberRemoved"):
            data += event(name, EPOCH, Queue=queue, MemberName="ivanova", Paused=1, PausedReason="lunch")
    assert fold(data).take() == ([], [])


def test_foreign_queue_of_our_call():
    """What a queue that is not ours says of our call is not told of our queue's visit."""
    c = call().enter().menu().key().into()
    c.queue = "support"
    found = record(c.rings("stranger").both("AgentConnect", "CONNECT", agent="stranger").both("QueueCallerAbandon", ""))
    assert (found.outcome, found.visits[0].outcome, found.visits[0].legs) == ("unfinished", "unfinished", ())


def test_calls_that_began_before():
    """Marks of calls whose entry was not heard make no record, and each such call is counted once."""
    tracker = fold(b"".join(mark_event(EPOCH, "step", f"n1-{i % 3}.0", "s", "menu") for i in range(9)))
    assert tracker.take() == ([], [])
    assert tracker.unknown_calls == 3


def test_events_without_time():
    """Events of use without a Timestamp are counted, others and replies are not; of a channel whose id says no second
    nothing is known.
    """
    data = b"Event: Hangup\r\nUniqueid: 1\r\n\r\nEvent: Newexten\r\n\r\nResponse: Success\r\n\r\nEvent: FullyBooted\r\n\r\n"
    assert fold(data).untimed == 1


headers = st.sampled_from(
    [
        "Uniqueid",
        "Queue",
        "MemberName",
        "Cause",
        "Timestamp",
        "Kind",
        "Call",
        "UserEvent",
        "Step",
        "Detail",
        "RingTime",
        "Paused",
        "ChannelStateDesc",
        "",
    ]
)
values = st.one_of(
    st.text(max_size=20), st.sampled_from(["n1-1.1", "CCT", "entry", "step", "out", "end", "northwind.orders", "1", "9" * 5000, "٣٣", "-1", "Up", f"{EPOCH // SECOND}.5"])
)  # fmt: skip
names = st.sampled_from(
    [name.removeprefix("_on_") for name in vars(Tracker) if name.startswith("_on_")] + ["__init__", "X"]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(names, st.lists(st.tuples(headers, values), max_size=8)), max_size=12))
def test_hostile_events(events):
    """Whatever events hold, the fold does not fail, and numbers stay within what the store takes."""
    tracker = fold(stream(call().enter()))
    for name, pairs in events:
        rows = [f"{header}: {value}" for header, value in pairs]
        tracker.feed(Message.of(f"Event: {name}", f"Timestamp: {EPOCH // SECOND}.1", *rows))
        tracker.feed(Message.of(f"Event: {name}", *rows))
    for found in tracker.take()[0]:
        assert 0 <= found.cause < 1 << 31
        assert not found.ended or 0 <= found.ended.at < 1 << 62


def test_memory_is_bounded():
    """Ended calls are forgotten after the longest wrap-up, silent ones after a day, which are counted; all are told."""
    tracker, told = Tracker("n1"), 0
    for i in range(2000):
        at = EPOCH + i * 20 * SECOND
        c = Call(f"n1-{i}.1", at).enter().menu()
        fold(stream(c if i % 100 == 0 else c.ended("subject")), tracker)
        told += len(tracker.take()[0]) if i % 50 == 0 else 0
        assert tracker.live <= KEEP_US // (20 * SECOND) + 30
    told += len(tracker.take()[0])
    assert told == 2000
    fold(event("Hangup", at + LOST_US + 120 * SECOND, Uniqueid="x"), tracker)
    assert (tracker.live, tracker.lost_calls) == (0, 20)


def test_a_call_whose_channel_is_gone():
    """After a gap, a call the switch has no channel of is counted as lost; one that goes on, ends, or is new is not."""
    tracker = Tracker("n1")
    for i in range(3):
        fold(stream(Call(f"n1-{i}.1", EPOCH + i).enter().menu()), tracker)
    tracker.gap()
    fold(stream(Call("n1-9.1", EPOCH + 60 * SECOND).enter()), tracker)
    fold(b"Event: CoreShowChannel\r\nUniqueid: n1-1.1\r\n\r\nEvent: CoreShowChannelsComplete\r\n\r\n", tracker)
    assert tracker.lost_calls == 2
    fold(event("Hangup", EPOCH + 61 * SECOND, Uniqueid="n1-2.1", Cause=16), tracker)
    assert tracker.lost_calls == 1
    assert {r.call for r in tracker.take()[0] if r.outcome == "unfinished"} == {"n1-0.1", "n1-1.1", "n1-9.1"}


def test_agents_states():
    """Logged in from the first queue to the last; a pause carried into a log-in counts from then; a reason replaced ends one."""
    c = call().member("QueueMemberAdded").pause(on=True, reason="lunch").pause(on=True, reason="meeting", after=5)
    c.pause(on=False, after=5).member("QueueMemberRemoved")
    again = event(
        "QueueMemberAdded", c.at + 9 * SECOND, Queue=made.QUEUE, MemberName="ivanova", Paused=1, PausedReason="lunch"
    )
    states = {(s.state, s.start.at): s for s in fold(stream(c) + again).take()[1]}
    assert [(s.state, s.reason, s.end is not None) for s in states.values()] == [
        ("logged_in", "", True), ("paused", "lunch", True), ("paused", "meeting", True),
        ("logged_in", "", False), ("paused", "lunch", False),
    ]  # fmt: skip
