"""Events in any order, with gaps, lines of queue_log, noise and snapshots in between: a state machine finds the orders."""

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from cctoolkit.capture import snapshot
from cctoolkit.capture.feeder import BACKFILL, Feeder
from cctoolkit.capture.replay import WORDS
from cctoolkit.capture.tracker import Tracker
from tests.unit.capture.made_calls import EPOCH, SECOND, Call, answered, event, gives_up

_MADE = [answered(Call("n1-1795000000.1", EPOCH)).moments, gives_up(Call("n1-1795000000.2", EPOCH)).moments]
_BYTES = [moment.event for moments in _MADE for moment in moments if moment.event]
_LINES = [moment.line for moments in _MADE for moment in moments if moment.line]
_LISTS = [
    event("CoreShowChannel", 0, Uniqueid="n1-1795000000.1"), event("CoreShowChannelsComplete", 0),
    event("QueueMember", 0, Name="ivanova", Queue="northwind.orders", LoginTime=1, Paused=1, PausedReason="x", InCall=1),
    event("QueueStatusComplete", 0), b"Response: Success\r\nPing: Pong\r\nTimestamp: 1795000100.5\r\n\r\n",
]  # fmt: skip


class Orders(RuleBasedStateMachine):
    """One feeder that goes on all the time, and one that is written down and read back whenever chance wants it."""

    def __init__(self):
        super().__init__()
        self.whole, self.kept = Feeder(Tracker("n1")), Feeder(Tracker("n1"))

    def take(self, data):
        self.whole.take(data)
        self.kept.take(data)

    @rule(data=st.sampled_from(_BYTES + _LISTS))
    def an_event(self, data):
        self.take(data)

    @rule(call=st.sampled_from(_MADE))
    def a_whole_call(self, call):
        self.take(b"".join(moment.event for moment in call))

    @rule(data=st.sampled_from(_BYTES), at=st.integers(0, 400), noise=st.binary(max_size=20))
    def a_damaged_event(self, data, at, noise):
        self.take(data[:at] + noise + data[at:])

    @rule(name=st.sampled_from(["Hangup", "AgentComplete", "QueueMemberPause", "Hold"]), at=st.integers(0, 2**61))
    def an_event_at_any_time(self, name, at):
        self.take(event(name, at, Uniqueid="n1-1795000000.1", MemberName="ivanova", Queue="northwind.orders", Paused=1))

    @rule()
    def a_gap(self):
        self.take(b"")

    @rule(lines=st.lists(st.sampled_from(_LINES), max_size=12))
    def its_lines(self, lines):
        self.take(BACKFILL + "\n".join(lines).encode())

    @rule()
    def a_snapshot(self):
        state = snapshot.State(1, self.kept.tracker.now, self.kept)
        self.kept = snapshot.decoded(snapshot.encoded(state)).feeder

    @precondition(lambda self: self.whole.messages)
    @rule()
    def they_tell_the_same(self):
        told, again = self.whole.tracker.take(), self.kept.tracker.take()
        assert msgspec.json.encode(told) == msgspec.json.encode(again)
        assert len({record.call for record in told[0]}) == len(told[0])

    @invariant()
    def all_that_is_odd_has_a_name(self):
        assert self.whole.odd == self.kept.odd
        assert set(self.whole.odd) <= set(WORDS)


Orders.TestCase.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
TestOrders = Orders.TestCase


def _ping(at: int) -> bytes:
    return b"Response: Success\r\nPing: Pong\r\nTimestamp: %d.0\r\n\r\n" % (at // SECOND)


def test_a_moment_of_the_far_future_stops_no_time():
    """One damaged moment is kept where it stands, counted, and does not make all that comes after it late."""
    feeder = Feeder(Tracker("n1"))
    feeder.take(_ping(EPOCH) + event("Hangup", EPOCH + 9000 * SECOND, Uniqueid="n1-1.1"))
    feeder.take(b"".join(moment.event for moment in answered(Call("n1-1.1", EPOCH)).moments))
    assert EPOCH < feeder.tracker.now < EPOCH + 3600 * SECOND
    assert feeder.odd == {"future": 1}


def test_a_clock_that_was_wrong_is_put_right():
    """Events of a switch that has the wrong time for a while move the time, until its clock is asked again."""
    feeder = Feeder(Tracker("n1"))
    later = [event("Hangup", EPOCH + seconds * SECOND, Uniqueid="n1-1.1") for seconds in (9000, 9001)]
    feeder.take(_ping(EPOCH) + b"".join(later))
    assert feeder.tracker.now == EPOCH + 9001 * SECOND
    feeder.take(_ping(EPOCH + 10 * SECOND))
    assert feeder.tracker.now == EPOCH + 10 * SECOND


def test_a_transcript_whose_clock_was_asked_once():
    """Where nobody asks again, hours pass by the events alone, also those of a quiet night."""
    feeder = Feeder(Tracker("n1"))
    hours = [event("Hangup", EPOCH + hour * 1800 * SECOND, Uniqueid="n1-1.1") for hour in range(9)]
    feeder.take(_ping(EPOCH) + b"".join(hours))
    assert (feeder.tracker.now, feeder.odd) == (EPOCH + 8 * 1800 * SECOND, {})
    morning = [event("Hangup", EPOCH + (30_000 + minute) * SECOND, Uniqueid="n1-1.1") for minute in range(2)]
    feeder.take(b"".join(morning))
    assert feeder.tracker.now == EPOCH + 30_001 * SECOND
