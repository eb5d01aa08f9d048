"""As test_cut_off and test_asterisk_killed, on a node that nothing but AMI reaches: whoever died is given up by the store's
lock, and the disk that takes no more is the store's.

There are four times as many places there, most of them alike.
"""

import asyncio
from collections.abc import Iterator

import pytest

from tests.live.ami_node import prepare_for_ami
from tests.live.conftest import Line, expected
from tests.soak import kills, switches
from tests.soak.disks import own_disk
from tests.soak.recovery import Colleague
from tests.soak.stage import Stage
from tests.soak.test_cut_off import NUMBERS
from tests.soak.verdict import Cut
from tests.soak.ways import ByAmi

pytestmark = pytest.mark.soak

EVERY = {"apply": 14, "rollback": 14, "trial": 28, "confirm": 2, "full": 14, "read-only": 14, "asterisk": 14}


@pytest.fixture(scope="module")
def stage(line: Line, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The full line, prepared for AMI, its store on a small disk; each test leaves it as it was."""
    node, disks = line.lab.nodes["n1"], tmp_path_factory.mktemp("disks")
    with own_disk(node, *ByAmi(line, disks).fresh_disk()):
        prepare_for_ami(line.lab)
        # Its site's file is that of a node whose files nobody reaches.
        way = ByAmi(line, disks)
        # Nothing looks at its files, since it has none.
        line.site = way.site
        with kills.full(line) as crowd:
            found = Stage.on(crowd, way)
            asyncio.run(found.prepare())
            yield found
    # What Asterisk says of a disk that takes no more.
    assert all("res_config_sqlite3.c: " in text for text in node.problems() if not expected(text))
    node.messages.write_text("", encoding="utf-8")


@pytest.fixture(scope="module")
def empty(stage: Stage) -> Stage:
    """The same line, when its callers have gone: a restart of Asterisk would end them anyway."""
    asyncio.run(kills.over(stage.crowd))
    return stage


@pytest.mark.parametrize("seed", NUMBERS)
@pytest.mark.parametrize("command", ["apply", "rollback", "trial", "confirm"])
async def test_a_command_is_killed(
    stage: Stage, colleague: Colleague, cuts: list[Cut], command: str, seed: int
) -> None:
    """As over files."""
    cuts += await kills.killed(stage, colleague, command, kills.stop_of(stage, command, seed, EVERY[command]))


@pytest.mark.parametrize("seed", NUMBERS)
async def test_the_store_has_no_room(stage: Stage, colleague: Colleague, cuts: list[Cut], seed: int) -> None:
    """The disk under Asterisk's store fills up; with room again the next command does it."""
    cuts += await switches.disk_taken(stage, colleague, "full", kills.stop_of(stage, "full", seed, EVERY["full"]))


@pytest.mark.parametrize("seed", NUMBERS)
async def test_the_store_turns_read_only(empty: Stage, colleague: Colleague, cuts: list[Cut], seed: int) -> None:
    """The file system under Asterisk's store gives up in its middle; mounted anew, the next command does it."""
    cuts += await switches.disk_taken(
        empty, colleague, "read-only", kills.stop_of(empty, "read-only", seed, EVERY["read-only"])
    )


@pytest.mark.parametrize("seed", NUMBERS)
async def test_asterisk_is_killed(empty: Stage, colleague: Colleague, cuts: list[Cut], seed: int) -> None:
    """Killed with signal 9, between the flip of the store, the reload and what is read back, too."""
    cuts += await switches.asterisk_killed(empty, colleague, kills.stop_of(empty, "asterisk", seed, EVERY["asterisk"]))
