"""Every figure and variant against hand-computed values."""

import subprocess
import sys
from pathlib import Path

import pytest

from cctoolkit.cdr.records import Edge
from cctoolkit.cdr.store import Store
from cctoolkit.errors import OperatorError, UsageError
from cctoolkit.kpi.figure import Target, Targets, discover
from cctoolkit.kpi.interval import Interval
from cctoolkit.kpi.sources import TABLES, Question

T20 = Targets((Target("orders", 20, 0.8),))


@pytest.fixture
def shift(desk):
    """Ten visits: N = 5 (3 within 20 s), A = 4 (2 short, 1 between 15 and 20 s, 1 late), 1 time-out."""
    for at, wait in enumerate((5, 20, 8, 30, 60)):
        desk.call(("orders", at, wait, "answered"))
    for at, wait in enumerate((3, 14.999999, 15, 45)):
        desk.call(("orders", at, wait, "abandoned"))
    desk.call(("orders", 9, 120, "timeout"))
    return desk


def test_service_level(shift):
    """Each reading of the service level: 3 in time of 5 answered, 4 abandoned, 2 of them short, 1 after T."""
    assert shift.values("service_level", targets=T20) == pytest.approx(
        {
            "default": 3 / (5 + 4 - 2),
            "of_offered": 3 / (5 + 4),
            "of_answered": 3 / 5,
            "late_abandons": 3 / (5 + 1),
            "abandon_in_time": (3 + 3) / (5 + 4),
        }
    )


def test_lost_call_rate(shift):
    """Abandons lost, with the short ones left out of both sides, and over all offered."""
    assert shift.values("lost_call_rate") == pytest.approx({"default": 2 / 7, "of_offered": 4 / 9})


def test_waits(shift):
    """Average and longest waits, each over the contacts it names; the time-out counts only in `all`."""
    answered, abandoned = 5 + 20 + 8 + 30 + 60, 3 + 14.999999 + 15 + 45
    assert shift.values("average_wait") == pytest.approx(
        {"answered": answered / 5, "all": (answered + abandoned + 120) / 10, "abandoned": abandoned / 4}
    )
    assert shift.values("longest_wait") == {"default": 120}


def test_counts(shift):
    """Offered, answered and short abandons: an abandon at exactly 15 s is not short."""
    assert shift.values("offered", "answered", "short_abandons") == {
        "offered.default": 10,
        "answered.default": 5,
        "short_abandons.default": 2,
    }


def test_short_limit_is_the_projects(shift):
    """A project that says 10 s counts one short abandon where 15 s counts two."""
    assert shift.values("short_abandons", targets=Targets((), 10))["default"] == 1


@pytest.mark.parametrize(("wait", "level"), [(20, 1), (20.000001, 0), (19.999999, 1)])
def test_wait_equal_to_the_target_is_within_it(desk, wait, level):
    """The boundary of the service level is exact to the microsecond, and inclusive."""
    desk.call(("orders", 0, wait, "answered"))
    assert desk.values("service_level", targets=T20)["default"] == level


def test_nobody_called(desk):
    """With no calls every ratio and time is None, never 0 or 100 %, and every count 0."""
    found = desk.figures(targets=T20)
    assert {row.queue for row in found} == {"orders"}
    assert {row.value for row in found if row.unit == "count"} == {0}
    assert {row.value for row in found if row.unit != "count"} == {None}


def test_only_time_outs(desk):
    """Contacts that are in no denominator give None too."""
    desk.call(("orders", 0, 60, "timeout"))
    values = desk.values("service_level", "lost_call_rate", targets=T20)
    assert set(values.values()) == {None}


def test_queue_without_target_has_no_service_level(desk):
    """Without a target there is no service level, and the other figures are there."""
    desk.call(("orders", 0, 5, "answered"))
    assert desk.values("service_level")["default"] is None
    assert desk.values("average_wait")["answered"] == 5


def test_turned_away_did_not_wait(desk):
    """A caller whom a full queue turned away counts as offered and in no average wait."""
    desk.call(("orders", 0, 0, "full"))
    desk.call(("orders", 1, 10, "no_agents"))
    assert desk.values("offered")["default"] == 2
    assert desk.values("average_wait")["all"] == 10


def test_continued_was_answered(desk):
    """A call that went on in the flow after the agent hung up counts as answered."""
    desk.call(("orders", 0, 5, "continued"))
    assert desk.values("service_level", targets=T20)["of_answered"] == 1


@pytest.mark.parametrize("by", [("queue",), ("queue", "30m"), ("project",), ("number", "1h"), ()])
def test_outcomes_add_up(shift, by):
    """For every group and interval the outcomes of all contacts add up to the contacts offered."""
    shift.call(("orders", 3000, None, "unfinished"))
    shift.call(("orders", 3600, 0, "full"), ("night", 3600, 4, "exit_key"))
    shift.call(outcome="ended_in_flow", at=5000)
    found = shift.figures("offered", "outcomes", by=by)
    groups = {(row.queue, row.number, row.start) for row in found}
    total = 0
    for group in groups:
        mine = [row for row in found if (row.queue, row.number, row.start) == group]
        offered = sum(row.value for row in mine if row.metric == "offered")
        assert offered == sum(row.value for row in mine if row.metric == "outcomes")
        total += offered
    assert total == 13


def test_a_call_belongs_to_the_interval_it_joined_in(desk):
    """A wait that runs over 09:30 counts in the half hour before; one from 09:30 in the one after."""
    desk.call(("orders", 1795, 60, "answered"))
    desk.call(("orders", 1800, 1, "answered"))
    desk.call(("orders", 1801, 3, "answered"))
    found = desk.figures("average_wait", by=("queue", "30m"))
    values = [row.value for row in found if row.variant == "answered"]
    assert values == [60, 2, None, None]
    assert found[0].end == found[3].start


def test_window_takes_those_who_joined_in_it(desk):
    """A call that joined before the window, or at its end, is not in it."""
    for at in (-0.000001, 0, 7199.999999, 7200):
        desk.call(("orders", at, 5, "answered"))
    assert desk.values("offered")["default"] == 2
    assert desk.values("offered", by=("project",))["default"] == 2


def test_a_call_that_entered_before_the_window_belongs_to_where_it_joined(desk):
    """A call in the menu over the window's start counts by project in the window in which it joined its
    queue.
    """
    desk.call(("orders", 5, 5, "answered"), ("orders", 8000, 5, "timeout"), entered=desk.edge(-60))
    desk.call(("orders", 7300, 5, "answered"), entered=desk.edge(7190))
    assert desk.values("offered", by=("project",))["default"] == 1


def test_test_calls_and_other_projects_are_in_no_figure(desk):
    """Calls of verify and calls of other projects are left out."""
    desk.call(("orders", 0, 5, "answered"))
    desk.call(("orders", 0, 500, "abandoned"), test=True)
    desk.call(("orders", 0, 500, "abandoned"), project="other")
    for by in (("queue",), ("project",)):
        assert desk.values("offered", by=by)["default"] == 1


def test_overflow_helps_no_projects_figure(desk):
    """By project a call's wait is the sum of its visits until the answer, against its first queue's T."""
    desk.call(
        ("orders", 0, 15, "timeout"), ("night", 15, 10, "answered"), ("orders", 60, 90, "timeout"),
        outcome="answered",
    )  # fmt: skip
    for by in (("project",), ("number",)):
        values = desk.values("service_level", "average_wait", by=by, targets=T20)
        assert values["average_wait.answered"] == 25
        assert values["service_level.of_answered"] == 0


def test_near_target_counts_what_whole_seconds_cannot_decide(desk):
    """With whole-second edges a wait of 20 s may be 19.1 or 20.9 s: it is near a target of 20 s."""
    desk.call(("orders", 0, 20, "answered", "queue_log"))
    desk.call(("orders", 0, 21, "abandoned", "queue_log"))
    desk.call(("orders", 0, 20.5, "answered"))
    desk.call(("orders", 0, 20, "timeout", "queue_log"))
    assert desk.values("near_target", targets=T20)["default"] == 1


def test_talk_and_edges_do_not_matter(desk):
    """A call whose visit has no end yet is offered, and in no other figure."""
    desk.call(("orders", 0, None, "unfinished"), ended=Edge(0))
    values = desk.values(targets=T20)
    assert {name for name, value in values.items() if value} == {"offered.default", "outcomes.unfinished"}


def test_every_metric_says_what_it_is():
    """Every file of kpi.metrics has a METRIC, and a docstring with unit, counts and
    source.
    """
    for name, metric in discover().items():
        text = sys.modules[f"cctoolkit.kpi.metrics.{name}"].__doc__
        assert all(word in text for word in ("Unit:", "Counts:", "Source:")), name
        assert metric.unit in text
        assert all(variant.formula for variant in metric.variants)


def test_adding_a_file_adds_the_figure():
    """The metrics are the modules of the folder, no list of them exists."""
    folder = Path(sys.modules["cctoolkit.kpi.metrics"].__file__).parent
    assert set(discover()) == {file.stem for file in folder.glob("*.py")} - {"__init__"}


def test_one_expression_for_every_backend(desk):
    """The expression compiles for PostgreSQL as well, ratios as float8 there and not as whole numbers."""
    import ibis

    from cctoolkit.kpi.query import aggregate

    asked = Question("hotline", desk.window)
    for source, table in TABLES.items():
        with Store.read(desk.path) as store:
            schema = table.read(store, asked, [Interval(desk.window.start, desk.window.end)]).schema
        empty = ibis.table(ibis.Schema.from_pyarrow(schema), name=source)
        metrics = {name: metric for name, metric in discover().items() if metric.source == source}
        sql = ibis.to_sql(aggregate(empty, ["project", "interval"], metrics), dialect="postgres")
        assert "DOUBLE PRECISION" in sql


def test_wrong_questions(desk):
    """An unknown group, two intervals or an unknown figure is a mistake of whoever asked."""
    for by in (("moon",), ("30m", "1h")):
        with pytest.raises(UsageError):
            desk.figures(by=by)
    with pytest.raises(UsageError, match="'mood' is no figure"):
        desk.figures("mood")
    desk.path.unlink()
    with pytest.raises(OperatorError):
        desk.figures()


def test_the_package_is_cheap_to_import():
    """Importing figures and their definitions imports neither Ibis nor DuckDB nor Arrow."""
    code = (
        "import sys, cctoolkit.kpi.query as q; q.discover();"
        "sys.exit(bool({'ibis', 'duckdb', 'pyarrow', 'pandas'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
