"""A call record as one flat row, for spreadsheets: what came several times stands in one cell."""

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from cctoolkit.cdr.records import CallRecord, Edge

COLUMNS = (
    "call", "node", "project", "release", "number", "caller", "entered", "answered", "ended", "outcome",
    "hung_up_by", "cause", "test", "steps", "queues", "wait_seconds", "agents", "talk_seconds", "hold_seconds",
    "wrap_up_seconds",
)  # fmt: skip
"""Times are ISO 8601 with the offset of the project's time zone; seconds are sums over the call, "" when unknown;
talk is without hold.
"""


def row(call: CallRecord, time_zone: str) -> tuple[str, ...]:
    """Return the call's values in the order of COLUMNS."""
    zone = ZoneInfo(time_zone)
    legs = [leg for visit in call.visits for leg in visit.legs if leg.outcome == "answered"]
    return (
        call.call, call.node, call.project, call.release, call.number, call.caller,
        *(_time(edge, zone) for edge in (call.entered, call.answered, call.ended)),
        call.outcome, call.hung_up_by, str(call.cause), "1" if call.test else "0",
        " > ".join(f"{step.step} {step.outcome}".strip() for step in call.steps),
        " > ".join(f"{visit.queue} {visit.outcome}" for visit in call.visits),
        _seconds(visit.wait_seconds for visit in call.visits),
        " > ".join(leg.agent for leg in legs),
        _seconds(leg.talk_seconds for leg in legs),
        _seconds(leg.hold_seconds for leg in legs if leg.ended),
        _seconds(leg.wrap_up_seconds for leg in legs),
    )  # fmt: skip


def _time(edge: Edge | None, zone: ZoneInfo) -> str:
    return "" if edge is None else edge.moment().astimezone(zone).isoformat(timespec="milliseconds")


def _seconds(spans: Iterable[float | None]) -> str:
    known = [span for span in spans if span is not None]
    return f"{sum(known):.3f}" if known else ""
