"""routes: what no call can take is bad, unless the spec had to name it; what calls took is counted, what was forced named."""

from datetime import UTC, datetime

from cctoolkit.flow.route import Route, Turn
from cctoolkit.flow.routes import Unroutable
from cctoolkit.model.guard import InHours, TransferResult
from cctoolkit.state.settings import NodeState
from cctoolkit.verify.checks import Evidence, Tried, routes

NOTHING = NodeState.of(())
OPEN = Turn("hours", "open", InHours("office", "open"))
EMERGENCY = Turn("hours", "override", InHours("office", "override"))
BUSY = Turn("boss", "transfer-busy", TransferResult("busy"))
THERE = Turn("boss", "transferred", None)
ANSWERED = Turn("orders", "answered", None)


def tried(*turns: Turn, went: tuple[Turn, ...] | None = None, failure: str = "") -> Tried:
    path = tuple((turn.step, turn.label) for turn in (turns if went is None else went))
    return Tried(Route("+78001002030", datetime(2026, 11, 24, 6, tzinfo=UTC), turns), path, failure)


def judged(calls: tuple[Tried, ...], uncovered: tuple[Unroutable, ...] = ()) -> list[tuple[str, bool, str]]:
    found = routes.judge(Evidence(NOTHING, NOTHING, calls, uncovered))
    return [(one.subject.partition("UTC ")[2] or one.subject, one.good, one.text) for one in found]


def test_ways_that_nobody_takes():
    """A way that must be named though nobody can take it is no fault; one that is lost is, and both say why."""
    ways = (Unroutable("asked", "holiday", "never so", idle=True), Unroutable("lost", "done", "no way leads there"))
    assert judged((), ways) == [
        ("asked: holiday", True, "not called: never so"),
        ("lost: done", False, "not called: no way leads there"),
    ]


def test_what_calls_took_is_counted_and_what_was_forced_is_named():
    """A transfer that was never dialled and an emergency nobody declared are told as forced, ways that calls lived through are not."""
    assert judged((tried(OPEN, THERE), tried(OPEN, BUSY, ANSWERED), tried(EMERGENCY))) == [
        ("hours: open, boss: transferred", True, "went there, forced at boss"),
        ("hours: open, boss: transfer-busy, orders: answered", True, "went there, forced at boss"),
        ("hours: override", True, "went there, forced at hours"),
        (
            "coverage",
            True,
            "5 of 5 ways out of 3 steps taken, 3 of them forced (boss: transfer-busy, transferred; hours: override)",
        ),
    ]


def test_a_call_that_went_elsewhere_covers_nothing():
    """What only a failed call should have taken is not covered, nor is a way no call can take; one that is idle is not asked for."""
    calls = (tried(OPEN, ANSWERED), tried(OPEN, BUSY, went=(OPEN, THERE)), tried(EMERGENCY, failure="no answer"))
    ways = (Unroutable("hours", "holiday", "never so", idle=True), Unroutable("lost", "done", "no way leads there"))
    assert judged(calls, ways)[1:] == [
        ("hours: open, boss: transfer-busy", False, "went hours: open, boss: transferred"),
        ("hours: override", False, "no answer"),
        ("hours: holiday", True, "not called: never so"),
        ("lost: done", False, "not called: no way leads there"),
        ("coverage", False, "2 of 5 ways out of 4 steps taken"),
    ]
