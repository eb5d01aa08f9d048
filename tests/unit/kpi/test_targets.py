"""What figures should be, and which reading a project reports."""

from dataclasses import dataclass
from typing import get_args, get_type_hints

import msgspec
import pytest

from cctoolkit.errors import SpecError
from cctoolkit.kpi.figure import Limits, Target, Targets, discover
from cctoolkit.kpi.sources import TABLES
from cctoolkit.model.kpi import Formulas, ProjectTargets, QueueTargets, ShareTarget, TimeTarget

AGREED = Targets(
    (Target("orders", 20, 0.8), Target("vip", 10, 0.9)),
    limits={
        ("service_level", ""): Limits(at_least=0.85),
        ("lost_call_rate", ""): Limits(at_most=0.25),
        ("average_wait", ""): Limits(at_most=30),
        ("average_wait", "vip"): Limits(at_most=5),
    },
    formulas={"lost_call_rate": "of_offered"},
)


def test_the_specs_formulas_are_the_figures():
    """Every figure that can be read in more ways than one stands in the spec's list, with the same readings, the same
    default, and no other figure.
    """
    several = {name: m for name, m in discover().items() if len(m.variants) > 1 and not m.parts}
    assert {name: get_args(kind) for name, kind in get_type_hints(Formulas).items()} == {
        name: tuple(variant.name for variant in metric.variants) for name, metric in several.items()
    }
    assert msgspec.structs.asdict(Formulas()) == {name: metric.variants[0].name for name, metric in several.items()}


@pytest.mark.parametrize("group", [QueueTargets, ProjectTargets])
def test_the_specs_targets_are_figures(group):
    """Every target is one of a figure, a share's of a share and a time's of a time; a queue's of one that queues have."""
    wanted = {"ratio": ShareTarget, "seconds": TimeTarget}
    for name, kind in get_type_hints(group).items():
        metric = discover()[name]
        assert kind is wanted[metric.unit], name
        assert group is ProjectTargets or "queue" in TABLES[metric.source].may


@dataclass
class Case:
    limits: Limits
    value: float
    met: bool
    deviation: float


@pytest.mark.parametrize(
    "case",
    [
        Case(Limits(at_least=10), 10, True, 0),
        Case(Limits(at_least=10), 9, False, -1),
        Case(Limits(at_most=10), 10, True, 0),
        Case(Limits(at_most=10), 12, False, 2),
        Case(Limits(at_most=10), 7, True, -3),
        Case(Limits(10, 20), 12, True, 2),
        Case(Limits(10, 20), 19, True, -1),
        Case(Limits(10, 20), 25, False, 5),
        Case(Limits(10, 20), 4, False, -6),
    ],
)
def test_met_and_how_far(case):
    """A value equal to a limit meets it; the deviation is from the limit broken, or the nearest."""
    assert (case.limits.met(case.value), case.limits.deviation(case.value)) == (case.met, case.deviation)


@pytest.fixture
def day(desk):
    """orders: waits 5 and 25 answered, 60 abandoned; vip: 8 answered."""
    for wait, outcome in ((5, "answered"), (25, "answered"), (60, "abandoned")):
        desk.call(("orders", 0, wait, outcome))
    desk.call(("vip", 0, 8, "answered"))
    return desk


def test_only_the_chosen_reading_has_a_target(day):
    """The lost call rate is read of_offered: 1 of 4 is at most 0.25; the other reading says nothing of it."""
    found = {one.variant: one for one in day.figures("lost_call_rate", by=("project",), targets=AGREED)}
    assert (found["of_offered"].chosen, found["of_offered"].target, found["of_offered"].met) == (
        True, Limits(at_most=0.25), True,
    )  # fmt: skip
    assert (found["default"].chosen, found["default"].target, found["default"].met) == (False, None, None)


def test_a_queues_own_target_comes_first(day):
    """vip has at most 5 s of its own and misses it; orders has the project's 30 s; the service level is the queue's."""
    found = {
        (one.queue, one.metric): one
        for one in day.figures("average_wait", "service_level", targets=AGREED)
        if one.chosen
    }
    assert {key: (one.value, one.target, one.met) for key, one in found.items()} == {
        ("orders", "average_wait"): (15, Limits(at_most=30), True),
        ("vip", "average_wait"): (8, Limits(at_most=5), False),
        ("orders", "service_level"): (pytest.approx(1 / 3), Limits(at_least=0.8), False),
        ("vip", "service_level"): (1, Limits(at_least=0.9), True),
    }


def test_nothing_to_measure_is_neither(desk):
    """Where nobody called a target is neither met nor missed."""
    (one,) = (f for f in desk.figures("service_level", by=("queue",), targets=AGREED) if f.chosen and f.queue == "vip")
    assert (one.value, one.met) == (None, None)


def test_parts_are_all_shown(day):
    """Parts of a whole are no readings: all of them are the project's."""
    assert all(one.chosen for one in day.figures("outcomes", targets=AGREED))


def test_a_formula_that_does_not_exist(day):
    """A formula that no figure has is the spec's mistake."""
    with pytest.raises(SpecError, match="'best'"):
        day.figures("service_level", targets=Targets(formulas={"service_level": "best"}))


def test_the_projects_service_level(day):
    """What the spec says of the project; else the queues' when it is the same for all, and none when it is not."""
    by_spec = {("service_level", ""): Limits(at_least=0.5)}
    same = (Target("orders", 20, 0.8), Target("vip", 10, 0.8))
    assert Targets(same, limits=by_spec).limit("service_level") == Limits(at_least=0.5)
    assert Targets(same).limit("service_level") == Limits(at_least=0.8)
    assert Targets(AGREED.queues).limit("service_level") is None
    assert Targets().limit("service_level") is None
