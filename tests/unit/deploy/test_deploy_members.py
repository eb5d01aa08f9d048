import asyncio

import pytest

from cctoolkit.deploy.danger import Dangerous
from cctoolkit.deploy.members import change_members
from cctoolkit.errors import SwitchError
from cctoolkit.plan.changes import Change

ACTIONS = ("QueueAdd", "QueuePenalty", "QueueRemove")
ORDERS, VIP = "northwind-hotline.orders", "northwind-hotline.vip"


@pytest.fixture
async def two_queues(node):
    """A node with two queues where ivanova is logged in to one, with a wrong penalty, at lunch."""
    node.change(queues={**node.project.queues, "vip": node.project.queues["orders"]})
    await node.apply()
    node.switch.log.clear()
    at_lunch = {"Penalty": "7", "Paused": "1", "PausedReason": "lunch"}
    node.switch.members = {(ORDERS, "PJSIP/ivanova"): at_lunch}
    return node


async def test_queues_and_penalties_of_logged_in_agents(two_queues):
    """The penalty is put right, the second queue joined with the pause and its reason; who is out stays
    out, and no file is touched.
    """
    assert await two_queues.apply() == ["n1"]
    paused = {"Penalty": "0", "Paused": "1", "PausedReason": "lunch"}
    assert two_queues.switch.members == {(ORDERS, "PJSIP/ivanova"): paused, (VIP, "PJSIP/ivanova"): paused}
    assert not [told for told in two_queues.switch.log if told.startswith("Reload")]
    assert (await two_queues.plan()).empty
    assert len(await two_queues.transport.history()) == 2


async def test_an_agent_who_is_not_paused_joins_ready(two_queues):
    """No pause is invented."""
    two_queues.switch.members = {(ORDERS, "PJSIP/ivanova"): {"Penalty": "0", "Paused": "0"}}
    await two_queues.apply()
    assert two_queues.switch.members[VIP, "PJSIP/ivanova"] == {"Penalty": "0", "Paused": "0"}


async def test_a_member_the_spec_does_not_allow_goes(two_queues):
    """Somebody added a phone of nobody by hand."""
    two_queues.switch.members = {(ORDERS, "Local/7@x/n"): {"Penalty": "0"}}
    with pytest.raises(Dangerous, match="drops log-ins"):
        await two_queues.apply()
    await two_queues.apply(accept=["drops-log-ins"])
    assert two_queues.switch.members == {}


async def test_who_logged_out_since_the_plan_is_not_logged_in(two_queues):
    """Between plan and apply the agent left: nothing is added, changed or removed."""
    planned = await two_queues.planned()
    two_queues.switch.members = {}
    await two_queues.perform(planned)
    assert two_queues.switch.members == {}
    assert two_queues.switch.log == []


async def test_a_queue_that_went_took_its_members_along(two_queues):
    """A member of a queue the release removes is not removed twice."""
    two_queues.switch.members = {(queue, "PJSIP/ivanova"): {"Penalty": "0", "Paused": "0"} for queue in (ORDERS, VIP)}
    two_queues.change(queues={"orders": two_queues.project.queues["orders"]})
    await two_queues.apply(accept=["drops-log-ins"])
    assert list(two_queues.switch.members) == [(ORDERS, "PJSIP/ivanova")]
    assert (await two_queues.plan()).empty


async def test_who_comes_is_there_before_who_goes_is_out(two_queues):
    """A queue that sends callers away when it is empty is never empty between the two."""
    two_queues.switch.members = {(ORDERS, "PJSIP/zimin"): {"Penalty": "0"}, (VIP, "PJSIP/ivanova"): {"Penalty": "0"}}
    changes = [
        Change("member", "member", ORDERS, "abel", "0", None, "remove"),
        Change("member", "member", ORDERS, "ivanova", None, "0", "add"),
        Change("member", "member", ORDERS, "zimin", "0", None, "remove"),
    ]
    two_queues.switch.members[ORDERS, "PJSIP/abel"] = {"Penalty": "0"}
    there = []
    switch, do = two_queues.switch, two_queues.switch._member
    switch._member = lambda name, headers: (
        do(name, headers),
        there.append(sorted(a for q, a in switch.members if q == ORDERS)),
    )[0]
    await change_members(switch, changes, two_queues.said.append)
    assert there[0] == ["PJSIP/abel", "PJSIP/ivanova", "PJSIP/zimin"]
    assert there[-1] == ["PJSIP/ivanova"]


async def test_what_the_switch_did_not_do_is_told(two_queues):
    """Success is what is read back."""
    two_queues.switch._member = lambda _name, _headers: None
    change = Change("member", "member", ORDERS, "ivanova", "7", "0")
    with pytest.raises(SwitchError, match=r"agent ivanova in queue northwind-hotline\.orders has penalty 7"):
        await change_members(two_queues.switch, [change], two_queues.said.append)


@pytest.mark.parametrize("fails", [SwitchError("refused"), asyncio.CancelledError()])
async def test_what_was_done_before_one_failed_is_put_back(two_queues, fails):
    """A penalty, a queue more and a queue less, the last one refused or Ctrl-C: each is as it was, with its pause, which
    is said; no release came, and the next apply does it all.
    """
    at_lunch = {"Penalty": "7", "Paused": "1", "PausedReason": "lunch"}
    stranger = {"Penalty": "0", "Paused": "1", "PausedReason": "smoke"}
    two_queues.switch.members |= {(VIP, "Local/7@x/n"): dict(stranger), (ORDERS, "PJSIP/petrov"): {"Penalty": "5"}}
    before = {key: dict(value) for key, value in two_queues.switch.members.items()}
    planned = await two_queues.planned()
    asked = [change for change in planned[0].plan.changes if change.side == "member"]
    assert {(c.option, c.old, c.new) for c in asked} >= {("ivanova", "7", "0"), ("Local/7@x/n", "0", None)}
    steps = []

    def fail():
        steps.append(two_queues.switch.log[-1])
        if len(steps) == len(asked):
            raise fails

    two_queues.switch.before = dict.fromkeys([f"{a} {q}" for a in ACTIONS for q in (ORDERS, VIP)], fail)
    with pytest.raises(type(fails)) as caught:
        await change_members(two_queues.switch, asked, two_queues.said.append)
    assert two_queues.switch.members == before
    assert caught.value.__notes__[0].startswith("put back, and read back: ")
    assert before[ORDERS, "PJSIP/ivanova"] == at_lunch
    assert two_queues.switch.members[VIP, "Local/7@x/n"] == stranger
    two_queues.switch.before = {}
    await two_queues.apply(accept=["drops-log-ins"])
    assert (await two_queues.plan()).empty


async def test_what_cannot_be_put_back_is_said(two_queues):
    """The switch is gone in the middle: who may be left is named."""
    two_queues.switch.before[f"QueueAdd {VIP}"] = two_queues.switch.die
    asked = [change for change in (await two_queues.plan()).changes if change.side == "member"]
    with pytest.raises(SwitchError) as caught:
        await change_members(two_queues.switch, asked, two_queues.said.append)
    assert caught.value.__notes__[0].startswith(f"not seen to be put back: ivanova in {ORDERS}")


async def test_who_logs_out_meanwhile_is_not_logged_in_by_the_way_back(two_queues):
    """Only what was taken away is given back."""

    def fail():
        two_queues.switch.members = {}
        raise SwitchError("refused")

    two_queues.switch.before[f"QueueAdd {VIP}"] = fail
    with pytest.raises(SwitchError):
        await two_queues.apply()
    assert two_queues.switch.members == {}
