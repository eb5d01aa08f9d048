from contextlib import asynccontextmanager

import pytest
from msgspec.structs import replace

from cctoolkit.errors import Refused, SwitchUnreachable
from cctoolkit.workflow import drift, fleet, history, reach, rollback, switch

CHANGED = Refused("the host's key has changed", where="node n2", next_step="find out why")


@pytest.fixture
def two(applied, monkeypatch):
    """A site of two nodes; reaching the second one fails with what a test says."""
    first = applied.loaded.site.nodes[0]
    applied.loaded = replace(applied.loaded, site=replace(applied.loaded.site, nodes=(first, replace(first, id="n2"))))
    monkeypatch.setattr(drift, "load_site", lambda _name: applied.loaded)

    def fails(error):
        @asynccontextmanager
        async def transport(node):
            if node.id == "n2":
                raise error
            async with reach.transport(node) as there:
                yield there

        for module in (switch, rollback, history, drift):
            monkeypatch.setattr(module, "transport", transport)
        return applied

    return fails


def commands(node):
    """What looks at all nodes of a site before it does anything."""
    return (
        fleet.plan(node.loaded),
        rollback.plan_rollback(node.loaded, "0123456789ab"),
        history.histories(node.loaded),
        drift.drift_site("s"),
    )


async def test_a_host_whose_key_has_changed_is_not_away(two):
    """It may be another host: each command is refused as a whole, with exit code 1, and touches nobody."""
    node = two(CHANGED)
    for command in commands(node):
        with pytest.raises(Refused, match="the host's key has changed") as caught:
            await command
        assert caught.value.exit_code == 1
    assert len(await node.transport.history()) == 1


async def test_a_host_that_does_not_answer_is_away(two):
    """It keeps nobody from the others; and a rollback says how it follows later."""
    node = two(SwitchUnreachable("no answer", where="node n2"))
    planned = await fleet.plan(node.loaded)
    assert [one.node.id for one in planned.away] == ["n2"]
    assert (await history.histories(node.loaded))["n2"].away == "node n2: no answer"
    assert (await drift.drift_site("s"))["n2"].away == "node n2: no answer"
    how = fleet.How(catch_up=rollback.CATCH_UP)
    done = await fleet.apply(planned, how, node.said.append)
    assert [(one.node, one.state) for one in done.outcomes] == [("n1", "applied"), ("n2", "away")]
    assert done.outcomes[1].next_step == "when it is there, cctoolkit rollback --node n2 does the same there"
    assert done.exit_code == 4
