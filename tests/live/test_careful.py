"""apply that is refused, waits, or drains, with callers and agents on the line; and saved plans."""

import asyncio

import pytest

from cctoolkit import clock
from cctoolkit.deploy import release
from cctoolkit.deploy.danger import Dangerous
from cctoolkit.errors import SwitchError
from cctoolkit.plan.classes import DANGEROUS, EVERYTHING
from cctoolkit.workflow import fleet, switch
from cctoolkit.workflow.turn import NodeTurn
from tests.live.staffed import DEALERS, NUMBER, Staffed, queue, until

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def staffed(line):
    """The line with its spec."""
    return Staffed(line)


@pytest.fixture
async def alone(staffed):
    """The line with nobody there; afterwards the first spec is in force again."""
    await staffed.clear()
    yield staffed
    await staffed.begin_again()


async def waits(alone) -> None:
    """Let a caller wait for an agent who is at lunch."""
    await alone.member("vip", "novikov", reason="lunch")
    await alone.member("support", "novikov", reason="lunch")
    await alone.call(DEALERS)
    await until(alone.count, 1)


async def test_who_comes_between_plan_and_apply_is_seen(alone):
    """Nobody is there when the plan is made; a caller who comes then is judged under the lock, and nothing is changed."""
    alone.without("vip")
    planned = await switch.plan_site(alone.loaded())
    assert [one for one in planned[0].plan.impacts if one.class_.dangerous] == []
    await waits(alone)
    there, release = await alone.there(), planned[0].plan.release_now
    with pytest.raises(Dangerous) as caught:
        await fleet.apply_site(planned, overwrite_edits=False, progress=print)
    assert {one.rule: one.live for one in caught.value.found} == {
        "queue-remove-waiting": {"waiting": 1},
        "queue-remove-members": {"logged in": 1, "paused": 1},
    }
    assert await alone.there() == there
    assert (await alone.plan()).release_now == release


async def test_an_apply_waits_until_nobody_is_touched(alone, capsys):
    """It tells whom it waits for, changes nothing meanwhile, and is done when the last has gone."""
    await waits(alone)
    alone.without("vip")
    waiting = asyncio.create_task(alone.apply("--when-idle", "--within", "60s"))
    await until(
        lambda: told(capsys, "waiting: queue vip of northwind-hotline: strands waiting callers, 1 waiting"), True
    )
    await asyncio.sleep(1.5)
    assert (await alone.count(), waiting.done()) == (1, False)
    await alone.line.lab.street.hang_up(alone.calls[0])
    await until(alone.count, 0)
    await asyncio.sleep(1.5)
    assert not waiting.done()
    async with alone.client() as client:
        await client.action("QueueRemove", {"Queue": queue("vip"), "Interface": "PJSIP/novikov"})
    assert await asyncio.wait_for(waiting, 10) == 0
    assert (await alone.plan()).empty
    assert set(await alone.members()) == {(queue("support"), "novikov")}


async def told(capsys, text: str) -> bool:
    """Say whether a text was told on standard error since the last look."""
    return text in capsys.readouterr().err


async def test_a_wait_has_a_limit(alone, capsys):
    """When it is over, who is still touched is told, and nothing was changed."""
    await waits(alone)
    alone.without("vip")
    assert await alone.apply("--when-idle", "--within", "1s") == 1
    assert "after 1 s somebody is still touched: queue vip of northwind-hotline: strands" in capsys.readouterr().err
    assert await alone.count() == 1


async def test_a_drain(alone, capsys):
    """A queue goes under callers: who waits and who is still in the menu are served from it, a new call no longer comes to
    it, an agent who logs out is out of it too; when the last call is over it goes, and its log-ins with it.
    """
    street = alone.line.lab.street
    await street.wait_registered(["novikov", "vasiliev"])
    await street.set_phone("novikov", answer_after=0.1, talk=1)
    await street.agent_dials("vasiliev", "*11")
    await until(alone.members_of("support"), {"vasiliev"})
    await alone.member("support", "novikov", reason="lunch")
    async with alone.client() as client:
        await client.action("QueuePause", {"Interface": "PJSIP/vasiliev", "Paused": "true", "Reason": "break"})
    await alone.call(NUMBER, (0.4, "2"), (1.5, "1"))
    await until(alone.count, 1)
    await alone.call(NUMBER, (0.4, "2"))
    await until(lambda: alone.last("step"), "support-topic")
    alone.without("support")
    drain = asyncio.create_task(alone.apply("--drain", "--within", "60s"))
    await until(lambda: told(capsys, "waiting: queue support of northwind-hotline: "), True)
    # Who was in the menu comes to the old queue; a new call does not.
    await alone.press("1")
    await until(alone.count, 2)
    newcomer = await alone.call(NUMBER, (0.4, "2"), (2.5, "1"))
    await until(alone.count, 3)
    assert sorted(name for name, _ in await alone.waiting()) == [queue(n) for n in ("overflow", "support", "support")]
    await street.hang_up(newcomer)
    await street.agent_dials("vasiliev", "*12")
    await until(alone.members_of("support"), {"novikov"})
    assert not drain.done()
    async with alone.client() as client:
        await client.action("QueuePause", {"Interface": "PJSIP/novikov", "Paused": "false"})
    await until(alone.count, 1, 15)
    await street.agent_dials("novikov", "*13")
    assert await asyncio.wait_for(drain, 40) == 0
    answered = [mark for mark in alone.said()[alone.heard :] if (mark.step, mark.detail) == ("support", "answered")]
    assert len(answered) == 2
    assert (await alone.plan()).empty
    assert queue("support") not in {name for name, _ in await alone.members()}


async def test_a_drain_that_was_cut_off_goes_on(alone, capsys):
    """When the limit comes first, the release between stays in force and is told; the next --drain ends it."""
    await waits(alone)
    alone.without("vip")
    assert await alone.apply("--drain", "--within", "2s") == 1
    assert await alone.count() == 1
    plan = await alone.plan()
    assert {(one.kind, one.action) for one in plan.changes if one.name == queue("vip")} == {
        ("queue", "remove"), ("member", "remove")
    }  # fmt: skip
    await alone.line.lab.street.hang_up(alone.calls[0])
    await until(alone.count, 0)
    assert await alone.apply("--drain", "--within", "10s") == 0
    assert (await alone.plan()).empty


async def test_a_rollback_drains_too(alone, capsys):
    """The queue that the newer release brought goes under a caller: refused in the words of rollback, then drained; what
    the limit leaves goes on by the release it names, since the one before is another by then.
    """
    danger = [f"--accept={one}" for one in DANGEROUS]
    alone.without("vip")
    assert await alone.apply(*danger) == 0
    older = (await alone.plan()).release_now
    alone.spec()
    assert await alone.apply(*danger) == 0
    await waits(alone)
    command = ("rollback", "--site", alone.line.site)
    capsys.readouterr()
    assert await alone.line.run_aside(*command) == 1
    said = capsys.readouterr()
    assert "! rollback refuses this without --accept " in said.out
    assert "next: rollback with --accept " in said.err
    assert "or wait for nobody: --when-idle, --drain" in said.err
    assert await alone.line.run_aside(*command, "--drain", "--within", "1s") == 1
    assert f"rollback --node n1 --to {older} later" in capsys.readouterr().err
    assert await alone.count() == 1
    await alone.line.lab.street.hang_up(alone.calls[0])
    await until(alone.count, 0)
    assert await alone.line.run_aside(*command, "--node", "n1", "--to", older, "--drain", "--within", "20s") == 0
    assert (await alone.plan()).release_now == older
    assert queue("vip") not in {name for name, _ in await alone.members()}


async def test_no_drain_where_keys_change(alone, capsys):
    """A queue that stays takes new callers in all the while: --drain is not offered, and says that it is --when-idle."""
    await alone.call(NUMBER)
    await until(lambda: alone.last("step"), "subject")
    alone.spec(("project", 'keys: {"0": leave-message}', 'keys: {"5": leave-message}'))
    assert await alone.apply() == 1
    assert "or wait for nobody: --when-idle; nothing was changed" in capsys.readouterr().err
    assert await alone.apply("--drain", "--within", "1s") == 1
    said = capsys.readouterr().err
    assert "no queue, trunk or mailing of messages is to go: as --when-idle" in said
    assert "moves running calls, 1 call up" in said


async def test_a_drain_keeps_to_whom_a_message_goes(alone):
    """A step that takes messages gets another name while a caller speaks: that message still has whom it goes to until the
    call is over.
    """
    call = await alone.call(DEALERS)
    await until(lambda: alone.last("ask"), "leave-message", 20)
    alone.renamed("leave-message", "say-it")
    drain = asyncio.create_task(alone.apply("--drain", "--within", "60s"))
    both = {"[northwind-hotline.say-it]", "[northwind-hotline.leave-message]"}
    await until(lambda: sections(alone, both), both)
    assert not drain.done()
    await alone.line.lab.street.hang_up(call)
    assert await asyncio.wait_for(drain, 20) == 0
    assert await sections(alone, both) == {"[northwind-hotline.say-it]"}


async def sections(alone, names: set[str]) -> set[str]:
    """Return which of these sections the messages' file has."""
    text = (alone.node.config / "cctoolkit/current/messages.conf").read_text(encoding="utf-8")
    return names & set(text.splitlines())


async def test_who_an_apply_has_logged_out_is_back_when_it_is_taken_back(alone):
    """A queue goes and takes along whom it alone had, paused; the queue comes back empty, and then the agent does."""
    await alone.member("vip", "novikov", reason="lunch")
    before = {key: told[:3] for key, told in (await alone.members()).items()}
    alone.without("vip")
    (planned,) = await switch.plan_site(alone.loaded())
    author = release.Author("orlova", "", clock.now())
    turn = NodeTurn(planned, author, overwrite_edits=False, accepted=EVERYTHING, progress=print)
    await turn.perform()
    assert await alone.members() == {}
    await turn.undo()
    assert {key: told[:3] for key, told in (await alone.members()).items()} == before


async def test_queues_of_agents_are_put_back_when_one_is_refused(alone):
    """A queue is gone from memory since the plan: the switch refuses an agent in it, who loses the queues given before;
    the pause stays as it was, and the next apply does it all.
    """
    await alone.member("orders", "kuznetsova", reason="break")
    before = await alone.members()
    (planned,) = await switch.plan_site(alone.loaded())
    asked = [(change.name, change.option, change.new) for change in planned.plan.changes if change.side == "member"]
    assert asked == [(queue(name), "kuznetsova", "0") for name in ("overflow", "support", "vip")]
    files = alone.node.config / "cctoolkit/current/queues.conf"
    text = files.read_text(encoding="utf-8")
    files.write_text(text.replace(f"[{queue('vip')}]", "[elsewhere]"), encoding="utf-8")
    async with alone.client() as client:
        await client.action("Reload", {"Module": "app_queue.so"})
    await until(lambda: known(alone, queue("vip")), False)
    files.write_text(text, encoding="utf-8")
    with pytest.raises(SwitchError, match="No such queue") as caught:
        await fleet.apply_site([planned], overwrite_edits=False, progress=print)
    assert caught.value.__notes__[0].startswith("put back, and read back: ")
    assert {key: told[:4] for key, told in (await alone.members()).items()} == {k: v[:4] for k, v in before.items()}
    assert await alone.apply() == 0
    assert (await alone.plan()).empty


async def known(alone, name: str) -> bool:
    """Say whether the switch has a queue."""
    async with alone.client() as client:
        return any(e.get("Queue") == name for e in await client.listing("QueueStatus"))


async def test_a_saved_plan_is_performed_and_no_other(alone, tmp_path, capsys):
    """The same bytes twice; what differs since, in the spec, in memory or on disk, is named and refused; who is live is
    judged anew; nothing secret is in it.
    """
    one, two = tmp_path / "one.json", tmp_path / "two.json"
    alone.spec(("project", "timeout: 15s", "timeout: 10s"))
    line = alone.line
    for file in (one, two):
        assert await line.run_aside("plan", "--site", line.site, "-o", str(file)) == 2
    assert one.read_bytes() == two.read_bytes()
    await waits(alone)
    alone.spec(("project", "timeout: 15s", "timeout: 9s"))
    capsys.readouterr()
    assert await alone.apply("--plan", str(one)) == 1
    assert "the release the spec makes is" in capsys.readouterr().err
    alone.spec(("project", "timeout: 15s", "timeout: 10s"))
    alone.node.cli("dialplan add extension 999,1,NoOp,hi into cct-trunk")
    assert await alone.apply("--plan", str(one)) == 1
    assert "dialplan cct-trunk 999,1 (memory) is not in the plan file" in capsys.readouterr().err
    alone.node.cli("dialplan remove extension 999@cct-trunk")
    there = await alone.there()
    assert await alone.apply("--plan", str(one)) == 0
    assert await alone.there() == there
    assert await alone.apply("--plan", str(one)) == 1
    assert "the release in force is" in capsys.readouterr().err
    secrets = {path.read_text(encoding="utf-8").strip() for path in (line.lab.folder / "secrets").iterdir()}
    alone.spec(("site", "- {agent: mazur, name: Agnieszka Mazur, secret: 'file:secrets/phone-mazur'}\n", ""))
    assert await line.run_aside("plan", "--site", line.site, "-o", str(two), "--diff") == 2
    shown = capsys.readouterr().out + two.read_text(encoding="utf-8")
    assert "hmac:" in shown
    assert not [secret for secret in secrets if secret in shown]
