"""Agents' working time against hand-computed values."""

from datetime import UTC, date, datetime

import pytest

from cctoolkit.cdr.store import micros
from cctoolkit.kpi.agent_time import Span, slices
from cctoolkit.kpi.interval import window

PARTS = ("ready", "ringing", "talking", "on_hold", "wrap_up", "paused")


@pytest.fixture
def shift(desk):
    """Anna, logged in for 3600 s: rings 5, talks 100, wraps up 30, has lunch for 600; the rest she is ready."""
    desk.state("anna", "logged_in", 0, 3600)
    desk.handled(desk.leg("anna", 65, 100, offered=60, wrap_up=30), at=50)
    desk.state("anna", "wrap-up", 165, 195, "wrap-up")
    desk.state("anna", "paused", 1500, 2100, "lunch")
    return desk


def test_working_time(shift):
    """The parts are 5 ringing, 100 talking, 30 wrap-up, 600 paused and 2865 ready of 3600 logged in."""
    assert shift.values("working_time", by=("agent",)) == {
        "logged_in": 3600, "ready": 2865, "ringing": 5, "talking": 100, "on_hold": 0, "wrap_up": 30, "paused": 600,
    }  # fmt: skip


def test_on_hold(shift):
    """Of a talk of 100 s, 15 and 5 s on hold leave 80 talking; occupancy has both, and the parts add up."""
    shift.handled(shift.leg("anna", 1005, 100, offered=1000, holds=((10, 25), (95, 100))), at=990)
    values = shift.values("working_time", by=("agent",))
    assert (values["talking"], values["on_hold"], values["ringing"]) == (100 + 80, 20, 10)
    assert sum(values[part] for part in PARTS) == values["logged_in"]
    assert shift.values("occupancy", by=("agent",)) == {"default": 240 / 3000, "of_logged_in": 240 / 3600}


def test_a_hold_over_an_edge_and_one_that_goes_on(desk):
    """A hold is cut at an interval's edge; one without an end lasts until now, or until its talk's end."""
    desk.state("anna", "logged_in", 0)
    desk.handled(desk.leg("anna", 1700, holds=((90, None),), offered=1700), at=1690)
    found = desk.figures("working_time", by=("agent", "30m"), now=2000)
    held = [row.value for row in found if row.variant == "on_hold"]
    assert held == [10, 200, None, None]


def test_a_hold_whose_talk_is_over(desk):
    """Of a talk whose end was not seen, hold and talk are over when the next call came."""
    desk.state("anna", "logged_in", 0, 3600)
    desk.handled(desk.leg("anna", 10, offered=10, holds=((5, None),)), at=5)
    desk.handled(desk.leg("anna", 110, 20, offered=100), at=95)
    values = desk.values("working_time", by=("agent",))
    assert (values["talking"], values["on_hold"]) == (5 + 20, 85)


def test_occupancy(shift):
    """135 s with a call of 3000 s without the pause, or of 3600 s logged in."""
    assert shift.values("occupancy", by=("agent",)) == {"default": 135 / 3000, "of_logged_in": 135 / 3600}


def test_handled_per_hour(shift):
    """One call in one hour logged in; with a second agent in half an hour, two an hour for them."""
    shift.state("boris", "logged_in", 0, 1800)
    shift.handled(shift.leg("boris", 100, 10, offered=99), at=99)
    found = shift.figures("handled_per_hour", by=("agent",))
    assert {row.agent: row.value for row in found} == {"anna": 1, "boris": 2}
    assert {row.unit for row in found} == {"per_hour"}


def test_pause_by_reason(shift):
    """Each reason has its own time, and no reason has that of wrap-up."""
    shift.state("anna", "paused", 2500, 2560, "training")
    shift.state("anna", "paused", 2600, 2660, "training")
    found = shift.figures("pause_time", by=("agent", "reason"))
    assert {row.reason: row.value for row in found} == {"lunch": 600, "training": 120}


def test_cut_at_the_intervals_edges(shift):
    """Lunch from 1500 to 2100 is 300 s in each half hour, and a talk over the edge is in both."""
    shift.handled(shift.leg("anna", 1795, 15, offered=1793), at=1790)
    found = shift.figures("working_time", "handled_per_hour", by=("agent", "30m"))
    parts = {part: [row.value for row in found if row.variant == part] for part in ("paused", "talking", "logged_in")}
    assert parts["paused"] == [300 - 7, 300 - 10, None, None]
    assert parts["talking"] == [105, 10, None, None]
    assert parts["logged_in"] == [1800, 1800, None, None]
    # Both calls were answered in the first half hour.
    assert [row.value for row in found if row.metric == "handled_per_hour"] == [4, 0, None, None]


def test_the_parts_add_up_in_every_interval(shift):
    """Whatever overlaps, ready, ringing, talking, wrap-up and paused together are the time logged in."""
    shift.state("anna", "paused", 100, 130, "coffee")
    shift.state("anna", "wrap-up", 2000, 2400, "wrap-up")
    shift.handled(shift.leg("anna", 3550, 400, offered=3540), at=3500)
    found = shift.figures("working_time", by=("agent", "15m"))
    whole = [row.value for row in found if row.variant == "logged_in"]
    for place, logged_in in enumerate(whole):
        parts = [[row.value for row in found if row.variant == part][place] for part in PARTS]
        assert (sum(parts) if logged_in is not None else None) == logged_in
    assert sum(value or 0 for value in whole) == 3600


def test_a_state_without_an_end_lasts_until_now(desk):
    """Still logged in and paused at second 1000: so much has been worked, and not yet the whole window."""
    desk.state("anna", "logged_in", 0)
    desk.state("anna", "paused", 400, reason="lunch")
    values = desk.values("working_time", by=("agent",), now=1000)
    assert (values["logged_in"], values["ready"], values["paused"]) == (1000, 400, 600)


@pytest.mark.parametrize("now", [None, 7200, 99999])
def test_a_state_without_an_end_lasts_until_the_windows_end(desk, now):
    """When now lies behind the window, the window's end cuts the state."""
    desk.state("anna", "logged_in", 0)
    assert desk.values("working_time", by=("agent",), now=now)["logged_in"] == 7200


def test_before_the_window_begins_there_is_nothing(desk):
    """A window that lies ahead has no working time yet."""
    desk.state("anna", "logged_in", -100)
    assert desk.figures("working_time", by=("agent",), now=-50) == []


def test_a_lost_end_is_where_the_next_state_begins(desk):
    """A pause whose end was not seen ended, at the latest, when the next one began."""
    desk.state("anna", "logged_in", -9000)
    desk.state("anna", "paused", -8000, reason="lunch")
    desk.state("anna", "paused", -100, -90, "coffee")
    desk.handled(desk.leg("anna", 10), at=5)
    desk.handled(desk.leg("anna", 110, 20, offered=100), at=95)
    values = desk.values("working_time", by=("agent",))
    assert (values["paused"], values["talking"]) == (0, 90 + 20)


def test_what_was_not_answered_rings(desk):
    """A phone that rang without an answer was ringing until it stopped."""
    desk.state("anna", "logged_in", 0, 600)
    desk.handled(desk.leg("anna", offered=10, ended=25), at=5)
    assert desk.values("working_time", by=("agent",))["ringing"] == 15


def test_talk_after_the_log_out_is_no_working_time(desk):
    """An agent who logs out while talking has worked until the log-out; occupancy stays a share."""
    desk.state("anna", "logged_in", 0, 100)
    desk.handled(desk.leg("anna", 10, 500, offered=5), at=0)
    assert desk.values("working_time", by=("agent",))["talking"] == 90
    assert desk.values("occupancy", by=("agent",))["default"] == 95 / 100


def test_an_agents_time_is_that_of_all_projects(desk):
    """A talk for another project fills the agent's time, and is nothing this project handled."""
    desk.state("anna", "logged_in", 0, 1000)
    desk.handled(desk.leg("anna", 10, 200, offered=10), at=5, project="other")
    assert desk.values("occupancy", by=("agent",))["default"] == 0.2
    assert desk.values("handled", by=("agent",), agents=("anna",))["default"] == 0


def test_whose_time_it_is(desk):
    """Agents named have a row though they never logged in; others only if the project's calls rang at theirs."""
    for agent in ("anna", "boris", "vera"):
        desk.state(agent, "logged_in", 0, 100)
    desk.handled(desk.leg("boris", 10, 20, offered=10), at=5)
    found = desk.figures("working_time", by=("agent",), agents=("anna", "galya"))
    assert {row.agent: row.value for row in found if row.variant == "logged_in"} == {
        "anna": 100, "boris": 100, "galya": None,
    }  # fmt: skip
    assert {row.agent for row in desk.figures("working_time", by=("agent",))} == {"anna", "boris", "vera"}


def test_two_nodes_are_one_agent(desk):
    """An agent logged in at two nodes at once works once."""
    desk.state("anna", "logged_in", 0, 100)
    desk.state("anna", "logged_in", 50, 200, node="n2")
    assert desk.values("working_time", by=("agent",))["logged_in"] == 200


def test_the_day_with_25_hours(desk):
    """Whoever is logged in all day when the clock goes back works 25 hours."""
    day = window(date(2026, 10, 25), date(2026, 10, 25), "Europe/Warsaw")
    desk.state("anna", "logged_in", -40 * 86400, 0)
    values = desk.values("working_time", by=("agent", "1d"), window=day)
    assert values["logged_in"] == 25 * 3600


def test_slices_touch():
    """Slices follow each other without gap, cut at every edge, and know their reason."""
    at = micros(datetime(2026, 11, 2, tzinfo=UTC))
    spans = [Span("anna", "logged_in", "", at - 5, at + 30), Span("anna", "paused", "lunch", at + 5, at + 15)]
    found = [tuple(one)[1:] for one in slices(spans, [at, at + 10, at + 20])]
    assert found == [
        ("ready", "", at, at + 5),
        ("paused", "lunch", at + 5, at + 10),
        ("paused", "lunch", at + 10, at + 15),
        ("ready", "", at + 15, at + 20),
    ]


def test_talk_of_a_call_without_a_record(desk):
    """An agent found in a call at the start talks, and has answered no call; a call with a record counts once."""
    desk.state("anna", "logged_in", 0, 1000)
    desk.state("anna", "in_call", 100, 160)
    desk.handled(desk.leg("anna", 150, 50, offered=145), at=140)
    values = desk.values("working_time", by=("agent",))
    assert (values["talking"], values["ringing"], values["ready"]) == (100, 0, 900)
    assert desk.values("handled_per_hour", by=("agent",))["default"] == 3.6


def test_a_pause_goes_on_beside_a_call_of_before(desk):
    """in_call ends no pause that has no end yet."""
    desk.state("anna", "logged_in", 0)
    desk.state("anna", "paused", 10, reason="lunch")
    desk.state("anna", "in_call", 20, 30)
    assert desk.values("working_time", by=("agent",), now=100)["paused"] == 80


def test_a_pause_goes_on_beside_a_wrapuptime(desk):
    """Nor does the time in which the switch rings a member of a plain queue for no other call; that is a wrap-up."""
    desk.state("anna", "logged_in", 0)
    desk.state("anna", "paused", 10, reason="lunch")
    desk.state("anna", "wrap-up", 20, 30, "wrapuptime")
    values = desk.values("working_time", by=("agent",), now=100)
    assert (values["paused"], values["wrap_up"]) == (80, 10)
