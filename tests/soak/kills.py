"""What a kill of an apply comes to, on whatever way the node is reached."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from tests.live.conftest import Line
from tests.live.test_change_under_calls import Crowd, until
from tests.soak.change import held
from tests.soak.stage import SEEDS, Stage, clear, patient
from tests.soak.verdict import Cut


@contextmanager
def full(line: Line) -> Iterator[Crowd]:
    """Yield the crowd of a full line. After all of it the calls are up still; each, those of the kills too, has gone its
    way in one generation.
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


async def try_all(stage: Stage, seed: int, every: int = SEEDS) -> list[Cut]:
    """Kill an apply at each place that is this seed's: that of its number, and every so many from there."""
    return [await killed(stage, stop, Random(f"{seed}/{stop}")) for stop in range(seed, len(stage.places) + 1, every)]


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
