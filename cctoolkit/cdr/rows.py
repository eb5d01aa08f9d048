"""One call record to the rows of its tables, and back."""

import hashlib
from collections.abc import Mapping, Sequence
from itertools import chain

import msgspec

from cctoolkit.cdr.columns import Read, Value, edges, flatten, nest
from cctoolkit.cdr.records import (
    AgentLeg,
    CallRecord,
    Hold,
    Parking,
    Party,
    QueueVisit,
    Recording,
    StepTaken,
    Transfer,
)
from cctoolkit.cdr.schema import names

Row = tuple[Value, ...]

_PLAIN: dict[str, type[msgspec.Struct]] = {
    "steps": StepTaken,
    "parties": Party,
    "transfers": Transfer,
    "recordings": Recording,
    "parkings": Parking,
}
"""Tables whose rows stand directly below the call, each with the field of its own name."""


def digest(record: CallRecord) -> bytes:
    """Return a hash of everything the record says: equal hashes are the same version of it."""
    return hashlib.blake2b(msgspec.json.encode(record), digest_size=16).digest()


def known_edges(record: CallRecord) -> int:
    """Count the moments observed so far. They only become more, so the version that knows fewer is the older
    one.
    """
    legs = [leg for visit in record.visits for leg in visit.legs]
    holds = chain(*(leg.holds for leg in legs), *(party.holds for party in record.parties))
    plain = (getattr(record, table) for table in _PLAIN)
    return sum(map(edges, chain((record,), record.visits, legs, holds, *plain)))


def parts(record: CallRecord) -> dict[str, list[Row]]:
    """Return the rows below the call: key columns first (`schema.KEYS`), then the struct's columns."""
    call = record.call
    legs = [(i, j, leg) for i, visit in enumerate(record.visits) for j, leg in enumerate(visit.legs)]
    found: dict[str, list[Row]] = {
        table: [(call, i, *flatten(part)) for i, part in enumerate(getattr(record, table))] for table in _PLAIN
    }
    return found | {
        "visits": [(call, i, *flatten(visit)) for i, visit in enumerate(record.visits)],
        "legs": [(call, i, j, *flatten(leg)) for i, j, leg in legs],
        "holds": [(call, i, j, k, *flatten(hold)) for i, j, leg in legs for k, hold in enumerate(leg.holds)],
        "party_holds": [
            (call, i, j, *flatten(hold)) for i, one in enumerate(record.parties) for j, hold in enumerate(one.holds)
        ],
    }


def assemble(call: Read, below: Mapping[str, Sequence[Read]]) -> CallRecord:
    """Return the record whose rows these are, those of each table `below` in the order of their positions.

    Raises msgspec.ValidationError when a row holds what no record can.
    """
    whole = nest(CallRecord, call)
    for table, kind in _PLAIN.items():
        whole[table] = [nest(kind, row) for row in below[table]]
    visits = [nest(QueueVisit, visit) | {"legs": []} for visit in below["visits"]]
    for leg in below["legs"]:
        _list(visits[leg["visit"]], "legs").append(nest(AgentLeg, leg) | {"holds": []})
    for hold in below["holds"]:
        _list(_list(visits[hold["visit"]], "legs")[hold["leg"]], "holds").append(nest(Hold, hold))
    for hold in below["party_holds"]:
        _list(_list(whole, "parties")[hold["party"]], "holds").append(nest(Hold, hold))
    return msgspec.convert(whole | {"visits": visits}, CallRecord, strict=False)


def as_rows(record: CallRecord) -> tuple[Read, Mapping[str, Sequence[Read]]]:
    """Return the rows a record would have in a store, by the names of their columns."""
    row = (record.call, digest(record), known_edges(record), *flatten(record)[1:])
    below = {table: [_named(table, one) for one in found] for table, found in parts(record).items()}
    return _named("calls", row), below


def _named(table: str, row: Sequence[Value | bytes]) -> Read:
    return dict(zip(names(table), row, strict=True))


def _list(of: dict[str, object], name: str) -> list[dict[str, object]]:
    found = of.setdefault(name, [])
    assert isinstance(found, list)  # noqa: S101 - only `assemble` puts anything there
    return found
