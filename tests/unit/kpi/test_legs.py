"""Figures of agents' legs against hand-computed values."""

import pytest

from cctoolkit.errors import UsageError


@pytest.fixture
def talks(desk):
    """Anna: 100 s with 20 s of wrap-up, 200 s without; Boris: 60.5 s with 40 s, and one call not answered."""
    desk.handled(desk.leg("anna", 5, 100, wrap_up=20))
    desk.handled(desk.leg("anna", 305, 200), at=300)
    desk.handled(
        desk.leg("anna", offered=601, ended=610, outcome="no_answer"),
        desk.leg("boris", 615, 60.5, offered=611, wrap_up=40),
        at=600, queue="vip", number="+48221234567",
    )  # fmt: skip
    return desk


LEGS = ("average_talk", "after_call_work", "average_handling_time", "handled")


def by_group(figures, *keys):
    """Return {group: {metric: default value}}."""
    found = {}
    for row in figures:
        if row.variant == "default":
            group = tuple(getattr(row, key) for key in keys)
            found.setdefault(group[0] if len(group) == 1 else group, {})[row.metric] = row.value
    return found


def test_by_project(talks):
    """Talk (100 + 200 + 60.5) / 3, wrap-up (20 + 0 + 40) / 3, both together, and three handled."""
    found = by_group(talks.figures(*LEGS, by=("project",)), "project")["hotline"]
    assert found == pytest.approx(
        {
            "average_talk": 360.5 / 3,
            "after_call_work": 20,
            "average_handling_time": (120 + 200 + 100.5) / 3,
            "handled": 3,
        }
    )


def test_by_agent(talks):
    """Each agent has their own mean; the call that rang unanswered at Anna's is nothing she handled."""
    found = by_group(talks.figures(*LEGS, by=("agent",)), "agent")
    assert found["anna"] == pytest.approx(
        {"average_talk": 150, "after_call_work": 10, "average_handling_time": 160, "handled": 2}
    )
    assert found["boris"]["average_handling_time"] == 100.5


def test_by_queue_and_agent(talks):
    """An agent's figures are apart by queue, and one who handled nothing there has counts 0 and no means."""
    found = by_group(talks.figures(*LEGS, by=("queue", "agent")), "queue", "agent")
    assert {group: row["handled"] for group, row in found.items()} == {
        ("orders", "anna"): 2, ("vip", "anna"): 0, ("vip", "boris"): 1,
    }  # fmt: skip
    assert found["vip", "anna"]["average_talk"] is None


def test_by_number(talks):
    """A leg counts for the number its caller dialled."""
    found = by_group(talks.figures("average_talk", by=("number",)), "number")
    assert found == {"+48221234567": {"average_talk": 60.5}, "+78001002030": {"average_talk": 150}}


def test_by_interval(talks):
    """A leg belongs to the interval its visit joined in, however long it lasted; an empty interval is None."""
    talks.handled(talks.leg("anna", 1801, 100), at=1799)
    found = talks.figures("average_talk", "handled", by=("project", "30m"))
    talk = [row.value for row in found if (row.metric, row.variant) == ("average_talk", "default")]
    assert talk == [pytest.approx((100 + 200 + 60.5 + 100) / 4), None, None, None]
    assert [row.value for row in found if row.metric == "handled"] == [4, 0, 0, 0]


def test_with_hold(talks):
    """Anna's 100 s hold 12.5 s and 7.5 s of hold: talk without is 20 s less in sum, with hold and AHT are as before."""
    values = talks.values("average_talk", by=("project",))
    assert values["with_hold"] == values["default"]
    talks.handled(talks.leg("anna", 905, 100, wrap_up=20, holds=((10, 22.5), (80, 87.5))), at=900)
    values = talks.values("average_talk", "average_handling_time", "after_call_work", by=("project",))
    assert values == pytest.approx(
        {
            "average_talk.default": (100 + 200 + 60.5 + 80) / 4,
            "average_talk.with_hold": (100 + 200 + 60.5 + 100) / 4,
            "average_handling_time.default": (120 + 200 + 100.5 + 120) / 4,
            "after_call_work.default": (20 + 0 + 40 + 20) / 4,
        }
    )


def test_a_hold_that_goes_on(desk):
    """While the talk goes on it is in no mean, on hold or not."""
    desk.handled(desk.leg("anna", 5, holds=((10, None),)))
    assert desk.values("average_talk", by=("project",)) == {"default": None, "with_hold": None}


def test_what_goes_on_counts_only_as_handled(desk):
    """A talk without an end is in no mean; a wrap-up without one leaves the talk in the mean talk alone."""
    desk.handled(desk.leg("anna", 5))
    desk.handled(desk.leg("anna", 105, 30, wrap_up=...), at=100)
    values = by_group(desk.figures(*LEGS, by=("agent",)), "agent")["anna"]
    assert values == {
        "average_talk": 30, "after_call_work": None, "average_handling_time": None, "handled": 2,
    }  # fmt: skip


def test_a_call_of_two_agents_is_handled_twice(desk):
    """A call that went from one agent to another counts for both, as one contact answered."""
    desk.handled(desk.leg("anna", 5, 10), desk.leg("boris", 15, 30))
    values = desk.values("answered", "handled", by=("queue",))
    assert values == {"answered.default": 1, "handled.default": 2}


def test_test_calls_are_left_out(desk):
    """Legs of test calls and of other projects are in no figure of legs."""
    desk.handled(desk.leg("anna", 5, 10), test=True)
    desk.handled(desk.leg("anna", 5, 10), project="other")
    assert desk.figures("handled", by=("agent",)) == []


def test_a_figure_that_cannot_be_grouped_so(desk):
    """Service level by agent, or occupancy by queue, means nothing: the error says what it can be grouped by."""
    with pytest.raises(UsageError, match="service_level cannot be grouped so"):
        desk.figures("service_level", by=("agent",))
    with pytest.raises(UsageError) as caught:
        desk.figures("occupancy", by=("queue",))
    assert caught.value.expected == "any of project, agent, agent among them"
    with pytest.raises(UsageError, match="no figures by queue and reason"):
        desk.figures(by=("queue", "reason"))


def test_all_that_fits_is_computed(talks):
    """Without names every figure that can be grouped so is there, and no other."""
    assert {row.metric for row in talks.figures(by=("queue", "agent"))} == set(LEGS)
    by_agent = {row.metric for row in talks.figures(by=("agent",))}
    assert by_agent == {*LEGS, "handled_per_hour", "occupancy", "working_time"}
