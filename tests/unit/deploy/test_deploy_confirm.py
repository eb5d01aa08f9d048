import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from cctoolkit import clock
from cctoolkit.deploy import history, journal
from cctoolkit.deploy.danger import Dangerous
from cctoolkit.deploy.fleet import Outcome
from cctoolkit.deploy.terms import Terms
from cctoolkit.errors import Busy, OperatorError, Refused, SwitchError, SwitchUnreachable, UsageError
from cctoolkit.node.transports import Intent
from cctoolkit.plan.explain import explain
from cctoolkit.state.settings import NodeState
from cctoolkit.workflow import careful, confirm, fleet, locks, rollback, switch, trial
from tests.unit.deploy.conftest import Node

RELOAD = "Reload app_queue.so"
ORDERS = "northwind-hotline.orders"
WITHIN = Terms(confirm_within=timedelta(minutes=5))


class Clock:
    """The time as a value that a test moves."""

    def __init__(self, monkeypatch) -> None:
        self.now = datetime(2026, 11, 22, 12, tzinfo=UTC)
        monkeypatch.setattr(clock, "now", lambda: self.now)

    def later(self, **time) -> None:
        """Let time pass."""
        self.now += timedelta(**time)


@pytest.fixture
def time(monkeypatch):
    monkeypatch.setattr(trial, "_POLL_SECONDS", 0)
    return Clock(monkeypatch)


async def apply(node, terms=WITHIN):
    planned = await node.planned()
    return await fleet.apply_site(planned, overwrite_edits=False, progress=node.said.append, terms=terms)


@pytest.fixture
async def waiting(applied, time):
    """A node whose second release waits to be confirmed; the engineer's machine is gone."""
    applied.first = await applied.transport.current()
    await apply(applied)
    applied.second = await applied.transport.current()
    return applied


async def verbs(node):
    return [json.loads(line)["verb"] for line in await node.transport.history()]


async def test_a_release_that_waits_is_in_force_and_said_by_the_plan(waiting):
    """Read back and in force; the deadline stands on the node, in the plan's text and JSON."""
    plan = await waiting.plan()
    assert (plan.release_now, plan.empty) == (waiting.second.partition("-")[2], True)
    assert plan.pending == (
        f"release {waiting.second}, applied by {switch.user()}, waits to be confirmed until 2026-11-22T12:05:00Z, "
        f"or {waiting.first} comes back"
    )
    assert plan.pending in explain(plan)


async def test_a_confirmed_release_stays(waiting, time):
    """It is written down who said so; nothing waits any more, and a second word is an error."""
    assert await confirm.confirm(waiting.loaded.site.nodes, print) == ["n1"]
    time.later(minutes=6)
    assert (await waiting.plan()).pending == ""
    await confirm.settle(waiting.loaded.site.nodes, waiting.said.append)
    assert await waiting.transport.current() == waiting.second
    assert await verbs(waiting) == ["apply", "apply", "confirm"]
    with pytest.raises(OperatorError, match="no release waits"):
        await confirm.confirm(waiting.loaded.site.nodes, print)


async def test_a_word_that_comes_late_is_refused(waiting, time):
    """Not confirmed in time is not confirmed: the way on is back."""
    time.later(minutes=5)
    with pytest.raises(OperatorError, match="was not confirmed by 2026-11-22T12:05:00Z") as caught:
        await confirm.confirm(waiting.loaded.site.nodes, print)
    assert "rollback" in caught.value.next_step
    assert "is to come back" in (await waiting.plan()).pending


async def test_the_next_apply_over_a_release_that_waits_is_refused(waiting):
    """Another change would hide what is on trial; confirm it, or go back."""
    waiting.change_flow()
    waiting.change_flow()
    with pytest.raises(Refused, match="waits to be confirmed") as caught:
        await waiting.apply()
    assert caught.value.next_step == "apply --confirm, or rollback; nothing was changed"
    assert await waiting.transport.current() == waiting.second
    assert (await waiting.plan()).pending


async def test_nobody_confirmed_and_the_next_apply_brings_the_old_release_back_first(waiting, time):
    """The engineer's machine died: whoever applies next is told, and applies again over the old release."""
    time.later(minutes=6)
    with pytest.raises(OperatorError, match=f"not confirmed in time: {waiting.first} is in force again"):
        await confirm.settle(waiting.loaded.site.nodes, waiting.said.append)
    assert (await waiting.plan()).release_now == waiting.first.partition("-")[2]
    assert await verbs(waiting) == ["apply", "apply", "automatic rollback"]
    await waiting.assert_clean()
    await confirm.settle(waiting.loaded.site.nodes, waiting.said.append)


async def test_a_node_that_cannot_come_back_keeps_no_other_on_trial(applied, pair, time):
    """Somebody edited the first one's files while it was on trial: it is refused, and the second one is back."""
    other, sites = pair
    first = await other.transport.current()
    await apply(applied)
    await apply(other)
    edited = applied.current / "queues.conf"
    edited.write_text(edited.read_text() + "; by hand\n")
    time.later(minutes=6)
    with pytest.raises(Refused, match="edited by hand") as caught:
        await confirm.settle(sites, applied.said.append)
    assert caught.value.__notes__ == [f"node n2: {first} is in force again"]
    assert not (await other.plan()).pending
    assert "is to come back" in (await applied.plan()).pending


@pytest.mark.parametrize("minutes", [1, 6])
async def test_a_rollback_is_the_other_answer(waiting, time, minutes):
    """Before the deadline and after it the way back is to the release that was in force before."""
    time.later(minutes=minutes)
    planned = (await rollback.plan_rollback(waiting.loaded, "")).planned
    await fleet.apply_site(planned, overwrite_edits=False, progress=print, terms=Terms(verb="rollback"))
    assert (await waiting.plan()).release_now == waiting.first.partition("-")[2]
    await waiting.assert_clean()


async def test_a_rollback_that_fails_goes_on_waiting(waiting):
    """The release on trial is in force again, and still on trial: a failed way back confirms nothing."""
    intent = await waiting.transport.intent()
    fails = iter([SwitchError("refused")])

    def fail():
        for one in fails:
            raise one

    waiting.switch.before[RELOAD] = fail
    planned = (await rollback.plan_rollback(waiting.loaded, "")).planned
    with pytest.raises(SwitchError):
        await fleet.apply_site(planned, overwrite_edits=False, progress=print, terms=Terms(verb="rollback"))
    assert await waiting.transport.current() == waiting.second
    assert await waiting.transport.intent() == intent


async def test_a_rollback_whose_agents_are_refused_goes_on_waiting(waiting):
    """Its files were in force already when the switch refused a penalty: what comes back by that is on trial still."""
    by = (await waiting.transport.intent()).confirm_by
    waiting.switch.members = {(ORDERS, "PJSIP/ivanova"): {"Penalty": "7", "Paused": "0"}}

    def refuse():
        raise SwitchError("Permission denied")

    waiting.switch.before[f"QueuePenalty {ORDERS}"] = refuse
    planned = (await rollback.plan_rollback(waiting.loaded, "")).planned
    with pytest.raises(SwitchError, match="Permission denied"):
        await fleet.apply_site(planned, overwrite_edits=False, progress=print, terms=Terms(verb="rollback"))
    intent = await waiting.transport.intent()
    assert (intent.new, intent.back_to, intent.confirm_by) == (await waiting.transport.current(), waiting.first, by)
    assert intent.new.endswith(waiting.second.partition("-")[2])
    waiting.switch.before.clear()
    assert await confirm.confirm(waiting.loaded.site.nodes, print) == ["n1"]


async def test_a_rollback_that_is_cut_off_is_finished_by_the_next(waiting):
    """Killed in the middle of the way back: the next one goes to the same release, not to the one on trial, and so does
    the next apply; the word that would let it stay comes too late.
    """
    waiting.switch.before[RELOAD] = waiting.switch.die
    planned = (await rollback.plan_rollback(waiting.loaded, "")).planned
    with pytest.raises(SwitchUnreachable):
        await fleet.apply_site(planned, overwrite_edits=False, progress=print, terms=Terms(verb="rollback"))
    waiting.switch.dead = False
    waiting.switch.before.clear()
    assert f"is not done: {waiting.first} is to come back" in (await waiting.plan()).pending
    (planned,) = (await rollback.plan_rollback(waiting.loaded, "")).planned
    assert planned.kept.folder == waiting.first
    with pytest.raises(OperatorError, match="is not done"):
        await confirm.confirm(waiting.loaded.site.nodes, print)
    waiting.change_flow()
    with pytest.raises(Refused, match="is not done"):
        await waiting.apply()
    with pytest.raises(OperatorError, match=f"{waiting.first} is in force again"):
        await confirm.settle(waiting.loaded.site.nodes, print)
    await waiting.assert_clean()


async def test_what_was_in_force_comes_back_as_it_was(applied, time):
    """An edit by hand that the release on trial has overwritten is part of what comes back."""
    (applied.current / "queues.conf").write_text((applied.current / "queues.conf").read_text() + "; by hand\n")
    planned = await applied.planned()
    await fleet.apply_site(planned, overwrite_edits=True, progress=print, terms=WITHIN)
    time.later(minutes=6)
    with pytest.raises(OperatorError, match="not confirmed in time"):
        await confirm.settle(applied.loaded.site.nodes, print)
    assert (applied.current / "queues.conf").read_text().endswith("; by hand\n")


async def test_what_comes_back_is_not_swept_away(applied, time):
    """However few releases a node keeps, the one that may come back stays."""
    site = applied.loaded.site
    applied.loaded = replace(applied.loaded, site=replace(site, nodes=(replace(site.nodes[0], keep_releases=1),)))
    old = await applied.transport.current()
    await apply(applied)
    assert await applied.transport.releases() == [old, await applied.transport.current()]
    await confirm.confirm(applied.loaded.site.nodes, print)
    applied.change_flow()
    await applied.apply()
    assert len(await applied.transport.releases()) == 1


async def on_trial(node, nodes, act):
    """Apply to nodes and wait for five minutes; what is shown is noted."""
    node.shown = []
    minutes = WITHIN.confirm_within
    async with asyncio.timeout(20):
        return await trial.apply_and_wait(nodes, minutes, act, lambda *it: node.shown.append(it), node.said.append)


async def waited(node, during):
    """Apply with a deadline and wait, while `during` happens; return where it was confirmed."""

    async def act():
        await apply(node)
        node.second = await node.transport.current()
        tasks.append(asyncio.create_task(during()))
        return fleet.Applied((), {}, interrupted=False)

    tasks = []
    node.first = await node.transport.current()
    try:
        return (await on_trial(node, node.loaded.site.nodes, act))[1]
    finally:
        await asyncio.gather(*tasks)


async def test_the_process_that_applied_waits_for_the_word(applied, time):
    """It ends when another process confirms."""

    async def say():
        await confirm.confirm(applied.loaded.site.nodes, print)

    assert await waited(applied, say) == ["n1"]
    assert await applied.transport.current() == applied.second


async def test_the_process_that_applied_brings_the_old_release_back(applied, time):
    """Nobody says a word: at the deadline the old release is in force again, and the command failed."""

    async def pass_time():
        time.later(minutes=5)

    with pytest.raises(OperatorError, match="not confirmed in time") as caught:
        await waited(applied, pass_time)
    assert caught.value.exit_code == 1
    assert (await applied.plan()).release_now == applied.first.partition("-")[2]
    assert await verbs(applied) == ["apply", "apply", "automatic rollback"]
    await applied.assert_clean()


@pytest.fixture
def two(applied, tmp_path):
    """A site of two nodes, of which the second is away: nobody can look into its folder."""
    (tmp_path / "away").touch()
    first = applied.loaded.site.nodes[0]
    return first, replace(first, id="n2", folder=str(tmp_path / "away"))


async def test_a_node_that_is_away_keeps_nobody_from_the_others(applied, two, time):
    """Its journal cannot be asked: an apply goes on to its plan, which says so; the others are confirmed."""
    await confirm.settle(two, applied.said.append)
    assert [line.partition(":")[0] for line in applied.said if "n2" in line] == ["node n2 cannot be asked"]
    async with locks.held(two, "apply", 1, applied.said.append):
        await apply(applied)
    assert await confirm.confirm(two, applied.said.append) == ["n1"]


async def test_a_trial_beside_a_node_that_is_away_comes_back(applied, two, time):
    """Ctrl-C, or the deadline: the node that is away does not keep the old release of the others from coming back."""

    async def act():
        await apply(applied)
        raise KeyboardInterrupt

    first = await applied.transport.current()
    with pytest.raises(KeyboardInterrupt) as caught:
        await on_trial(applied, two, act)
    assert caught.value.__notes__ == [f"node n1: {first} is in force again"]
    await applied.assert_clean()


@pytest.fixture
async def pair(applied, tmp_path, loaded, monkeypatch, time):
    """Two nodes, each with one release and a spec that has changed since."""
    other = Node(tmp_path / "n2", loaded, monkeypatch)
    both = {one.loaded.site.nodes[0].folder: one.switch for one in (applied, other)}
    monkeypatch.setattr(switch, "deploy_client", lambda node: both[node.folder].connect(node))
    await other.apply()
    other.change_flow()
    first, second = (one.loaded.site.nodes[0] for one in (applied, other))
    return other, [first, replace(second, id="n2")]


async def test_the_deadline_of_all_nodes_counts_from_the_end_of_the_run(applied, pair, time):
    """The canary's own time is over before the last node is done: nobody's comes back before all had theirs, and it is
    said until when; then all come back.
    """
    other, sites = pair
    first, seen = await other.transport.current(), []

    async def act():
        await apply(applied)
        time.later(minutes=4)
        await apply(other)
        time.later(minutes=2)
        return fleet.Applied((Outcome("n1", "applied", "a", "b"), Outcome("n2", "applied", "a", "b")), {}, False)

    async def pass_time():
        while not applied.shown:
            await asyncio.sleep(0)
        seen.extend([(await one.transport.intent()).confirm_by for one in (applied, other)])
        time.later(minutes=4, seconds=59)
        for _ in range(20):
            await asyncio.sleep(0)
        seen.append((await applied.plan()).pending)
        time.later(seconds=1)

    passing = asyncio.create_task(pass_time())
    with pytest.raises(OperatorError, match=f"{first} is in force again"):
        await on_trial(applied, sites, act)
    await passing
    by = "2026-11-22T12:11:00+00:00"
    assert seen[:2] == [by, by]
    assert "waits to be confirmed until 2026-11-22T12:11:00Z" in seen[2]
    assert applied.shown[0][1] == by
    for one in (applied, other):
        assert await verbs(one) == ["apply", "apply", "automatic rollback"]


async def test_a_deadline_waits_for_who_is_at_work(applied, pair, time):
    """A verify holds the canary at the end of the run: its deadline follows when it is free, unless it is over."""
    other, sites = pair
    tasks = []

    async def verify():
        async with applied.transport.lock(switch.holder("verify of p")):
            while not any("its deadline waits: somebody else is at work" in line for line in applied.said):
                await asyncio.sleep(0)
        while not applied.shown:
            await asyncio.sleep(0)
        await confirm.confirm(sites, print)

    async def act():
        await apply(applied)
        time.later(minutes=4)
        await apply(other)
        tasks.append(asyncio.create_task(verify()))
        await asyncio.sleep(0)
        return fleet.Applied((), {}, interrupted=False)

    assert (await on_trial(applied, sites, act))[1] == ["n1", "n2"]
    await asyncio.gather(*tasks)


async def test_a_trial_with_a_new_node_is_refused_at_once(applied, time, tmp_path, loaded, monkeypatch):
    """The node without a release to come back to is the last one, and the canary is not changed there and back."""
    fresh = Node(tmp_path / "n3", loaded, monkeypatch)
    switches = {one.loaded.site.nodes[0].folder: one.switch for one in (applied, fresh)}
    monkeypatch.setattr(switch, "deploy_client", lambda node: switches[node.folder].connect(node))
    before = await applied.transport.current()
    planned = [*await applied.planned(), *await fresh.planned()]
    with pytest.raises(Refused, match="before the first release there is nothing to come back to"):
        await fleet.apply_site(planned, overwrite_edits=False, progress=applied.said.append, terms=WITHIN)
    assert await applied.transport.current() == before
    assert len(await applied.transport.history()) == 1


async def test_a_trial_on_a_node_whose_first_apply_was_cut_off_is_refused_at_once(applied, pair):
    """What was in force before it is nothing, and the switch does not follow its files: the canary stays as it was."""
    other, sites = pair
    before = await applied.transport.current()
    cut_off = await other.transport.current()
    await other.transport.intend(Intent("empty", cut_off, "orlova", "2026-11-22T11:00:00+00:00"))
    other.switch.memory = NodeState.of([])
    with pytest.raises(Refused, match="before the first release there is nothing to come back to"):
        await together(applied, other, sites, WITHIN)
    assert await applied.transport.current() == before


async def test_an_apply_over_a_release_that_waits_is_refused_before_the_canary(applied, pair):
    """The node that waits for a word is the last one: the first is not changed there and back."""
    other, sites = pair
    await apply(other)
    other.change_everything()
    before = await applied.transport.current()
    with pytest.raises(Refused, match="waits to be confirmed"):
        await together(applied, other, sites, Terms())
    assert await applied.transport.current() == before
    assert len(await applied.transport.history()) == 1


async def test_of_several_nodes_none_is_changed_while_somebody_is_at_work_on_one(applied, pair):
    """A verify holds the last one: the canary is not changed there and back."""
    other, sites = pair
    async with other.transport.lock(switch.holder("verify of p")):
        with pytest.raises(Busy, match="verify of p"):
            await together(applied, other, sites, Terms())
    assert len(await applied.transport.history()) == 1
    assert await together(applied, other, sites, Terms()) == ["n1", "n2"]


async def together(one, other, sites, terms):
    """Apply to two nodes as one site."""
    planned = [*await one.planned(), *(replace(plan, node=sites[1]) for plan in await other.planned())]
    return await fleet.apply_site(planned, overwrite_edits=False, progress=one.said.append, terms=terms)


async def test_a_rollback_by_somebody_else_is_no_confirmation(applied, time):
    """Who waits is told that another command put the release back."""

    async def go_back():
        planned = (await rollback.plan_rollback(applied.loaded, "")).planned
        await fleet.apply_site(planned, overwrite_edits=False, progress=print, terms=Terms(verb="rollback"))

    with pytest.raises(OperatorError, match="was put back by another command"):
        await waited(applied, go_back)


async def test_a_way_back_by_somebody_else_that_is_cut_off_is_ended_by_who_waits(applied, time):
    """A way back that has begun is no answer yet: when it dies, or fails, the one who waits is still there."""

    async def die():
        on_trial = await applied.transport.intent()
        terms = Terms(verb="rollback", back_to=on_trial.back_to)
        begun = journal.begun(terms, "petr", time.now, old=on_trial.new, new=applied.first, over=on_trial)
        await applied.transport.intend(begun)

    first = await applied.transport.current()
    with pytest.raises(OperatorError, match=f"not confirmed in time: {first} is in force again"):
        await waited(applied, die)
    await applied.assert_clean()


async def test_somebody_at_work_at_the_deadline_is_waited_for(applied, time):
    """The lock is held at that moment: the way back follows as soon as it is free."""
    held = asyncio.Event()

    async def hold():
        async with applied.transport.lock():
            time.later(minutes=5)
            while not any("is to come back" in line for line in applied.said):
                await asyncio.sleep(0)
            held.set()

    with pytest.raises(OperatorError, match="not confirmed in time"):
        await waited(applied, hold)
    assert held.is_set()
    assert (await applied.plan()).release_now == applied.first.partition("-")[2]


async def test_what_was_confirmed_while_the_way_back_was_planned_stays(applied, time, monkeypatch):
    """By the other machine's clock there was a moment left: the word that was accepted holds."""

    async def meanwhile(node, intent):
        planned = await rollback.plan_back(node, intent)
        async with applied.transport.lock():
            await applied.transport.record(history.confirmed(intent, "petr", time.now))
            await applied.transport.intend(None)
        return planned

    async def pass_time():
        time.later(minutes=5)

    monkeypatch.setattr(confirm, "plan_back", meanwhile)
    assert await waited(applied, pass_time) == ["n1"]
    assert await applied.transport.current() == applied.second
    assert await verbs(applied) == ["apply", "apply", "confirm"]


async def test_ctrl_c_while_it_waits_brings_the_old_release_back_at_once(applied, time):
    """Nobody would be there at the deadline; what is where is told, also where it cannot be brought back."""
    before, done = await applied.transport.current(), []

    async def act():
        await apply(applied)
        outcome = Outcome("n1", "applied", before.partition("-")[2], (await applied.plan()).release_now)
        return fleet.Applied((outcome,), {}, interrupted=False)

    task = asyncio.create_task(on_trial(applied, applied.loaded.site.nodes, act))
    while not any("waits to be confirmed" in line for line in applied.said):
        await asyncio.sleep(0)
    task.cancel()
    ended, confirmed = await task
    done.extend(ended.outcomes)
    assert (ended.interrupted, confirmed) == (True, [])
    assert (done[0].state, done[0].release_now) == ("rolled back", before.partition("-")[2])
    assert f"{before} is in force again" in done[0].why
    assert (await applied.plan()).release_now == before.partition("-")[2]
    await applied.assert_clean()


async def test_a_trial_that_begins_elsewhere_meanwhile_is_somebody_elses(applied, pair):
    """There was nothing to do on the second node, where another engineer puts a release on trial during the run: Ctrl-C
    brings back the first one alone.
    """
    other, sites = pair

    async def act():
        await apply(applied)
        await apply(other)
        return fleet.Applied((Outcome("n1", "applied", "a", "b"), Outcome("n2", "unchanged", "a", "a")), {}, False)

    task = asyncio.create_task(on_trial(applied, sites, act))
    while not any("waits to be confirmed" in line for line in applied.said):
        await asyncio.sleep(0)
    task.cancel()
    await task
    assert await verbs(applied) == ["apply", "apply", "automatic rollback"]
    assert (await verbs(other), bool((await other.plan()).pending)) == (["apply", "apply"], True)


async def _nothing():
    """Let nothing happen."""


async def test_a_failure_elsewhere_ends_the_wait(applied, time):
    """Another node failed and this one could not be rolled back then: it is now, and nobody waits for a word."""

    async def act():
        await apply(applied)
        return fleet.Applied((), {"n2": OperatorError("it broke")}, interrupted=False)

    first = await applied.transport.current()
    done, confirmed = await on_trial(applied, applied.loaded.site.nodes, act)
    assert (list(done.errors), confirmed) == (["n2"], [])
    assert f"node n1: {first} is in force again" in applied.said
    assert not (await applied.plan()).pending


async def test_what_another_engineer_has_on_trial_is_not_put_back(waiting):
    """An apply that is refused because of it leaves it alone."""
    waiting.change_flow()
    waiting.change_flow()
    with pytest.raises(Refused):
        await on_trial(waiting, waiting.loaded.site.nodes, lambda: apply(waiting))
    assert await waiting.transport.current() == waiting.second
    assert (await waiting.plan()).pending


async def test_a_deadline_nobody_can_read_is_over(waiting):
    """A journal edited by hand makes no release stay for ever."""
    path = waiting.root / "intent"
    path.write_text(path.read_text().replace("2026-11-22T12:05:00+00:00", "tomorrow"))
    assert "was not confirmed by" in (await waiting.plan()).pending


async def test_where_no_file_changes_there_is_nothing_to_confirm(node, time):
    """Queues and penalties of agents alone: told, and nothing waits."""
    await node.apply()
    node.switch.members = {("northwind-hotline.orders", "PJSIP/ivanova"): {"Penalty": "7"}}
    await apply(node)
    assert "n1: no file changes: there is nothing to confirm" in node.said
    assert await node.transport.intent() is None


async def test_the_way_back_at_the_deadline_asks_nobody(node, time):
    """A caller waits in a queue the release on trial brought: a rollback by hand is refused, the deadline's is not."""
    await node.apply()
    orders = node.project.queues["orders"]
    node.change(queues={"orders": orders, "vip": orders})
    await apply(node)
    node.switch.waiting = {"northwind-hotline.vip": 2}
    planned = (await rollback.plan_rollback(node.loaded, "")).planned
    with pytest.raises(Dangerous, match="2 waiting"):
        await fleet.apply_site(planned, overwrite_edits=False, progress=print, terms=Terms(verb="rollback"))
    time.later(minutes=6)
    with pytest.raises(OperatorError, match="not confirmed in time"):
        await confirm.settle(node.loaded.site.nodes, print)
    assert "vip" not in (node.current / "queues.conf").read_text()


async def test_the_first_release_is_not_put_on_trial(node, time):
    """There is nothing to come back to: after the deadline neither apply nor rollback would get past its journal."""
    with pytest.raises(Refused, match="before the first release there is nothing to come back to"):
        await apply(node)
    assert await node.transport.current() == "empty"
    await node.assert_clean()


async def test_a_drain_and_a_trial_do_not_go_together(node):
    """What a drain leaves lets nobody in: that is no release to come back to."""
    how = careful.How(fleet.How(terms=WITHIN), drain=True)
    with pytest.raises(UsageError, match="no release to come back to"):
        await careful.apply(node.loaded, how, progress=print, told=print)
