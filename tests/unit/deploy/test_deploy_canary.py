import json

import pytest

from cctoolkit.errors import Busy, UsageError
from cctoolkit.verify.checks import Finding
from cctoolkit.workflow import fleet, verify

VERIFIED = fleet.How(verify_canary=True)


@pytest.fixture
def placed(applied, monkeypatch):
    """What is found by each run of test calls: whether somebody else could have come in between."""
    found = []

    async def calls(*_what):
        try:
            async with applied.transport.lock():
                found.append("free")
        except Busy as error:
            found.append(error.what)
        return (Finding("dialplan", "it", True, "as it should be"),)

    monkeypatch.setattr(verify, "verify_node", calls)
    return found


async def test_a_canary_is_verified_as_verify_does(applied, placed):
    """Nobody else is at work there meanwhile, and its history has the verdict."""
    done = await fleet.apply(await fleet.plan(applied.loaded), VERIFIED, applied.said.append)
    assert (done.changed, done.errors) == (["n1"], {})
    (held,) = placed
    assert f"verify of {applied.project.id}" in held
    verdict = json.loads((await applied.transport.history())[-1])
    assert (verdict["verb"], verdict["good"], verdict["folder"]) == ("verify", 1, await applied.transport.current())


async def test_a_canary_that_is_not_asked_for_is_wrong_usage(applied):
    """--node and --canary contradict: no other node goes first in silence."""
    planned = await fleet.plan(applied.loaded)
    with pytest.raises(UsageError, match="the site has no node 'n9'"):
        await fleet.apply(planned, fleet.How(canary="n9"), print)
    with pytest.raises(UsageError, match="the canary n1 is none of the nodes asked for"):
        await fleet.apply(fleet.Fleet(planned.loaded, ()), fleet.How(canary="n1"), print)
