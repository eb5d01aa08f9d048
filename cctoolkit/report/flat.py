"""A call record as one flat row, for spreadsheets: what came several times stands in one cell."""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from cctoolkit.cdr.records import CallRecord

Value = str | int | float | bool | datetime | None

TYPES: dict[str, type] = {
    **dict.fromkeys(("call", "node", "project", "release", "number", "caller"), str),
    **dict.fromkeys(("entered", "answered", "ended"), datetime),
    "outcome": str, "hung_up_by": str, "cause": int, "test": bool, "steps": str, "queues": str, "wait_seconds": float,
    "agents": str, "talk_seconds": float, "hold_seconds": float, "wrap_up_seconds": float,
}  # fmt: skip
"""What each column holds; seconds are sums over the call, talk is without hold; None when unknown."""

COLUMNS = tuple(TYPES)


def values(call: CallRecord) -> tuple[Value, ...]:
    """Return the call's values in the order of COLUMNS, times in UTC."""
    legs = [leg for visit in call.visits for leg in visit.legs if leg.outcome == "answered"]
    return (
        call.call, call.node, call.project, call.release, call.number, call.caller,
        *(edge.moment() if edge else None for edge in (call.entered, call.answered, call.ended)),
        call.outcome, call.hung_up_by, call.cause, call.test,
        " > ".join(f"{step.step} {step.outcome}".strip() for step in call.steps),
        " > ".join(f"{visit.queue} {visit.outcome}" for visit in call.visits),
        _seconds(visit.wait_seconds for visit in call.visits),
        " > ".join(leg.agent for leg in legs),
        _seconds(leg.talk_seconds for leg in legs),
        _seconds(leg.hold_seconds for leg in legs if leg.ended),
        _seconds(leg.wrap_up_seconds for leg in legs),
    )  # fmt: skip


def row(call: CallRecord, time_zone: str) -> tuple[str, ...]:
    """Return the same as text: times in ISO 8601 with the offset of the time zone, "" for what is unknown."""
    zone = ZoneInfo(time_zone)
    return tuple(_text(value, zone) for value in values(call))


def _text(value: Value, zone: ZoneInfo) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat(timespec="milliseconds")
    if isinstance(value, float):
        return f"{value:.3f}"
    return str(int(value)) if isinstance(value, bool) else str(value)


def _seconds(spans: Iterable[float | None]) -> float | None:
    known = [span for span in spans if span is not None]
    return sum(known) if known else None
