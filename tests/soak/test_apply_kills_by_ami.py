"""apply is killed on a node that nothing but AMI reaches; otherwise as in test_apply_kills.

It takes four times as many steps there, most of them alike: twenty seeds try every fifth of them.
"""

import asyncio
import os
from collections.abc import Iterator

import pytest

from tests.live.ami_node import prepare_for_ami
from tests.live.conftest import Line
from tests.soak import kills
from tests.soak.stage import SEEDS, Stage
from tests.soak.test_traffic_seeds import seeds
from tests.soak.verdict import Cut
from tests.soak.ways import ByAmi

pytestmark = pytest.mark.soak

EVERY = 5


@pytest.fixture(scope="module")
def stage(line: Line) -> Iterator[Stage]:
    """The full line, prepared for AMI; each test leaves it as it was."""
    prepare_for_ami(line.lab)
    way = ByAmi(line)
    # Nothing looks at its files, since it has none.
    line.site = way.site
    with kills.full(line) as crowd:
        found = Stage.on(crowd, way)
        asyncio.run(found.prepare())
        yield found


@pytest.mark.parametrize("seed", seeds(os.environ.get("CCTOOLKIT_SEEDS", f"1-{SEEDS}")))
async def test_apply_is_killed(stage: Stage, cuts: list[Cut], seed: int) -> None:
    """As in test_apply_kills; whoever died is given up by the store's lock."""
    cuts += await kills.try_all(stage, seed * EVERY, SEEDS * EVERY)
