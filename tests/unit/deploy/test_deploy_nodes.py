import asyncio
import gc
import warnings

import pytest
from msgspec.structs import replace

from cctoolkit.errors import SpecError, SwitchUnreachable
from cctoolkit.workflow import fleet
from cctoolkit.workflow.nodes import each


@pytest.fixture
def nodes(loaded):
    """Five nodes."""
    return [replace(loaded.site.nodes[0], id=f"n{number}") for number in range(1, 6)]


async def test_so_many_nodes_are_asked_at_once(nodes):
    """No more and no fewer; the answers stand in the order of the site, whoever was first."""
    now, most = set(), set()

    async def ask(node):
        now.add(node.id)
        most.add(len(now))
        for _ in range(3 if node.id == "n1" else 1):
            await asyncio.sleep(0)
        now.remove(node.id)
        return node.id.upper()

    assert list((await each(nodes, ask, at_once=2)).items()) == [(f"n{n}", f"N{n}") for n in range(1, 6)]
    assert max(most) == 2


async def test_a_node_that_is_away_hides_no_other(nodes):
    """Its error stands in its place; of one alone, or when the spec is wrong, it is raised as it is."""
    error = SwitchUnreachable("no answer")

    async def ask(node):
        if node.id == "n2":
            raise error
        return True

    assert await each(nodes[:3], ask) == {"n1": True, "n2": error, "n3": True}
    with pytest.raises(SwitchUnreachable):
        await each(nodes[1:2], ask)

    async def wrong(_node):
        raise SpecError("3 mistakes")

    with pytest.raises(SpecError):
        await each(nodes, wrong)


async def test_an_interruption_before_the_first_look_leaves_nothing_behind(loaded, nodes):
    """Ctrl-C in the moment in which the looks begin: none of them has begun, and Python has nothing to complain of."""
    begun = []

    async def plan(node):
        begun.append(node.id)

    task = asyncio.create_task(fleet.looked(loaded, nodes, plan))
    asyncio.get_running_loop().call_soon(task.cancel)
    with warnings.catch_warnings(record=True) as heard:
        with pytest.raises(asyncio.CancelledError):
            await task
        gc.collect()
    assert (begun, heard) == ([], [])
