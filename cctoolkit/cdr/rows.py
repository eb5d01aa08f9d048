"""One call record to the rows of its tables, and back."""

import hashlib
from collections.abc import Sequence

import msgspec

from cctoolkit.cdr.columns import Read, Value, edges, flatten, nest
from cctoolkit.cdr.records import AgentLeg, CallRecord, Hold, QueueVisit, StepTaken

Row = tuple[Value, ...]


def digest(record: CallRecord) -> bytes:
    """Return a hash of everything the record says: equal hashes are the same version of it."""
    return hashlib.blake2b(msgspec.json.encode(record), digest_size=16).digest()


def known_edges(record: CallRecord) -> int:
    """Count the moments observed so far. They only become more, so the version that knows fewer is the older
    one.
    """
    legs = [leg for visit in record.visits for leg in visit.legs]
    holds = (hold for leg in legs for hold in leg.holds)
    return sum(map(edges, (record, *record.steps, *record.visits, *legs, *holds)))


def parts(record: CallRecord) -> dict[str, list[Row]]:
    """Return the rows below the call: key columns first (`schema.KEYS`), then the struct's columns."""
    call = record.call
    legs = [(i, j, leg) for i, visit in enumerate(record.visits) for j, leg in enumerate(visit.legs)]
    return {
        "steps": [(call, i, *flatten(step)) for i, step in enumerate(record.steps)],
        "visits": [(call, i, *flatten(visit)) for i, visit in enumerate(record.visits)],
        "legs": [(call, i, j, *flatten(leg)) for i, j, leg in legs],
        "holds": [(call, i, j, k, *flatten(hold)) for i, j, leg in legs for k, hold in enumerate(leg.holds)],
    }


def assemble(
    call: Read, steps: Sequence[Read], visits: Sequence[Read], legs: Sequence[Read], holds: Sequence[Read]
) -> CallRecord:
    """Return the record whose rows these are, each sequence in the order of its positions.

    Raises msgspec.ValidationError when a row holds what no record can.
    """
    nested = [nest(QueueVisit, visit) | {"legs": []} for visit in visits]
    for leg in legs:
        _list(nested[leg["visit"]], "legs").append(nest(AgentLeg, leg) | {"holds": []})
    for hold in holds:
        _list(_list(nested[hold["visit"]], "legs")[hold["leg"]], "holds").append(nest(Hold, hold))
    whole = nest(CallRecord, call) | {"steps": [nest(StepTaken, step) for step in steps], "visits": nested}
    return msgspec.convert(whole, CallRecord, strict=False)


def _list(of: dict[str, object], name: str) -> list[dict[str, object]]:
    found = of[name]
    assert isinstance(found, list)  # noqa: S101 - `assemble` put it there
    return found
