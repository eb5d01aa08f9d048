"""A call record held against the street's own log, edge by edge."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

import msgspec

from cctoolkit.cdr.records import AgentLeg, CallRecord, Edge
from cctoolkit.lab.witness import WitnessEvent

NEAR = timedelta(seconds=1)
"""How far apart two reports of the same moment may lie and still be taken for the same."""


class Row(msgspec.Struct, frozen=True):
    """One edge: what the record says, what the street saw (None: it saw nothing near), both aware, UTC."""

    edge: str
    record: datetime
    street: datetime | None

    @property
    def apart_seconds(self) -> float | None:
        """How far the record is from the street, without sign; None when the street saw nothing."""
        return None if self.street is None else abs((self.record - self.street).total_seconds())


def compare(record: CallRecord, call: str, events: Sequence[WitnessEvent]) -> list[Row]:
    """Return a row for each edge of `record` that the street can know of; `call` is the street's id of the call."""
    own = [event for event in events if event.uniqueid == call]
    rows = [
        _row("entered", record.entered, own, _is("CHAN_START")),
        *_maybe("answered", record.answered, own, _is("ANSWER")),
        *_maybe("ended", record.ended, own, _is("HANGUP")),
    ]
    for leg in (leg for visit in record.visits for leg in visit.legs):
        rows += _phone(leg, [event for event in events if event.endpoint == f"phone-{leg.agent}"])
    return sorted(rows, key=lambda row: row.record)


def _phone(leg: AgentLeg, events: Sequence[WitnessEvent]) -> Iterator[Row]:
    yield _row(f"{leg.agent}: rings", leg.offered, events, _is("CHAN_START"))
    yield from _maybe(f"{leg.agent}: answers", leg.answered, events, _is("ANSWER"))
    yield from _maybe(f"{leg.agent}: talk ends", leg.ended, events, _is("HANGUP"))
    for hold in leg.holds:
        yield _row(f"{leg.agent}: holds", hold.start, events, _did("held"))
        # Who hangs up, or is left, on hold does not take anybody back: then the talk's end is compared above.
        yield from (row for row in _maybe(f"{leg.agent}: unholds", hold.end, events, _did("unheld")) if row.street)
    # Ready is a call of the phone to a feature code; when the limit ended the wrap-up the street saw nothing.
    yield from (row for row in _maybe(f"{leg.agent}: ready", leg.wrap_up_ended, events, _is("ANSWER")) if row.street)


def _is(kind: str) -> Callable[[WitnessEvent], bool]:
    return lambda event: event.kind == kind


def _did(name: str) -> Callable[[WitnessEvent], bool]:
    return lambda event: event.name == name


def _maybe(
    name: str, edge: Edge | None, events: Sequence[WitnessEvent], which: Callable[[WitnessEvent], bool]
) -> Iterator[Row]:
    if edge is not None:
        yield _row(name, edge, events, which)


def _row(name: str, edge: Edge, events: Sequence[WitnessEvent], which: Callable[[WitnessEvent], bool]) -> Row:
    at = edge.moment()
    near = [event.at for event in events if which(event) and abs(event.at - at) <= NEAR]
    return Row(name, at, min(near, key=lambda seen: abs(seen - at), default=None))
