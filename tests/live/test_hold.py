"""What agents do with a caller: put on hold over SIP, within the phone's own edges, and transferred on. The figures
know of the first.
"""

import pytest

from cctoolkit import clock
from cctoolkit.ami.client import Client
from cctoolkit.cdr.store import FILE_NAME, Store
from cctoolkit.lab.compare import compare
from cctoolkit.workflow import records, specs, switch
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


async def test_a_caller_whom_an_agent_transfers(line, tmp_path):
    """A transfer out of a queue of ours is told in the caller's own record, which goes on with whoever takes them: no
    other record is made of it, and the agent's part ends where the transfer was.
    """
    node = line.lab.nodes["n1"]
    node.cli("dialplan add extension senior,1,Dial,PJSIP/petrov into aside")
    await log_in(line, "ivanova")
    await line.lab.street.set_phone("ivanova", answer_after=0.2)
    await line.lab.street.set_phone("petrov", answer_after=0.3, talk=0.5)
    site_node = specs.load_site(line.site).site.nodes[0]
    async with capturing(line, tmp_path), Client.connect(switch.account(site_node, site_node.ami.accounts.test)) as ami:
        await line.lab.street.place_call(NUMBER, keys=[(0.4, "1")])
        await the_record(tmp_path, lambda r: any(leg.answered for leg in legs(r)))
        found = await ami.listing("CoreShowChannels")
        (agent,) = (e.get("Channel") for e in found if e.get("Channel").startswith("PJSIP/ivanova-"))
        await ami.action("BlindTransfer", {"Channel": agent, "Exten": "senior", "Context": "aside"})
        record = await the_record(tmp_path, lambda r: r.ended and any(leg.wrap_up_started for leg in legs(r)))
    await log_out(line, "ivanova")
    (leg,), (transfer,), (party,) = legs(record), record.transfers, record.parties
    assert (transfer.kind, transfer.made_by, transfer.number) == ("blind", "PJSIP/ivanova", "senior")
    assert (party.how, party.endpoint, party.outcome) == ("transfer", "PJSIP/petrov", "answered")
    assert transfer.taken_by == party.endpoint
    assert leg.answered.at < transfer.at.at <= leg.ended.at < party.ended.at <= record.ended.at
    assert (record.outcome, leg.outcome) == ("answered", "answered")
    with Store.read(tmp_path / FILE_NAME) as store:
        assert list(store.calls()) == [record]
