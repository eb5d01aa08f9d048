import json
import shutil
from pathlib import Path

import pytest
from msgspec.structs import replace

from cctoolkit.deploy import release
from cctoolkit.deploy.retention import clean_up
from cctoolkit.deploy.terms import Terms
from cctoolkit.errors import OperatorError, Refused, SwitchError, SwitchUnreachable, UsageError
from cctoolkit.node import durable
from cctoolkit.node.transports import Intent
from cctoolkit.plan.changes import memory_difference
from cctoolkit.spec.problem import InvalidSpecError
from cctoolkit.workflow import fleet, nodes, rollback, specs, switch
from tests.unit.deploy.conftest import SECRET

RELOAD = "Reload app_queue.so"
ORDERS = "northwind-hotline.orders"


async def back(node, to="", **more):
    """Plan the way back and go it."""
    planned = (await rollback.plan_rollback(node.loaded, to, **more)).planned
    return await fleet.apply_site(
        planned, overwrite_edits=False, progress=node.said.append, terms=Terms(verb="rollback")
    )


@pytest.fixture
async def twice(applied):
    """A node with two releases, the second in force."""
    await applied.apply()
    return applied


async def files(node, folder):
    """Return what a release says, without what each apply writes anew."""
    found = await release.read(node.transport, folder)
    return found.manifest.release, found.files


async def test_back_to_the_one_before(twice):
    """The files of the kept folder are in force again, byte by byte, in a folder of their own; the plan says what the
    spec would change again; nothing is left half done.
    """
    first, second = await twice.transport.releases()
    assert await back(twice) == ["n1"]
    assert await twice.transport.releases() == [first, second, f"000003-{first.partition('-')[2]}"]
    assert await files(twice, await twice.transport.current()) == await files(twice, first)
    kept = (await release.read(twice.transport)).kept
    assert list(kept) == [path for path in (await release.read(twice.transport, second)).files if "generations" in path]
    plan = await twice.plan()
    assert f"{plan.release_now} {plan.release_new}" == f"{first.partition('-')[2]} {second.partition('-')[2]}"
    await twice.assert_clean()
    assert [json.loads(line)["verb"] for line in await twice.transport.history()] == ["apply", "apply", "rollback"]


async def test_secrets_are_those_of_the_kept_release(twice, monkeypatch):
    """The passwords of that time come back, whatever the secrets are now, or whether there are any; one that looks like
    the place of a secret stays what it is.
    """
    for agent in ("IVANOVA", "PETROV"):
        monkeypatch.setenv(f"GOLDEN_{agent}", "<<secret env:NOWHERE>>")
    await twice.apply()
    monkeypatch.delenv("GOLDEN_IVANOVA")
    first, _, third = await twice.transport.releases()
    await back(twice, first)
    assert SECRET + "IVANOVA" in (twice.current / "pjsip.conf").read_text()
    await back(twice, third)
    assert "<<secret env:NOWHERE>>" in (twice.current / "pjsip.conf").read_text()


async def test_back_and_forth(twice):
    """The one before is the newest that is another one; it goes on by name, commit and folder too."""
    first, second = await twice.transport.releases()
    await back(twice)
    await back(twice)
    assert (await twice.transport.current()).endswith(second.partition("-")[2])
    for name in (first, first.partition("-")[2]):
        assert (await rollback.plan_rollback(twice.loaded, name)).planned[0].plan.release_new == first.partition("-")[2]
    assert (await rollback.plan_rollback(twice.loaded, "0123456789ab")).planned[0].plan.release_new == first.partition(
        "-"
    )[2]


async def test_what_is_not_there_tells_what_is(node, applied):
    """An unknown release, or none before: the choice is named, and nothing changes."""
    with pytest.raises(UsageError, match="there is no other release before this one"):
        await back(applied)
    await applied.apply()
    with pytest.raises(UsageError, match="there is no release 'nope'") as caught:
        await back(applied, "nope")
    assert "000001-" in caught.value.expected
    with pytest.raises(UsageError, match="the site has no node 'n7'"):
        await rollback.plan_rollback(applied.loaded, "", ["n1", "n7"])


async def test_a_cut_off_apply_takes_no_place_of_those_that_stay(applied):
    """Of two releases that stay the one before is one, also when an apply between them was killed before its flip."""
    site = applied.loaded.site
    applied.loaded = replace(applied.loaded, site=replace(site, nodes=(replace(site.nodes[0], keep_releases=2),)))
    first = await applied.transport.current()
    await applied.transport.stage("000002-aa", {"queues.conf": b""})
    await applied.transport.intend(Intent(first, "000002-aa", "anna", "2026-11-22T12:00:00+00:00"))
    await applied.apply()
    assert await applied.transport.releases() == [first, await applied.transport.current()]
    assert await back(applied) == ["n1"]


async def test_a_kept_release_that_was_edited_is_refused(twice):
    """Not what once was in force: refused, taken with --with-edits, never when it cannot be read."""
    first, _ = await twice.transport.releases()
    file = twice.root / "releases" / first / "queues.conf"
    whole = file.read_text()
    file.write_text(whole.replace("maxlen = 20", "maxlen = 77"))
    with pytest.raises(Refused, match=r"edited by hand since it was in force: queues\.conf") as caught:
        await back(twice)
    assert "--with-edits" in caught.value.next_step
    file.write_text(whole + "nonsense\n")
    with pytest.raises(Refused):
        await back(twice, with_edits=True)
    file.write_text(whole.replace("maxlen = 20", "maxlen = 77"))
    await back(twice, with_edits=True)
    assert "maxlen = 77" in (twice.current / "queues.conf").read_text()


async def test_queues_and_penalties_belong_to_the_release(twice):
    """An agent's penalty of the kept release comes back, whatever the spec says today."""
    agents = twice.project.agents
    twice.change(agents=(replace(agents[0], penalty=7), *agents[1:]))
    twice.switch.members = {(ORDERS, "PJSIP/ivanova"): {"Penalty": "0", "Paused": "0"}}
    await twice.apply()
    assert twice.switch.members[ORDERS, "PJSIP/ivanova"]["Penalty"] == "7"
    await back(twice)
    assert twice.switch.members[ORDERS, "PJSIP/ivanova"]["Penalty"] == "0"
    assert [c.new for c in (await twice.plan()).changes if c.side == "member"] == ["7"]


async def test_a_release_that_does_not_say_who_may_be_where(twice, monkeypatch):
    """One of before that was kept: its members stay as they are, and its seal still holds."""
    real = switch.render_site
    monkeypatch.setattr(
        switch, "render_site", lambda loaded: {n: replace(c, members=None) for n, c in real(loaded).items()}
    )
    twice.change_flow()
    await twice.apply()
    assert '"members"' not in (twice.current / "manifest.json").read_text()
    monkeypatch.undo()
    assert (await release.read(twice.transport)).edited == ()


async def test_a_rollback_the_switch_does_not_take_is_put_back(twice):
    """The newer release is in force again, and the history tells of it."""
    second = await twice.transport.current()
    fails = iter([SwitchError("refused")])

    def fail():
        for one in fails:
            raise one

    twice.switch.before[RELOAD] = fail
    with pytest.raises(SwitchError, match="refused"):
        await back(twice)
    assert await twice.transport.current() == second
    assert await twice.transport.intent() is None
    told = json.loads((await twice.transport.history())[-1])
    assert (told["verb"], told["of"], told["why"], told["folder"]) == ("put back", "rollback", "refused", second)


async def test_a_cut_off_apply_is_undone_by_a_rollback(twice):
    """Killed after the flip: without a name the way back is to the release before that apply, and a rollback that was
    cut off itself is finished by the next.
    """
    second = await twice.transport.current()
    twice.change_everything()
    for act in (twice.apply, lambda: back(twice)):
        twice.switch.before[RELOAD] = twice.switch.die
        with pytest.raises(SwitchUnreachable):
            await act()
        twice.switch.dead = False
        twice.switch.before.clear()
        # As if the process had been killed before it could put the old release back.
        intent = await twice.transport.intent()
        await twice.transport.flip(intent.new)
        assert intent.back_to == second
    await back(twice)
    assert (await twice.transport.current()).endswith(second.partition("-")[2])
    await twice.assert_clean()


async def test_a_node_keeps_as_many_releases_as_its_site_says(node):
    """`keep_releases` of the node; one in whose generation a call is up stays beyond it."""
    site = node.loaded.site
    node.loaded = replace(node.loaded, site=replace(site, nodes=(replace(site.nodes[0], keep_releases=2),)))
    await node.apply()
    (first,) = await node.transport.releases()
    manifest = (await release.read(node.transport)).manifest
    node.switch.calls = list(manifest.generations.items())
    for _ in range(3):
        node.change_flow()
        await node.apply()
    assert len(await node.transport.releases()) == 3
    assert (await node.transport.releases())[0] == first
    # A call in a generation that the one in force has too, or a newer one, keeps nothing.
    node.switch.calls += list((await release.read(node.transport)).manifest.generations.items())
    for _ in range(3):
        queues = {name: replace(queue, maxlen=queue.maxlen + 1) for name, queue in node.project.queues.items()}
        node.change(queues=queues)
        await node.apply()
    assert (await node.transport.releases())[0] == first
    assert len(await node.transport.releases()) == 3
    node.switch.calls = []
    node.change_flow()
    await node.apply()
    assert len(await node.transport.releases()) == 2


async def test_an_abandoned_apply_stands_for_no_release(node):
    """What was never in force goes, and the release of the generation in which a call is up stays, though both have it."""
    spec = node.loaded
    for change in (None, node.change_flow, lambda: setattr(node, "loaded", spec), node.change_everything):
        if change:
            change()
        await node.apply()
    first, second, abandoned, last = await node.transport.releases()
    manifests = [(await release.read(node.transport, name)).manifest.generations for name in (first, abandoned)]
    assert manifests[0] == manifests[1]
    node.switch.calls = list(manifests[0].items())
    await clean_up(node.transport, node.switch, 2, abandoned, node.said.append)
    assert await node.transport.releases() == [first, second, last]


async def test_everything_is_loaded_anew_on_demand(node):
    """--reload stages and loads although nothing is seen to differ."""
    await node.apply()
    node.switch.log.clear()
    assert await fleet.apply_site(await node.planned(), overwrite_edits=False, progress=print) == []
    terms = Terms(reload=True)
    assert await fleet.apply_site(await node.planned(), overwrite_edits=False, progress=print, terms=terms) == ["n1"]
    assert RELOAD in node.switch.log
    assert len(await node.transport.releases()) == 2


def test_the_way_back_needs_no_spec(tmp_path):
    """A site whose projects do not validate, or are not there, has nodes all the same; the site's own file must hold."""
    site = tmp_path / "site.yaml"
    text = Path("tests/thin/site.yaml").read_text(encoding="utf-8")
    site.write_text(text.replace("northwind-hotline", "gone-line"), encoding="utf-8")
    with pytest.raises(InvalidSpecError):
        specs.load_site(str(site))
    assert [node.id for node in nodes.load_nodes(str(site)).site.nodes] == ["n1"]
    site.write_text(text.replace("address:", "adress:"), encoding="utf-8")
    with pytest.raises(InvalidSpecError):
        nodes.load_nodes(str(site))


async def test_no_room_for_the_way_back(twice, monkeypatch):
    """A rollback that cannot be staged changes nothing."""

    async def full(self, release, files):
        raise OperatorError("No space left on device")

    before = await twice.transport.current()
    monkeypatch.setattr(type(twice.transport), "stage", full)
    with pytest.raises(OperatorError, match="No space left"):
        await back(twice)
    assert await twice.transport.current() == before
    assert await twice.transport.intent() is None


async def test_kill_9_at_any_moment_of_an_apply_and_of_a_rollback(twice, tmp_path, monkeypatch):
    """However far either came before it was killed, the disk is whole and the next rollback succeeds."""
    moments = []

    def photograph():
        folder = tmp_path / f"moment-{len(moments)}"
        shutil.copytree(twice.root, folder, symlinks=True)
        moments.append((folder, twice.switch.memory))

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

    twice.change_flow()
    with monkeypatch.context() as patch:
        patch.setattr(durable, "write", written)
        for name in ("stage", "flip", "intend", "record"):
            patch.setattr(type(twice.transport), name, after(getattr(type(twice.transport), name)))
        patch.setattr(type(twice.switch), "_load", after(type(twice.switch)._load))
        await twice.apply()
        await back(twice)
    assert len(moments) > 24
    for folder, memory in moments:
        shutil.rmtree(twice.root)
        shutil.copytree(folder, twice.root, symlinks=True)
        twice.switch.memory = memory
        assert (twice.current / "manifest.json").is_file()
        await back(twice)
        disk = await release.read(twice.transport)
        assert disk.edited == ()
        assert not memory_difference(twice.switch.memory, disk.observable())
        await twice.assert_clean()
