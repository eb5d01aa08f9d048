"""Asterisk is killed in the middle of an apply and comes back: it runs wholly the old or wholly the new release, its agents
are logged in and paused as they were, and the next apply carries on.

Seeds come from CCTOOLKIT_SEEDS ("1-20", "7", "1-3,9"): each tries a twentieth of an apply's places.
"""

import asyncio
import os
from random import Random

import pytest

from tests.live.conftest import Line
from tests.live.test_change_under_calls import ON_ORDERS, ON_SUPPORT, PAUSED, REASONS, Crowd, until
from tests.soak.change import held
from tests.soak.stage import SEEDS, Stage, patient
from tests.soak.test_traffic_seeds import seeds
from tests.soak.verdict import Cut
from tests.soak.ways import Local

pytestmark = pytest.mark.soak


@pytest.fixture(scope="module")
def stage(line: Line) -> Stage:
    """The line with its agents logged in, four of them paused, and no calls, which a crash would end anyway."""
    crowd = patient(line)
    asyncio.run(_log_in(crowd))
    found = Stage.on(crowd, Local(line))
    asyncio.run(found.prepare())
    return found


async def _log_in(crowd: Crowd) -> None:
    everybody = (*ON_ORDERS, *ON_SUPPORT, "egorova")
    await crowd.line.lab.street.wait_registered(everybody)
    await crowd.dial(dict.fromkeys(everybody, "*11"))
    await crowd.dial(PAUSED)
    await until(crowd.paused, {agent: {REASONS[code]} for agent, code in PAUSED.items()})


@pytest.mark.parametrize("seed", seeds(os.environ.get("CCTOOLKIT_SEEDS", f"1-{SEEDS}")))
async def test_asterisk_is_killed(stage: Stage, cuts: list[Cut], seed: int) -> None:
    """Killed with signal 9 at a place of an apply, which ends with 4, or with 0 if it had nothing more to ask."""
    for stop in range(seed, len(stage.places) + 1, SEEDS):
        cut = await killed(stage, stop, Random(f"asterisk/{seed}/{stop}"))
        cuts.append(cut)


async def killed(stage: Stage, stop: int, random: Random) -> Cut:
    """Kill Asterisk at this place; sometimes it is back before the apply goes on."""
    node = stage.line.lab.nodes["n1"]
    before, old = await held(stage.crowd), await stage.node.files()
    stage.write(stage.new)
    new = stage.node.config()
    async with stage.way.applying(stop) as process:
        place = await process.stopped()
        assert place, f"ended before place {stop}: {process.said}"
        node.kill9()
        if random.random() < 0.5:
            node.start()
        code = await process.go_on()
        where = f"Asterisk killed at place {stop}, {place}; exit code {code}: {process.said}"
    disk = await stage.node.on_disk(old, new)
    assert code == 4 or (code, disk) == (0, "new"), where
    node.start()
    now = (await held(stage.crowd)).of(before)
    assert stays(now.members) == stays(before.members), where
    # One that was back before the disk was put back runs what it found there; the journal says so to the next apply.
    assert await stage.node.memory_is_the_disk() or (disk == "old" and await stage.node.left_over()), where
    if random.random() < 0.5:
        await stage.done()
    await stage.back()
    assert stays((await held(stage.crowd)).of(before).members) == stays(before.members), where
    return Cut("Asterisk killed", place, disk)


def stays(members: dict[tuple[str, str], tuple[str, ...]]) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return pause and reason of each member: since when, and the log-in, become the moment of the start."""
    return {key: one[:2] for key, one in members.items()}
