"""apply is killed at every step it takes, on a full line: the node is wholly the old or wholly the new release, nobody
notices, and the next apply carries on.

Seeds come from CCTOOLKIT_SEEDS ("1-20", "7", "1-3,9"): the seed n tries the places n, n + 20, n + 40, … of an apply,
so that twenty seeds try every place.
"""

import asyncio
import os
from collections.abc import Iterator
from random import Random

import pytest

from tests.live.conftest import Line
from tests.live.test_change_under_calls import Crowd, until
from tests.soak import ways
from tests.soak.change import held
from tests.soak.stage import SEEDS, Stage, clear, patient
from tests.soak.test_traffic_seeds import seeds
from tests.soak.verdict import Cut

pytestmark = pytest.mark.soak


WAYS = ("local", "ssh")


@pytest.fixture(scope="module")
def crowd(line: Line) -> Iterator[Crowd]:
    """The line, full. After all of it the calls are up still; each, those of the kills too, has gone its way in one
    generation.
    """
    found = patient(line)
    asyncio.run(found.gather())
    yield found
    assert len(found.calls) - len(found.ended()) == 20
    asyncio.run(clear(found))
    asyncio.run(until(lambda: ends(found), len(found.calls)))
    told: dict[str, set[str]] = {}
    for mark in found.marks():
        if mark.generation:
            told.setdefault(mark.call, set()).add(mark.generation)
    assert {call: len(generations) for call, generations in told.items()} == dict.fromkeys(told, 1)


async def ends(crowd: Crowd) -> int:
    """Return how many calls have ended."""
    return len({mark.call for mark in crowd.marks() if mark.kind == "end"})


@pytest.fixture(scope="module", params=WAYS)
def stage(crowd: Crowd, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The full line on each of the ways; each test leaves it as it was."""
    with ways.way(request.param, crowd.line, tmp_path_factory.mktemp("way")) as way:
        found = Stage.on(crowd, way)
        asyncio.run(found.prepare())
        yield found


@pytest.mark.parametrize("seed", seeds(os.environ.get("CCTOOLKIT_SEEDS", f"1-{SEEDS}")))
async def test_apply_is_killed(stage: Stage, cuts: list[Cut], seed: int) -> None:
    """Killed with signal 9: the disk is the old release or the new one, every call in one generation, places, log-ins,
    pauses and reasons as they were; the next apply, of either spec, does it.
    """
    for stop in range(seed, len(stage.places) + 1, SEEDS):
        cut = await killed(stage, stop, Random(f"{seed}/{stop}"))
        cuts.append(cut)


async def killed(stage: Stage, stop: int, random: Random) -> Cut:
    """Kill an apply of the change at this place, and go on as people would."""
    before, old = await held(stage.crowd), await stage.node.files()
    stage.write(stage.new)
    new = stage.node.config()
    async with stage.way.applying(stop) as process:
        place = await process.stopped()
        assert place, f"ended before place {stop}: {process.said}"
        caller = await stage.probe()
        await process.kill()
        await stage.way.left(place, whole=random.random() < 0.5)
    where = f"{stage.way.name}: killed at place {stop}, {place}"
    disk = await stage.node.on_disk(old, new)
    await stage.check(before, where)
    if random.random() < 0.3:
        async with stage.way.applying(random.randrange(1, len(stage.places) + 1)) as process:
            again = await process.stopped()
            if again:
                await process.kill()
                await stage.way.left(again, whole=random.random() < 0.5)
        where += f"; the next one at {again or 'no place'}"
        await stage.node.on_disk(old, new)
        await stage.check(before, where)
    if random.random() < 0.5:
        await stage.done()
        assert await stage.node.on_disk(old, new) == "new", where
        await stage.check(before, where)
    await stage.back()
    await stage.check(before, where)
    await stage.end(caller, before)
    return Cut(f"apply killed, {stage.way.name}", place, disk)
