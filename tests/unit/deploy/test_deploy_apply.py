import asyncio
import errno
import json
import os
import shutil

import msgspec
import pytest

from cctoolkit.deploy.danger import Dangerous
from cctoolkit.errors import OperatorError, SwitchError, SwitchUnreachable
from cctoolkit.node import durable
from cctoolkit.node.transports import Intent
from cctoolkit.plan.explain import explain
from cctoolkit.state.settings import NodeState
from tests.unit.deploy.conftest import SECRET

RELOADS = ["Reload app_queue.so", "Reload res_pjsip.so", "Reload pbx_config.so"]


async def test_the_first_apply(node):
    """All is staged, flipped, loaded in order and read back; afterwards nothing is left to do."""
    assert await node.apply() == ["n1"]
    assert node.switch.log == RELOADS
    assert (await node.plan()).empty
    assert [json.loads(line)["from"] for line in await node.transport.history()] == ["none"]
    await node.assert_clean()
    assert await node.apply() == []


async def test_a_plan_is_the_same_bytes_twice(applied):
    """Nothing of a plan depends on the run."""
    one, two = await applied.plan(), await applied.plan()
    assert msgspec.json.encode(one) == msgspec.json.encode(two)
    assert explain(one) == explain(two)
    assert not one.empty


@pytest.mark.parametrize(
    ("version", "told"),
    [
        ("23.1.0", "runs Asterisk 23"), ("certified-20.7-cert3", "runs Asterisk 20"),
        ("GIT-master-0123abc", "runs an Asterisk without a version"),
    ],
)  # fmt: skip
async def test_an_asterisk_whose_rules_are_not_known_has_no_plan(node, version, told):
    """What a change does there is not guessed at; a certified 22 is a 22."""
    node.switch.version = version
    with pytest.raises(OperatorError, match=told):
        await node.plan()
    node.switch.version = "certified-22.8-cert1"
    assert not (await node.plan()).empty


async def put_back_from(node, error, **wanted):
    """Apply, see it fail with `error` and the old release in force again."""
    before, memory = await node.transport.current(), node.switch.memory
    with pytest.raises(error) as caught:
        await node.apply()
    assert await node.transport.current() == before
    assert await node.transport.releases() == [before]
    await node.assert_clean()
    assert node.switch.memory == memory
    assert not (await node.plan()).empty
    return caught.value


@pytest.mark.parametrize("step", RELOADS)
@pytest.mark.parametrize("error", [SwitchError("refused"), ValueError("a bug"), KeyboardInterrupt(), SystemExit()])
async def test_whatever_goes_wrong_at_a_reload_is_put_back(applied, step, error):
    """An error of the switch, a bug, Ctrl-C: disk and memory are the old ones again, and the next apply
    succeeds.
    """
    fails = iter([error])

    def fail():
        for one in fails:
            raise one

    applied.switch.before[step] = fail
    await put_back_from(applied, type(error))
    await applied.apply()
    assert (await applied.plan()).empty


@pytest.mark.parametrize("kind", ["queue", "endpoint", "dialplan"])
async def test_what_the_switch_did_not_take_is_put_back_and_named(applied, kind):
    """A reload that answers Success and drops a setting is seen, told, and undone."""
    spoilt = []

    def spoil(state):
        if spoilt or not state.settings or next(iter(state)).kind != kind:
            return state
        spoilt.append(kind)
        return NodeState.of(list(state)[1:])

    applied.switch.spoil = spoil
    error = await put_back_from(applied, SwitchError)
    assert f"the switch did not take the new files: {kind} " in str(error)
    assert "is not there, not" in str(error)
    (note,) = error.__notes__
    assert note.startswith("nothing was changed: release 000001-")


async def test_an_apply_that_is_cancelled_is_put_back(applied):
    """Ctrl-C arrives as a cancellation at the next wait."""
    reached = asyncio.Event()

    async def hang(*_args, **_more):
        reached.set()
        await asyncio.Event().wait()

    planned, real = await applied.planned(), applied.switch.listing
    before = await applied.transport.current()
    applied.switch.before[RELOADS[2]] = lambda: setattr(applied.switch, "listing", hang)
    task = asyncio.create_task(applied.perform(planned))
    await reached.wait()
    assert await applied.transport.current() != before
    applied.switch.before.clear()
    applied.switch.listing = real
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await applied.transport.current() == before
    await applied.assert_clean()


@pytest.mark.parametrize("step", RELOADS)
async def test_a_switch_that_dies_after_the_flip(applied, step):
    """The disk is put back, the error is that of an unreachable switch, and what is not known is said and
    kept.
    """
    before = await applied.transport.current()
    applied.switch.before[step] = applied.switch.die
    with pytest.raises(SwitchUnreachable) as caught:
        await applied.apply()
    assert caught.value.exit_code == 4
    assert await applied.transport.current() == before
    assert "not confirmed to be in force again" in caught.value.__notes__[0]
    applied.switch.dead = False
    applied.switch.before.clear()
    plan = await applied.plan()
    assert "was cut off" in plan.cut_off
    assert "was cut off; apply loads the whole release again" in explain(plan)
    await applied.apply()
    assert (await applied.plan()).empty
    await applied.assert_clean()


async def test_a_disk_that_cannot_be_put_back_is_told(applied, monkeypatch):
    """When the flip back fails too, both errors are told and the journal stays."""
    real = applied.switch.transport.flip.__func__

    async def once(self, release):
        monkeypatch.setattr(type(self), "flip", broken)
        await real(self, release)

    async def broken(self, release):
        raise OperatorError("Input/output error")

    monkeypatch.setattr(type(applied.transport), "flip", once)
    applied.switch.before[RELOADS[0]] = applied.switch.die
    with pytest.raises(SwitchUnreachable) as caught:
        await applied.apply()
    assert "Input/output error" in caught.value.__notes__[0]
    assert await applied.transport.intent() is not None


@pytest.mark.parametrize("nth", range(1, 12))
async def test_a_disk_that_is_full_at_any_file_changes_nothing(applied, monkeypatch, nth):
    """Whichever write fails, from the journal to the last file, the old release stays and nothing is left
    over.
    """
    real, seen = durable.write, []

    def full(path, content, mode, gid=-1):
        seen.append(path)
        if len(seen) == nth:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        real(path, content, mode, gid)

    planned = await applied.planned()
    before = await applied.transport.current()
    monkeypatch.setattr(durable, "write", full)
    if nth <= 10:  # the intent, and nine files with manifest and the generation kept
        with pytest.raises(OperatorError, match="No space left on device"):
            await applied.perform(planned)
        assert await applied.transport.current() == before
    else:
        await applied.perform(planned)
    monkeypatch.undo()
    assert len(seen) == min(nth, 10)
    await applied.assert_clean()


async def test_a_history_that_cannot_be_written_is_put_back(applied, monkeypatch):
    """A release nobody could account for does not stay."""

    async def refuse(self, line):
        raise OperatorError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(type(applied.transport), "record", refuse)
        await put_back_from(applied, OperatorError)


async def test_kill_9_at_any_moment(applied, tmp_path, monkeypatch):
    """However far an apply came before it was killed, the next plan tells and the next apply finishes; a
    call has a whole release under it at every moment.
    """
    moments = []

    def photograph():
        folder = tmp_path / f"moment-{len(moments)}"
        shutil.copytree(applied.root, folder, symlinks=True)
        moments.append((folder, applied.switch.memory))

    def after(function):
        async def watched(*args, **more):
            done = await function(*args, **more)
            photograph()
            return done

        return watched

    real = durable.write

    def written(*args):
        real(*args)
        photograph()

    planned = await applied.planned()
    with monkeypatch.context() as patch:
        patch.setattr(durable, "write", written)
        for name in ("stage", "flip", "intend", "record"):
            patch.setattr(type(applied.transport), name, after(getattr(type(applied.transport), name)))
        patch.setattr(type(applied.switch), "_load", after(type(applied.switch)._load))
        await applied.perform(planned)
    assert len(moments) > 12
    for folder, memory in moments:
        shutil.rmtree(applied.root)
        shutil.copytree(folder, applied.root, symlinks=True)
        applied.switch.memory = memory
        assert (applied.current / "manifest.json").is_file()
        planned = await applied.planned()
        assert ("was cut off" in planned[0].plan.cut_off) == (await applied.transport.intent() is not None)
        await applied.perform(planned)
        assert (await applied.plan()).empty
        await applied.assert_clean()


async def test_a_cut_off_apply_that_the_switch_does_not_take_goes_back_to_the_last_good_release(applied):
    """Killed after the flip, and the new release turns out broken: the one before it is put back."""
    good = await applied.transport.current()
    applied.switch.before[RELOADS[0]] = applied.switch.die
    with pytest.raises(SwitchUnreachable):
        await applied.apply()
    intent = await applied.transport.intent()
    assert intent is not None
    assert intent.old == good
    # As if the process had been killed before it could put the old release back.
    applied.switch.before.clear()
    applied.switch.dead = False
    await applied.transport.flip(intent.new)
    applied.change_flow()
    seen = []

    def spoil(state):
        seen.append(state)
        return NodeState.of(list(state)[1:]) if len(seen) == 1 else state

    applied.switch.spoil = spoil
    with pytest.raises(SwitchError, match="did not take"):
        await applied.apply()
    assert await applied.transport.current() == good
    assert await applied.transport.intent() is None


async def test_two_at_once(applied):
    """The second apply is told, and so is who plans meanwhile; neither changes anything."""
    planned = await applied.planned()
    async with applied.transport.lock():
        with pytest.raises(OperatorError, match="somebody else is at work"):
            await applied.perform(planned)
        await applied.transport.intend(Intent("a", "b", "anna", "2026-11-22T12:00:00"))
        assert (await applied.plan()).cut_off == "somebody else is at work on this node"


async def test_a_plan_that_is_out_of_date_is_refused(applied):
    """What was planned against another release is not performed."""
    stale = await applied.planned()
    await applied.apply()
    applied.change_flow()
    await applied.apply()
    with pytest.raises(OperatorError, match="the node has moved on") as caught:
        await applied.perform(stale)
    assert caught.value.next_step.startswith("plan again")


async def test_memory_that_drifted_is_repaired(node):
    """Lines and queues somebody changed at run time are shown by the plan and put back by apply."""
    await node.apply()
    whole = node.switch.memory
    node.switch.memory = NodeState.of(list(whole)[2:-2])
    plan = await node.plan()
    assert {change.side for change in plan.changes} == {"memory"}
    await node.apply()
    assert node.switch.memory == whole
    assert (await node.plan()).empty


async def test_the_generation_of_a_call_stays_until_the_call_ends(applied):
    """Two releases later the call's generation is still there; without the call it goes."""
    old = dict(await applied.transport.read(await applied.transport.current()))
    (first,) = (path for path in old if path.startswith("generations/"))
    digest = first.removesuffix(".conf").rpartition("-")[2]
    applied.switch.calls = [("northwind-hotline", digest), ("(null)", "(null)")]
    for _ in range(3):
        await applied.apply()
        assert (await applied.plan()).empty
        now = await applied.transport.read(await applied.transport.current())
        assert now[first] == old[first]
        assert first in now["kept.conf"].decode()
        applied.change_flow()
    applied.switch.calls = []
    await applied.apply()
    assert first not in await applied.transport.read(await applied.transport.current())


async def test_a_phone_that_stays_in_memory_is_seen(node):
    """A phone whose agent left must be gone after the reload, or the release is put back."""
    await node.apply()
    phones = node.switch.memory.only(["endpoint"])
    site = node.loaded.site
    node.loaded = msgspec.structs.replace(
        node.loaded, site=msgspec.structs.replace(site, roster=site.roster[:1]),
        projects=(msgspec.structs.replace(node.project, agents=node.project.agents[:1]),),
    )  # fmt: skip
    node.switch.spoil = lambda state: NodeState.of([*state, *phones]) if state.only(["endpoint"]).settings else state
    with pytest.raises(SwitchError, match="endpoint petrov aors is petrov, not not there"):
        await node.apply()


async def test_who_comes_between_plan_and_apply_is_judged_under_the_lock(node):
    """A queue is empty when it is planned to go, and has callers when apply holds the lock: refused, with nothing done;
    accepted, it goes.
    """
    await node.apply()
    orders = node.project.queues["orders"]
    node.change(queues={"orders": orders, "vip": orders})
    await node.apply()
    node.change(queues={"orders": orders})
    planned = await node.planned()
    assert not [one for one in planned[0].plan.impacts if one.class_.dangerous]
    node.switch.waiting = {"northwind-hotline.vip": 2, "northwind-hotline.orders": 1}
    before, log = await node.transport.current(), list(node.switch.log)
    with pytest.raises(Dangerous) as caught:
        await node.perform(planned)
    assert "queue vip of northwind-hotline: strands waiting callers, 2 waiting" in str(caught.value)
    assert "--accept strands-waiting-callers" in str(caught.value)
    assert (await node.transport.current(), node.switch.log) == (before, log)
    await node.assert_clean()
    assert "strands waiting callers, 2 waiting" in explain(await node.plan())
    assert await node.apply(accept=["strands-waiting-callers"]) == ["n1"]


async def test_old_releases_go_and_a_folder_that_resists_is_no_failure(node, monkeypatch):
    """Five are kept; that one cannot be removed is told and the apply is done."""
    for _ in range(7):
        await node.apply()
        node.change_flow()
    assert len(await node.transport.releases()) == 5

    async def refuse(self, release):
        raise OperatorError("Permission denied")

    monkeypatch.setattr(type(node.transport), "discard", refuse)
    assert await node.apply() == ["n1"]
    assert node.said[-1] == "n1: old releases could not be removed: Permission denied"


async def test_no_secret_leaves_the_files_of_the_release(applied):
    """Plans, errors, history, manifest and journal hold no password; the one file that must is not for
    everybody.
    """
    seen = []
    applied.switch.before[RELOADS[1]] = lambda: seen.append((applied.root / "intent").read_text())
    plan = await applied.plan()
    await applied.apply()
    site = applied.loaded.site
    applied.loaded = msgspec.structs.replace(applied.loaded, site=msgspec.structs.replace(site, roster=()))
    removal = await applied.plan()
    texts = [explain(plan), explain(removal), msgspec.json.encode([plan, removal]).decode(), *seen, *applied.said]
    texts += [(applied.current / "manifest.json").read_text(), *await applied.transport.history()]
    assert "ivanova auth" in texts[2]
    assert not [text for text in texts if SECRET in text]
    with_secret = [p for p in applied.current.rglob("*") if p.is_file() and SECRET in p.read_text()]
    assert [p.name for p in with_secret] == ["pjsip.conf"]
    assert with_secret[0].stat().st_mode & 0o777 == 0o640
