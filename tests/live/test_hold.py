"""Agents' phones put callers on hold over SIP: the record's edges are those of the phone, and the figures know."""

import pytest

from cctoolkit import clock
from cctoolkit.lab.compare import compare
from cctoolkit.workflow import records, specs
from tests.live.capturing import PROJECT, capturing, legs, log_in, log_out, the_record

pytestmark = pytest.mark.live

NUMBER = "+78001002030"


async def test_a_caller_put_on_hold_and_taken_back(line, tmp_path):
    """The phone's re-INVITEs become one interval, within 50 ms of the phone's own note; the figures have it."""
    street = line.lab.street
    await log_in(line, "ivanova")
    await street.set_phone("ivanova", answer_after=0.3, hold_after=0.7, hold=2, talk=0.6)
    async with capturing(line, tmp_path):
        call = await street.place_call(NUMBER, keys=[(0.4, "1")])
        record = await the_record(tmp_path, lambda r: r.ended and any(leg.wrap_up_started for leg in legs(r)))
    await log_out(line, "ivanova")
    (leg,) = legs(record)
    assert [hold.whole for hold in leg.holds] == [True]
    assert leg.hold_seconds == pytest.approx(2, abs=0.1)
    assert leg.talk_seconds == pytest.approx(1.3, abs=0.1)
    rows = [row for row in compare(record, call, street.witness()) if "hold" in row.edge]
    assert [row.edge for row in rows] == ["ivanova: holds", "ivanova: unholds"]
    assert all(row.apart_seconds is not None and row.apart_seconds <= 0.05 for row in rows), rows
    project = specs.load_project(PROJECT).project
    found = records.kpi(project, tmp_path, records.span(project, "", ""), ["project"], ["average_talk"])
    assert {one.variant: one.value for one in found} == pytest.approx(
        {"default": leg.talk_seconds, "with_hold": leg.talk_seconds + leg.hold_seconds}
    )


async def test_a_caller_who_hangs_up_on_hold(line, tmp_path):
    """The switch sends no Unhold then: the hold ends with the talk, exactly, and the caller is who hung up."""
    street = line.lab.street
    since = clock.now()
    await log_in(line, "ivanova")
    await street.set_phone("ivanova", answer_after=0.2, hold_after=0.4, hold=20)
    async with capturing(line, tmp_path):
        call = await street.place_call(NUMBER, keys=[(0.4, "1")], hang_up_after=60)
        held = await street.wait_for(lambda e: e.name == "held" and e.at > since)
        assert held.endpoint == "phone-ivanova"
        await street.hang_up(call)
        record = await the_record(tmp_path, lambda r: r.ended and any(leg.ended for leg in legs(r)))
    await log_out(line, "ivanova")
    (leg,) = legs(record)
    assert [(hold.end, hold.whole) for hold in leg.holds] == [(leg.ended, True)]
    assert (record.outcome, record.hung_up_by) == ("answered", "caller")
    rows = {row.edge: row.apart_seconds for row in compare(record, call, street.witness())}
    assert rows["ivanova: holds"] <= 0.05
    assert rows["ivanova: talk ends"] <= 0.05
