"""A call record as one flat row, for spreadsheets: what came several times stands in one cell."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from cctoolkit.cdr.records import AgentLeg, CallRecord, Edge

COLUMNS = (
    "call", "node", "project", "release", "number", "caller", "entered", "answered", "ended", "outcome",
    "hung_up_by", "cause", "test", "steps", "queues", "wait_seconds", "agents", "talk_seconds", "wrap_up_seconds",
)  # fmt: skip
"""Times are ISO 8601 with the offset of the project's time zone; seconds are sums over the call, "" when unknown."""


def row(call: CallRecord, time_zone: str) -> tuple[str, ...]:
    """Return the call's values in the order of COLUMNS."""
    zone = ZoneInfo(time_zone)
    legs = [leg for visit in call.visits for leg in visit.legs if leg.outcome == "answered"]
    waits = [visit.wait_seconds for visit in call.visits if visit.wait_seconds is not None]
    return (
        call.call, call.node, call.project, call.release, call.number, call.caller,
        *(_time(edge, zone) for edge in (call.entered, call.answered, call.ended)),
        call.outcome, call.hung_up_by, str(call.cause), "1" if call.test else "0",
        " > ".join(f"{step.step} {step.outcome}".strip() for step in call.steps),
        " > ".join(f"{visit.queue} {visit.outcome}" for visit in call.visits),
        _seconds(waits),
        " > ".join(leg.agent for leg in legs),
        _seconds(list(_spans(legs, "answered", "ended"))),
        _seconds(list(_spans(legs, "wrap_up_started", "wrap_up_ended"))),
    )  # fmt: skip


def _time(edge: Edge | None, zone: ZoneInfo) -> str:
    return "" if edge is None else edge.moment().astimezone(zone).isoformat(timespec="milliseconds")


def _seconds(spans: list[float]) -> str:
    return f"{sum(spans):.3f}" if spans else ""


def _spans(legs: list[AgentLeg], start: str, end: str) -> Iterator[float]:
    for leg in legs:
        edges: tuple[Edge | None, Edge | None] = (getattr(leg, start), getattr(leg, end))
        if edges[0] and edges[1]:
            yield (edges[1].at - edges[0].at) / 1_000_000
