import pytest
from msgspec.structs import replace

from cctoolkit import clock
from cctoolkit.deploy import release
from cctoolkit.errors import OperatorError, SwitchError
from cctoolkit.plan.classes import EVERYTHING, NOTHING
from cctoolkit.state.settings import NodeState
from cctoolkit.workflow.turn import NodeTurn

ORDERS, VIP = "northwind-hotline.orders", "northwind-hotline.vip"


async def turn_of(node, *, overwrite_edits=False, accepted=NOTHING):
    """Plan, and return the node's turn."""
    (planned,) = await node.planned()
    author = release.Author("orlova", "0123456789ab", clock.now())
    return NodeTurn(planned, author, overwrite_edits=overwrite_edits, accepted=accepted, progress=node.said.append)


async def test_what_was_applied_is_taken_back(applied):
    """The release before is in force again and in memory, under a folder of its own; history says so."""
    before, memory = (await applied.plan()).release_now, applied.switch.memory
    turn = await turn_of(applied)
    assert not await turn.changed()
    await turn.perform()
    assert await turn.changed()
    await turn.undo()
    assert await turn.now() == before
    current = await release.read(applied.transport)
    assert not current.edited
    ours = {s for s in applied.switch.memory if s.name in {m.name for m in memory}}
    assert NodeState.of(ours) == memory
    assert [line.count(f'"to":"{before}"') for line in await applied.transport.history()] == [1, 0, 1]
    await applied.assert_clean()


async def test_generations_calls_are_in_stay(applied):
    """A call entered while the new release was in force: its generation is kept beside the old release."""
    turn = await turn_of(applied)
    await turn.perform()
    made = (await release.read(applied.transport)).manifest.generations
    applied.switch.calls = [*made.items()]
    await turn.undo()
    kept = (await release.read(applied.transport)).kept
    assert {f"generations/{project}-{digest}.conf" for project, digest in made.items()} <= set(kept)


async def test_the_first_release_goes_back_to_nothing(node):
    """Before it there was the empty release an engineer made: that one is current again."""
    turn = await turn_of(node)
    await turn.perform()
    await turn.undo()
    assert (node.root / "current").readlink().name == "empty"
    assert node.switch.memory == NodeState.of([])
    assert await node.transport.releases() == []
    assert [line.count('"to":"none"') for line in await node.transport.history()] == [0, 1]


async def test_a_hand_edit_that_was_overwritten_comes_back(applied):
    """The fleet failed elsewhere: what somebody had written by hand is there again, to the byte."""
    path = applied.current / "queues.conf"
    path.write_bytes(path.read_bytes() + b"; by hand\n")
    edited, folder = path.read_bytes(), await applied.transport.current()
    turn = await turn_of(applied, overwrite_edits=True)
    await turn.perform()
    assert path.read_bytes() != edited
    await turn.undo()
    assert (path.read_bytes(), await applied.transport.current()) == (edited, folder)


async def test_queues_and_penalties_come_back(node):
    """A logged-in agent whose penalty the apply changed has the old one again."""
    await node.apply()
    key = next(f"{p.id}.{q}" for p in node.loaded.projects for q in p.queues)
    for change in (await node.plan()).changes:
        pytest.fail(f"nothing should be left: {change}")
    node.switch.members[key, "PJSIP/ivanova"] = {"Penalty": "7", "Paused": "0"}
    plan = await node.plan()
    turn = await turn_of(node)
    await turn.perform()
    after = dict(node.switch.members)
    assert all(change.side == "member" for change in plan.changes)
    assert after[key, "PJSIP/ivanova"]["Penalty"] != "7"
    await turn.undo()
    assert node.switch.members[key, "PJSIP/ivanova"]["Penalty"] == "7"


@pytest.fixture
async def without_vip(node):
    """A spec that takes a queue away, and its agents: petrov paused there alone, ivanova in the other one too, a stranger
    whom no spec knows.
    """
    orders = node.project.queues["orders"]
    node.change(queues={"orders": orders, "vip": orders})
    await node.apply()
    lunch = {"Penalty": "3", "Paused": "1", "PausedReason": "lunch"}
    node.switch.members = {
        (VIP, "PJSIP/petrov"): lunch,
        (VIP, "PJSIP/ivanova"): {"Penalty": "0", "Paused": "0"},
        (ORDERS, "PJSIP/ivanova"): {"Penalty": "0", "Paused": "0"},
        (ORDERS, "Local/7@x/n"): {"Penalty": "2", "Paused": "0"},
    }
    node.change(queues={"orders": orders})
    return node


async def test_who_was_logged_out_by_it_is_logged_in_again(without_vip):
    """Out with the queue, or out of the last queue: each is back as before, with the pause and its reason."""
    before = dict(without_vip.switch.members)
    turn = await turn_of(without_vip, accepted=EVERYTHING)
    await turn.perform()
    assert list(without_vip.switch.members) == [(ORDERS, "PJSIP/ivanova")]
    await turn.undo()
    assert without_vip.switch.members == before


async def test_who_has_logged_out_meanwhile_stays_out(without_vip):
    """Who had a queue left, and is in none now, has gone home."""
    turn = await turn_of(without_vip, accepted=EVERYTHING)
    await turn.perform()
    del without_vip.switch.members[ORDERS, "PJSIP/ivanova"]
    await turn.undo()
    assert set(without_vip.switch.members) == {(VIP, "PJSIP/petrov"), (ORDERS, "Local/7@x/n")}


async def test_a_reload_that_fails_logs_nobody_out(without_vip):
    """The queue went with whoever was in it before another module did not take its file: both are back."""
    before = dict(without_vip.switch.members)
    failing = iter([SwitchError("refused")])

    def fail():
        for error in failing:
            raise error

    without_vip.switch.before["Reload pbx_config.so"] = fail
    turn = await turn_of(without_vip, accepted=EVERYTHING)
    with pytest.raises(SwitchError) as caught:
        await turn.perform()
    assert caught.value.__notes__[0].startswith("nothing was changed: ")
    assert without_vip.switch.members == before


async def test_another_engineers_release_is_not_taken_back(applied):
    """What was applied by somebody else meanwhile is not what this turn made."""
    turn = await turn_of(applied)
    await applied.apply()
    with pytest.raises(OperatorError, match="has moved on"):
        await turn.perform()
    assert not await turn.changed()


async def test_a_switch_that_does_not_take_the_old_release_back_is_said(applied):
    """The undo is proved by reading back as an apply is."""
    turn = await turn_of(applied)
    await turn.perform()
    spoil = applied.switch.spoil
    applied.switch.spoil = lambda state: NodeState.of(list(state)[1:])
    with pytest.raises(SwitchError, match="did not take the new files"):
        await turn.undo()
    applied.switch.spoil = spoil
    assert replace(await applied.plan(), cut_off="").release_now == turn.after
