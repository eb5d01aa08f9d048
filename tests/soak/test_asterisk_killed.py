"""Asterisk is killed in the middle of an apply or a rollback and comes back: it runs wholly the old or wholly the new
release, its agents are logged in and paused as they were, and the next command carries on. Over files and over ssh.

Seeds come from CCTOOLKIT_SEEDS ("1-20", "7", "1-3,9"); see `kills.stop_of` for which place is whose.
"""

import asyncio
from collections.abc import Iterator

import pytest

from tests.live.conftest import Line
from tests.live.test_change_under_calls import Crowd
from tests.soak import kills, switches, ways
from tests.soak.recovery import Colleague
from tests.soak.stage import Stage, patient
from tests.soak.test_cut_off import NUMBERS
from tests.soak.verdict import Cut

pytestmark = pytest.mark.soak

EVERY = 8


@pytest.fixture(scope="module")
def crowd(line: Line) -> Crowd:
    """The line with its agents logged in, four of them paused, and no calls, which a crash would end anyway."""
    found = patient(line)
    asyncio.run(switches.log_in(found))
    asyncio.run(Stage.on(found, ways.Local(line)).prepare())
    return found


@pytest.fixture(scope="module", params=["local", "ssh"])
def stage(crowd: Crowd, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The line on each of the ways; each test leaves it as it was."""
    with ways.way(request.param, crowd.line, tmp_path_factory.mktemp("way")) as way:
        yield Stage.on(crowd, way)


@pytest.mark.parametrize("seed", NUMBERS)
async def test_asterisk_is_killed(
    stage: Stage, tmp_path_factory: pytest.TempPathFactory, cuts: list[Cut], seed: int
) -> None:
    """Killed with signal 9 at a place of a command, which ends with 4, or with 0 if it had nothing more to ask."""
    colleague = Colleague(stage.line, stage.way.site, tmp_path_factory.mktemp("colleague"))
    cuts += await switches.asterisk_killed(stage, colleague, kills.stop_of(stage, "asterisk", seed, EVERY))
