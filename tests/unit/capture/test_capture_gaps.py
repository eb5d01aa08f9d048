"""A gap of the events, wherever it lies, is filled from queue_log: the same calls, the same outcomes, each once."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import asdict

from cctoolkit.capture.feeder import BACKFILL, Feeder
from cctoolkit.capture.following import select
from cctoolkit.capture.queue_log import ANSWERING
from cctoolkit.capture.tracker import Tracker
from cctoolkit.cdr.records import Edge
from cctoolkit.model.steps import step_types
from tests.unit.capture.made_calls import STORIES, day

LIMIT = 1_050_000
"""Microseconds a line's edge may lie off: its second, and the milliseconds between two things told as one."""

THRICE = 2_200
"""Microseconds between the events that a phone stopped ringing: two of its own, and the answer that ended it."""

days = st.lists(st.tuples(st.integers(0, len(STORIES) - 1), st.integers(0, 9000)), min_size=1, max_size=4)


def events(moments):
    return b"".join(moment.event for moment in moments)


def lines(moments):
    return "".join(f"{moment.line}\n" for moment in moments if moment.line)


class Watched:
    """A feeder and the last version of everything it told."""

    def __init__(self):
        self.feeder = Feeder(Tracker("n1"))
        self.calls, self.states = {}, {}

    def take(self, data):
        self.feeder.take(data)
        self.tell()

    def tell(self):
        records, states = self.feeder.tracker.take()
        self.calls |= {record.call: record for record in records}
        self.states |= {(state.agent, state.state, state.start): state for state in states}

    def gap(self, moments, resumed, held, read):
        """Connect again at `resumed`; the log was read at `read`, when events up to `held` had arrived."""
        self.take(b"")
        self.take(events(moments[resumed:held]) or b"\r\n")
        since = self.feeder.since
        self.take(BACKFILL + select(lines(moments[:read]), since, only_live=since == 0).encode())


def whole(moments):
    watched = Watched()
    watched.take(events(moments))
    return watched


def near(expected, found, apart=0):
    if expected is None or found is None:
        return expected is found
    if found.source == "ami":
        return found.source == expected.source and abs(found.at - expected.at) <= apart
    return abs(found.at - expected.at) <= LIMIT


def equal(expected, found, path=""):
    """Assert that two structs say the same, edges within their precision."""
    for name, value in asdict(expected).items():
        other, where = getattr(found, name), f"{path}.{name}"
        if isinstance(value, Edge) or isinstance(other, Edge):
            silenced = name == "ended" and getattr(expected, "outcome", "") == "cancelled"
            assert near(value, other, THRICE if silenced else 0), (where, value, other)
        elif name == "legs":
            # Of phones that stopped ringing because another agent answered, queue_log has no line.
            known = [
                leg
                for leg in value
                if leg.outcome != "cancelled"
                or any(near(leg.offered, o.offered) and o.agent == leg.agent for o in other)
            ]
            ordered = [sorted(legs, key=lambda leg: (leg.agent, leg.offered.at)) for legs in (known, other)]
            pairs(*ordered, where)
        elif isinstance(value, tuple):
            pairs(value, other, where)
        else:
            assert value == other, (where, value, other)


def pairs(expected, found, path):
    assert len(expected) == len(found), (path, expected, found)
    for number, (one, other) in enumerate(zip(expected, found, strict=True)):
        equal(one, other, f"{path}[{number}]")


def all_equal(expected, found):
    assert set(found.calls) == set(expected.calls)
    for call, record in expected.calls.items():
        equal(record, found.calls[call], call)
    same_states(expected, found)


def same_states(expected, found):
    def states(watched):
        return sorted(watched.states.values(), key=lambda s: (s.agent, s.state, s.reason, s.start.at))

    pairs(states(expected), states(found), "states")


@pytest.mark.parametrize("story", range(len(STORIES)), ids=[story.__name__ for story in STORIES])
def test_every_gap_of_one_call(story):
    """Whatever part of one call's events is missing, its record is that of the whole stream, but for edges' precision."""
    moments = day([(story, 0)])
    expected = whole(moments)
    for k in range(1, len(moments)):
        for m in range(k, len(moments) + 1):
            found = Watched()
            found.take(events(moments[:k]))
            found.gap(moments, m, m, m)
            found.take(events(moments[m:]))
            all_equal(expected, found)


@settings(max_examples=60, deadline=None)
@given(days, st.data())
def test_gaps_of_several_calls(stories, data):
    """Any two gaps in several calls at once, the log read sooner or later than events arrive: none is lost or doubled."""
    moments = day(stories)
    n = len(moments)
    at = data.draw(st.lists(st.integers(1, n), min_size=4, max_size=4).map(sorted))
    expected, found = whole(moments), Watched()
    found.take(events(moments[: at[0]]))
    for resumed, end in ((at[1], at[2]), (at[3], n)):
        held, read = (data.draw(st.integers(resumed, min(resumed + 12, end))) for _ in range(2))
        found.gap(moments, resumed, held, read)
        for moment in moments[held:end]:
            found.take(moment.event or b"\r\n")
    all_equal(expected, found)


@settings(max_examples=60, deadline=None)
@given(days, st.data())
def test_capture_that_begins_late(stories, data):
    """At its first start capture takes the calls that are up, whole, and agents' states as long as the log knows."""
    moments = day(stories)
    m = data.draw(st.integers(0, len(moments)))
    expected, found = whole(moments), Watched()
    found.gap(moments, m, m, m)
    found.take(events(moments[m:]) or b"\r\n")
    over = {line.split("|")[1] for line in lines(moments[:m]).splitlines() if "|CCTEND|" in line}
    expected.calls = {call: record for call, record in expected.calls.items() if call not in over}
    all_equal(expected, found)


@settings(max_examples=40, deadline=None)
@given(days, st.data())
def test_a_gap_that_was_never_filled_is_filled_with_the_next(stories, data):
    """Killed between connecting and reading queue_log, twice: the lines read at last tell of both gaps."""
    moments = day(stories)
    at = data.draw(st.lists(st.integers(1, len(moments)), min_size=4, max_size=4).map(sorted))
    expected, found = whole(moments), Watched()
    found.take(events(moments[: at[0]]))
    found.take(b"")
    found.take(events(moments[at[1] : at[2]]) or b"\r\n")
    found.gap(moments, at[3], at[3], at[3])
    found.take(events(moments[at[3] :]) or b"\r\n")
    all_equal(expected, found)


def test_no_lines_ever():
    """Without queue_log, events held back after a gap are folded at the end, and nothing is made up."""
    moments = day([(0, 0)])
    found = Watched()
    found.take(events(moments[:6]))
    found.take(b"")
    found.take(events(moments[6:]))
    assert not found.calls["n1-0.1"].ended
    found.feeder.finish()
    found.tell()
    equal(whole(moments).calls["n1-0.1"], found.calls["n1-0.1"])


def test_steps_that_answer():
    """The log's reader knows which step types answer a call as the model does."""
    assert {name for name, step in step_types().items() if step.needs_answer} == ANSWERING


@settings(max_examples=60, deadline=None)
@given(days, st.data())
def test_lines_that_come_after_the_events_of_the_gaps_end(stories, data):
    """A database was away: calls that events went on with, nobody knew whose, are the project's calls then, each once."""
    moments = day(stories)
    start = data.draw(st.integers(0, len(moments)))
    end = data.draw(st.integers(start, len(moments)))
    watched = Watched()
    for taken in (events(moments[:start]), b"", BACKFILL, events(moments[end:]), BACKFILL + lines(moments).encode()):
        watched.take(taken)
    found = {call: (one.project, one.number, one.outcome) for call, one in watched.calls.items()}
    assert found == {call: (one.project, one.number, one.outcome) for call, one in whole(moments).calls.items()}
