"""apply, rollback and the word that confirms are cut off at every step, on a full line, over files and over ssh: killed with
signal 9, or by a disk that takes no more. The node is wholly the old or wholly the new release, nobody notices, and
whoever comes next, from whatever machine, carries on.

Seeds come from CCTOOLKIT_SEEDS ("1-20", "7", "1-3,9"); see `kills.stop_of` for which place is whose.
"""

import asyncio
import os
from collections.abc import Iterator

import pytest

from tests.live.conftest import Line
from tests.live.test_change_under_calls import Crowd
from tests.soak import kills, switches, ways
from tests.soak.disks import own_disk
from tests.soak.recovery import Colleague
from tests.soak.stage import SEEDS, Stage
from tests.soak.test_traffic_seeds import seeds
from tests.soak.verdict import Cut

pytestmark = pytest.mark.soak

EVERY = {"apply": 8, "rollback": 8, "trial": 15, "confirm": 1, "full": 8, "read-only": 8}
"""Twenty seeds try every so many-th place."""

NUMBERS = seeds(os.environ.get("CCTOOLKIT_SEEDS", f"1-{SEEDS}"))


@pytest.fixture(scope="module")
def crowd(line: Line) -> Iterator[Crowd]:
    """The line, full, on a small disk."""
    with own_disk(line.lab.nodes["n1"], "-t", "tmpfs", "-o", "size=8m,mode=0755", "tmpfs"), kills.full(line) as found:
        asyncio.run(Stage.on(found, ways.Local(line)).prepare())
        yield found


@pytest.fixture(scope="module", params=["local", "ssh"])
def stage(crowd: Crowd, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The full line on each of the ways; each test leaves it as it was."""
    with ways.way(request.param, crowd.line, tmp_path_factory.mktemp("way")) as way:
        yield Stage.on(crowd, way)


@pytest.mark.parametrize("seed", NUMBERS)
@pytest.mark.parametrize("command", ["apply", "rollback", "trial", "confirm"])
async def test_a_command_is_killed(
    stage: Stage, colleague: Colleague, cuts: list[Cut], command: str, seed: int
) -> None:
    """Killed with signal 9: the disk is the old release or the new one, every call in one generation, places, log-ins,
    pauses and reasons as they were; the next command, apply or rollback, does it. A release on trial is not confirmed by
    that.
    """
    cuts += await kills.killed(stage, colleague, command, kills.stop_of(stage, command, seed, EVERY[command]))


@pytest.mark.parametrize("seed", NUMBERS)
@pytest.mark.parametrize("fault", ["full", "read-only"])
async def test_the_disk_takes_no_more(
    stage: Stage, colleague: Colleague, cuts: list[Cut], fault: str, seed: int
) -> None:
    """The node's disk fills up, or turns read-only: the command ends with 0 or 1 and says why, disk and memory are one
    release; with room again the next command does it.
    """
    cuts += await switches.disk_taken(stage, colleague, fault, kills.stop_of(stage, fault, seed, EVERY[fault]))
