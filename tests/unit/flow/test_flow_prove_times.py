"""Classes of time are every minute, each once, by what all calendars answer in it."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cctoolkit.flow.graph import compile_flow
from cctoolkit.flow.prove_times import HORIZON, longest_waits, time_classes
from cctoolkit.model.calendar import timetable
from tests.unit.flow.flows import CALENDARS, project

FLOW = {
    **{name: {"type": "hours", "calendar": name, "next": {"open": "end", "closed": "end"}} for name in CALENDARS},
    "end": {"type": "hangup"},
}
ZONES = ("Europe/Warsaw", "Europe/Moscow", "Australia/Lord_Howe", "America/Santiago", "UTC")


def asked(graph, at):
    local = at.astimezone(ZoneInfo(graph.time_zone))
    return tuple((name, timetable(graph.calendars[name]).answer(local)) for name in sorted(CALENDARS))


@settings(deadline=None, max_examples=6)
@given(
    zone=st.sampled_from(ZONES),
    begin=st.integers(0, 730 * 1440).map(lambda n: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=n)),
    minutes=st.integers(1, 3500),
)
@example("Europe/Warsaw", datetime(2027, 3, 27, 20, tzinfo=UTC), 2000)
@example("Europe/Warsaw", datetime(2026, 10, 24, 20, tzinfo=UTC), 2000)
@example("Australia/Lord_Howe", datetime(2026, 10, 3, 7, tzinfo=UTC), 2000)
def test_every_minute_is_in_its_class(zone, begin, minutes):
    """Asked minute by minute, the calendars give the same classes, of the same size, with the same first minute."""
    graph = compile_flow(project(FLOW, zone=zone))
    every = [begin + timedelta(minutes=n) for n in range(minutes)]
    wanted = Counter(asked(graph, at) for at in every)
    found = [one for one in time_classes(graph, begin, begin + timedelta(minutes=minutes)) if not one.override]
    assert {tuple(one.answers.items()): one.minutes for one in found} == dict(wanted)
    assert all(asked(graph, one.first) == tuple(one.answers.items()) for one in found)


@pytest.mark.parametrize("zone", ZONES)
def test_thirteen_months(zone):
    """The classes of thirteen months together are all their minutes, both changes of the clock included."""
    graph = compile_flow(project(FLOW, zone=zone))
    since = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
    found = time_classes(graph, since, since + HORIZON)
    assert sum(one.minutes for one in found) == HORIZON // timedelta(minutes=1)
    assert [one.override for one in found[-3:]] == ["open", "closed", "emergency"]
    assert [one.first for one in found[:-3]] == sorted(one.first for one in found[:-3])


def test_today_is_a_date_of_its_own():
    """Hours of a special date that is today are seen, though they have not begun."""
    graph = compile_flow(project(FLOW))
    found = time_classes(graph, datetime(2026, 12, 31, 5, tzinfo=UTC), datetime(2026, 12, 31, 21, tzinfo=UTC))
    assert datetime(2026, 12, 31, 9, tzinfo=UTC) in [one.first for one in found if one.answers["office"] == "open"]


def test_a_flow_without_hours():
    """Where no step asks the hours, all time is one class, and an override changes nothing."""
    graph = compile_flow(project({"end": {"type": "hangup"}}))
    assert [one.answers for one in time_classes(graph, datetime(2027, 1, 1, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC))] == [{}]  # fmt: skip


def test_waits():
    """A step lasts as long as its durations say, at every attempt; a step without any lasts no time."""
    menu = {"type": "menu", "prompts": ["a"], "keys": {"1": "end"}, "wait": "7s", "attempts": 2, "next": {"timeout": "q", "invalid": "end"}}  # fmt: skip
    flow = {"m": menu, "q": {"type": "queue", "queue": "q", "wait": "2m", "next": {"timeout": "end"}}, "end": {"type": "hangup"}}  # fmt: skip
    assert longest_waits(project(flow)) == {"m": 14, "q": 120, "end": 0}
