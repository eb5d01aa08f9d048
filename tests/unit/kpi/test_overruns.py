"""Pauses over their limit against hand-computed values."""

from datetime import date

from cctoolkit.cdr.store import micros
from cctoolkit.kpi.agent_time import Span
from cctoolkit.kpi.interval import window
from cctoolkit.kpi.overruns import Overrun, overruns

DAY = window(date(2026, 11, 2), date(2026, 11, 2), "UTC")
LIMITS = {"lunch": 2700.0, "break": 600.0}
HOUR = 3600


def paused(agent: str, reason: str, start: float, seconds: float, state: str = "paused") -> Span:
    begin = micros(DAY.start) + round(start * 1_000_000)
    return Span(agent, state, reason, begin, begin + round(seconds * 1_000_000))


def test_only_what_is_over_counts():
    """Two lunches of 45 and 50 minutes: the first is as long as it may be, the second 300 s over; breaks count apart."""
    found = overruns(
        [
            paused("anna", "lunch", 0, 2700),
            paused("anna", "lunch", 4 * HOUR, 3000),
            paused("anna", "break", 2 * HOUR, 601),
            paused("anna", "break", 3 * HOUR, 660.5),
            paused("boris", "break", 0, 599),
        ],
        LIMITS,
        DAY,
    )
    assert found == (Overrun("anna", "break", 600, 2, 61.5, 660.5), Overrun("anna", "lunch", 2700, 1, 300, 3000))


def test_a_reason_without_a_limit_and_wrap_up_are_never_over():
    """Training may last; after-call work has a limit of its own."""
    spans = [paused("anna", "training", 0, 20_000), paused("anna", "wrap-up", 0, 20_000, "wrap-up")]
    assert overruns(spans, {**LIMITS, "wrap-up": 1}, DAY) == ()


def test_the_day_gets_its_own_part():
    """A lunch from 23:00 to 01:00 is 75 minutes over: 15 of them on its day, 60 on the next."""
    late = [paused("anna", "lunch", 23 * HOUR, 2 * HOUR)]
    assert overruns(late, LIMITS, DAY)[0].over_seconds == 15 * 60
    following = window(date(2026, 11, 3), date(2026, 11, 3), "UTC")
    assert overruns(late, LIMITS, following)[0].over_seconds == HOUR
