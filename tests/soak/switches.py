"""What Asterisk's end, or the end of a disk, comes to in the middle of a command."""

from random import Random

from tests.live.test_change_under_calls import ON_ORDERS, ON_SUPPORT, PAUSED, REASONS, Crowd, until
from tests.soak import kills
from tests.soak.change import MOVED, held
from tests.soak.disks import full_disk
from tests.soak.recovery import Colleague
from tests.soak.stage import Stage
from tests.soak.verdict import Cut

Members = dict[tuple[str, str], tuple[str, ...]]


async def log_in(crowd: Crowd) -> None:
    """Log everybody in; four of them are paused."""
    everybody = (*ON_ORDERS, *ON_SUPPORT, "egorova")
    await crowd.line.lab.street.wait_registered(everybody)
    await crowd.dial(dict.fromkeys(everybody, "*11"))
    await crowd.dial(PAUSED)
    await until(crowd.paused, {agent: {REASONS[code]} for agent, code in PAUSED.items()})


def stays(members: Members) -> Members:
    """Return pause and reason of each member: since when, and the log-in, become the moment of the start."""
    return {key: one[:2] for key, one in members.items() if key not in MOVED}


async def disk_taken(stage: Stage, colleague: Colleague, fault: str, stop: int) -> list[Cut]:
    """Let the disk take no more from this place on; nothing where the command has ended before."""
    random = Random(f"{fault}/{stop}")
    now = await kills.case(stage, colleague, random)
    command = random.choice(("apply", "rollback"))
    async with stage.way.working(stop, *await kills.begun(stage, command)) as process:
        place = await process.stopped()
        if not place:
            await stage.back()
            return []
        with full_disk(stage.way.disk, random) if fault == "full" else stage.way.read_only():
            code = await process.go_on()
        where = f"{stage.way.name}: {fault} at place {stop} of {command}, {place}; exit code {code}: {process.said}"
    assert code in {0, 1}, where
    disk = await now.disk()
    assert code == 1 or disk == {"apply": "new", "rollback": "old"}[command], where
    if stage.way.restarts_for == fault:
        assert stays((await held(stage.crowd)).of(now.before).members) == stays(now.before.members), where
    else:
        await stage.check(now.before, where)
    await now.recover(where)
    await now.back()
    return [Cut(f"disk {fault}, {stage.way.name}", place, disk)]


async def asterisk_killed(stage: Stage, colleague: Colleague, stop: int) -> list[Cut]:
    """Kill Asterisk at this place; sometimes it is back before the command goes on. Nothing where that has ended before."""
    random = Random(f"asterisk/{stop}")
    node = stage.line.lab.nodes["n1"]
    now = await kills.case(stage, colleague, random)
    command = random.choice(("apply", "rollback"))
    async with stage.way.working(stop, *await kills.begun(stage, command)) as process:
        place = await process.stopped()
        if not place:
            await stage.back()
            return []
        node.kill9()
        if random.random() < 0.5:
            node.start()
        code = await process.go_on()
        where = (
            f"{stage.way.name}: Asterisk killed at place {stop} of {command}, {place}; exit code {code}: {process.said}"
        )
    node.start()
    disk = await now.disk()
    done = {"apply": "new", "rollback": "old"}[command]
    assert code == 4 or (code, disk) == (0, done), where
    members = (await held(stage.crowd)).of(now.before).members
    assert stays(members) == stays(now.before.members), where
    # One that was back before the disk was put back runs what it found there; the journal says so to the next command.
    assert await stage.node.memory_is_the_disk() or (disk != done and await stage.node.journal()), where
    await now.recover(where)
    await now.back()
    members = (await held(stage.crowd)).of(now.before).members
    assert stays(members) == stays(now.before.members), where
    return [Cut(f"Asterisk killed, {stage.way.name}", place, disk)]
