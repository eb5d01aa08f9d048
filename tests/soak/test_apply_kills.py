"""apply is killed at every step it takes, on a full line: the node is wholly the old or wholly the new release, nobody
notices, and the next apply carries on.

Seeds come from CCTOOLKIT_SEEDS ("1-20", "7", "1-3,9"): the seed n tries the places n, n + 20, n + 40, … of an apply,
so that twenty seeds try every place.
"""

import asyncio
import os
from collections.abc import Iterator

import pytest

from tests.live.conftest import Line
from tests.live.test_change_under_calls import Crowd
from tests.soak import kills, ways
from tests.soak.stage import SEEDS, Stage
from tests.soak.test_traffic_seeds import seeds
from tests.soak.verdict import Cut

pytestmark = pytest.mark.soak


@pytest.fixture(scope="module")
def crowd(line: Line) -> Iterator[Crowd]:
    """The line, full."""
    with kills.full(line) as found:
        yield found


@pytest.fixture(scope="module", params=["local", "ssh"])
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
    cuts += await kills.try_all(stage, seed)
