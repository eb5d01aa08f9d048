"""Hold: from the agent's channel to intervals of the leg, also where a gap of the events hides an end of them."""

import pytest

from cctoolkit.ami.protocol import Parser
from cctoolkit.capture.tracker import Tracker
from cctoolkit.cdr.records import Hold
from tests.unit.capture.made_calls import EPOCH, Call, answered, event
from tests.unit.capture.test_capture_gaps import Watched, whole


def call(agent="ivanova"):
    return Call("n1-1.1", EPOCH, agent=agent)


def held_twice(c):
    c.enter().menu().key().into().rings().answers().holds().unholds().holds(1.1).unholds(0.4)
    return c.talked().ended().wraps()


def left_on_hold(c):
    return c.enter().menu().key().into().rings().answers().holds().talked("caller").ended().wraps()


def leg(watched):
    (record,) = watched.calls.values()
    (found,) = record.visits[0].legs
    return found


def stream(c, tracker=None):
    watched = Watched()
    watched.feeder.tracker = tracker or watched.feeder.tracker
    watched.take(b"".join(moment.event for moment in c.moments))
    return watched


def test_held_twice():
    """Two holds of 2.1 s and 0.4 s, exact; talk without them is 0.7 + 1.1 + 4.3 s."""
    found = leg(stream(held_twice(call())))
    assert [hold.end.at - hold.start.at for hold in found.holds] == [2_100_000, 400_000]
    assert all(hold.whole and hold.start.source == "ami" for hold in found.holds)
    assert found.hold_seconds == 2.5
    assert found.talk_seconds == pytest.approx(0.7 + 1.1 + 4.3)


def test_who_hangs_up_on_hold_is_on_hold_to_the_end():
    """The switch sends no Unhold then: the hold ends with the talk, and that was seen."""
    found = leg(stream(left_on_hold(call())))
    assert found.holds == (Hold(found.holds[0].start, found.ended, whole=True),)


def test_while_it_goes_on():
    """A hold without an end has no seconds yet, and the leg no talk."""
    c = call().enter().menu().key().into().rings().answers().holds()
    found = leg(stream(c))
    assert [hold.end for hold in found.holds] == [None]
    assert (found.hold_seconds, found.talk_seconds) == (0, None)


@pytest.mark.parametrize("channel", ["PJSIP/carrier-00000001", "PJSIP/petrov-00000001", "Local/ivanova-1", "", "x"])
def test_other_channels(channel):
    """A caller's own hold, another agent's, and channels that are no phone's change nothing."""
    c = call().enter().menu().key().into().rings().answers()
    c._add(event("Hold", c.at, Channel=channel, Uniqueid=c.call, Linkedid=c.call))
    assert leg(stream(c.talked().ended())).holds == ()


def test_hold_before_the_answer_and_after_the_end():
    """Only a talk can be on hold."""
    c = call().enter().menu().key().into().rings().holds().unholds().answers().talked().holds().unholds().ended()
    assert leg(stream(c)).holds == ()


def test_heard_twice():
    """A stream taken twice by one tracker tells the same holds."""
    tracker, c = Tracker("n1"), held_twice(call())
    first = stream(c, tracker)
    again = [message for moment in c.moments for message in Parser(banner=False).feed(moment.event)]
    for message in again:
        tracker.feed(message)
    assert [r for r in tracker.take()[0] if r != first.calls[c.call]] == []


@pytest.mark.parametrize("story", [held_twice, left_on_hold])
def test_every_gap(story):
    """Whatever part of the events is missing: the rest of the record is as without holds, a hold whose beginning was
    heard is there, exact where no gap was in it, and else marked and not too short.
    """
    moments = story(call()).moments
    expected = leg(whole(moments))
    told = 0
    for lost in range(len(moments)):
        for resumed in range(lost + 1, len(moments)):
            watched = Watched()
            watched.take(b"".join(m.event for m in moments[:lost]))
            watched.gap(moments, resumed, resumed, resumed)
            watched.take(b"".join(m.event for m in moments[resumed:]))
            (record,) = watched.calls.values() or (None,)
            if record is None or not record.visits or not record.visits[0].legs:
                continue
            found = record.visits[0].legs[0]
            heard = [m.at for m in (*moments[:lost], *moments[resumed:])]
            assert [h.start.at for h in found.holds] == [h.start.at for h in expected.holds if h.start.at in heard]
            for hold in found.holds:
                (true,) = (h for h in expected.holds if h.start == hold.start)
                assert hold.end is not None, (lost, resumed)
                if hold.whole:
                    assert hold.end.at == true.end.at
                told += not hold.whole
                between = [m.at for m in moments if hold.start.at <= m.at <= true.end.at]
                assert hold.whole or not set(between) <= set(heard)
                assert hold.end.at >= true.end.at - 1_050_000
    assert told


def test_answered_calls_have_none():
    """A call that nobody held has no hold."""
    assert leg(stream(answered(call()))).holds == ()
