"""What a kill of a command comes to, on whatever way the node is reached."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from tests.live.conftest import Line
from tests.live.test_change_under_calls import Crowd, until
from tests.soak.apply_process import ApplyProcess
from tests.soak.change import held
from tests.soak.recovery import Case, Colleague
from tests.soak.stage import SEEDS, Stage, clear, patient
from tests.soak.verdict import Cut

WAITS = "waits to be confirmed until"


@contextmanager
def full(line: Line) -> Iterator[Crowd]:
    """Yield the crowd of a full line. After all of it the calls are up still; each, those of the kills too, has gone its
    way in one generation.
    """
    found = patient(line)
    asyncio.run(found.gather())
    yield found
    if found.calls:
        asyncio.run(over(found))


async def over(crowd: Crowd) -> None:
    """See that nobody was lost, let all hang up, and see that each call was in one generation."""
    assert len(crowd.calls) - len(crowd.ended()) == 20
    await clear(crowd)
    await until(lambda: ends(crowd), len(crowd.calls))
    told: dict[str, set[str]] = {}
    for mark in crowd.marks():
        if mark.generation:
            told.setdefault(mark.call, set()).add(mark.generation)
    assert {call: len(generations) for call, generations in told.items()} == dict.fromkeys(told, 1)
    crowd.calls.clear()


async def ends(crowd: Crowd) -> int:
    """Return how many calls have ended."""
    return len({mark.call for mark in crowd.marks() if mark.kind == "end"})


def stop_of(stage: Stage, kind: str, seed: int, every: int) -> int:
    """Return a seed's place: twenty seeds try every so many-th one, and so many times twenty try them all. Of each kind the
    first seed begins somewhere else.
    """
    turn, number = divmod(seed - 1, SEEDS)
    first = Random(f"{stage.way.name}/{kind}").randrange(SEEDS)
    return (first + number) % SEEDS * every + turn % every + 1


async def case(stage: Stage, colleague: Colleague, random: Random) -> Case:
    """Return what is now, the old release in force; the spec is then the new one."""
    before, old = await held(stage.crowd), await stage.node.files()
    stage.write(stage.new)
    return Case(stage, colleague, random, before, old, stage.node.config())


async def begun(stage: Stage, command: str) -> tuple[str, ...]:
    """Bring the node to where a command has something to do, and return its words."""
    if command == "rollback":
        assert await stage.run("apply") == 0
        return "rollback", "--to", stage.old_id
    if command == "trial":
        return "apply", "--confirm-within", "1s"
    if command == "confirm":
        async with stage.way.working(0, "apply", "--confirm-within", "30m") as process:
            await until(lambda: _waits(process), True, 60)
            await process.kill()
        return "apply", "--confirm"
    return ("apply",)


async def _waits(process: ApplyProcess) -> bool:
    said = process.said
    assert WAITS in said or not process.over, said
    return WAITS in said


async def killed(stage: Stage, colleague: Colleague, command: str, stop: int) -> list[Cut]:
    """Kill a command at this place, and go on as people would; nothing where it has ended before."""
    random = Random(f"{command}/{stop}")
    now = await case(stage, colleague, random)
    words = await begun(stage, command)
    async with stage.way.working(stop, *words) as process:
        place = await process.stopped()
        if not place:
            assert await process.ended() == (1 if command == "trial" else 0), process.said
            await stage.back()
            return []
        caller = await stage.probe()
        await process.kill()
        await stage.way.left(place, whole=random.random() < 0.5)
    where = f"{stage.way.name}: {command} killed at place {stop}, {place}"
    disk = await now.disk()
    await stage.check(now.before, where)
    if command == "confirm":
        await now.confirm(where)
    elif not await now.answer(where):
        # One that was read back waits for its word, or is gone again.
        assert command != "trial" or disk == "old" or await stage.node.journal() is not None, where
        where += await _again(now)
        await now.recover(where)
    await stage.check(now.before, where)
    await now.back()
    await stage.check(now.before, where)
    await stage.end(caller, now.before)
    return [Cut(f"{command} killed, {stage.way.name}", place, disk)]


async def _again(now: Case) -> str:
    """Let the next one be killed too, of ten times three; return what is to be told of it."""
    stage, random = now.stage, now.random
    if random.random() >= 0.3:
        return ""
    words = random.choice((("apply",), ("rollback", "--to", stage.old_id)))
    async with stage.way.working(random.randrange(1, 120), *words) as process:
        again = await process.stopped()
        if again:
            await process.kill()
            await stage.way.left(again, whole=random.random() < 0.5)
    where = f"; the next one, {words[0]}, at {again or 'no place'}"
    await now.disk()
    await stage.check(now.before, where)
    return where
