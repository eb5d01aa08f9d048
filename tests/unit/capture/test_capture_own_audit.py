"""The switch's own call records held against the store: what is a part of a record, found without looking at all of them."""

from random import Random

import pytest

from cctoolkit.capture import own_audit
from cctoolkit.capture.audit import Source
from cctoolkit.capture.audited import Span
from cctoolkit.capture.channel import endpoint
from cctoolkit.capture.own_audit import OwnCall, OwnDay, findings
from cctoolkit.capture.own_calls import record
from cctoolkit.capture.own_records import Row
from cctoolkit.cdr.records import CallRecord, Edge, Party
from tests.unit.capture.made_calls import EPOCH, SECOND

DAY = Span(EPOCH - SECOND, EPOCH + 24 * 3600 * SECOND)


def consultation(rng, number, phones, seconds):
    """Return a call of a phone to another, of one row or two."""
    at = EPOCH // SECOND + 10 + rng.randrange(seconds)
    id_ = f"n1-{at}.{number}"
    rows = []
    for other in rng.choice((("",), ("x",), ("", "x"), ("x", "y"))):
        rung = f"PJSIP/{rng.choice(phones)}-{number}{other}" if other else ""
        of = f"PJSIP/{rng.choice(phones)}-{number}"
        end = (at + rng.randrange(1, 5)) * SECOND
        rows.append(Row(id_, id_, of, rung, at * SECOND, 0, end, "ANSWERED", "201", "202", "office", "Dial", ""))
    return OwnCall(record(rows, "n1"), frozenset({id_}), rows)


def kept(rng, number, phones, seconds):
    """Return a record of the store, some of whose parties have ended."""
    at = EPOCH + (10 + rng.randrange(seconds)) * SECOND + rng.randrange(SECOND)
    ends = [rng.choice((None, Edge(at + rng.randrange(6 * SECOND)))) for _ in range(rng.randrange(4))]
    parties = [Party("x", f"PJSIP/{rng.choice(phones)}", "", "dial", Edge(at), ended=end) for end in ends]
    return CallRecord(f"n1-1.{number}", "n1", "", "", "", "200", "7", Edge(at), parties=tuple(parties))


def is_part(call, records):
    """Say whether one record has all phones of a call, and those rung by it until within two seconds, as one reads it."""
    return any(
        all(
            endpoint(row.channel) in ends
            and (end := ends.get(endpoint(row.other or row.channel))) is not None
            and abs(end.at - row.end) <= 2 * SECOND
            for row in call.rows
        )
        for ends in ({party.endpoint: party.ended for party in one.parties} for one in records)
    )


@pytest.mark.parametrize("seed", range(60))
def test_a_part_of_any_record(seed):
    """What is a part of a record, whichever, is not missing; all else is."""
    rng = Random(seed)
    phones, seconds = [str(n) for n in range(200, 201 + rng.randrange(4))], rng.choice((5, 20, 100))
    records = [kept(rng, number, phones, seconds) for number in range(rng.randrange(40))]
    own = [consultation(rng, number, phones, seconds) for number in range(25)]
    found = findings(OwnDay(own, EPOCH), Source({one.call: one for one in records}, [], []), [], DAY)
    assert [one.of for one in found] == [call.record.call for call in own if not is_part(call, records)]


def test_a_day_of_many_calls(monkeypatch):
    """There are fewer comparisons than calls, and not one of each call with each record."""
    count, has = 0, own_audit._has

    def counted(*given):
        nonlocal count
        count += 1
        return has(*given)

    monkeypatch.setattr(own_audit, "_has", counted)
    rng, phones, calls = Random(1), [str(n) for n in range(200, 220)], 1_000
    records = [kept(rng, number, phones, 80_000) for number in range(calls)]
    own = [consultation(rng, number, phones, 80_000) for number in range(calls)]
    list(findings(OwnDay(own, EPOCH), Source({one.call: one for one in records}, [], []), [], DAY))
    assert count < calls
