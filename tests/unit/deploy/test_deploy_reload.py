"""The switch is made to read what has changed, and everything where memory is not known."""

import pytest
from msgspec.structs import replace

from tests.unit.deploy.test_deploy_apply import RELOADS

QUEUES, PHONES, DIALPLAN = RELOADS


def a_queue(node):
    queues = {name: replace(queue, weight=7) for name, queue in node.project.queues.items()}
    node.change(queues=queues)


def a_trunk(node):
    site = node.loaded.site
    trunks = tuple(replace(trunk, codecs=("ulaw",)) for trunk in site.trunks)
    node.loaded = replace(node.loaded, site=replace(site, trunks=trunks))


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (lambda node: node.change_flow(), [DIALPLAN]),
        (a_queue, [QUEUES, DIALPLAN]),
        (a_trunk, [PHONES, DIALPLAN]),
    ],
    ids=["flow", "queue", "trunk"],
)
async def test_only_what_has_changed_is_loaded(node, change, wanted):
    """The dialplan always is, since the entry file carries the release."""
    await node.apply()
    node.switch.log.clear()
    change(node)
    await node.apply()
    assert node.switch.log == wanted
    assert (await node.plan()).empty


async def test_everything_is_loaded_where_memory_differs(node):
    """A queue somebody changed at run time is put right by a change of the flow too."""
    await node.apply()
    node.switch.memory = type(node.switch.memory).of(
        replace(s, value="99") if s.option == "weight" else s for s in node.switch.memory
    )
    node.switch.log.clear()
    node.change_flow()
    await node.apply()
    assert node.switch.log == RELOADS
    assert (await node.plan()).empty


async def test_everything_is_loaded_after_an_edit_by_hand(node):
    """What the edited file made of memory nobody knows."""
    await node.apply()
    (node.current / "pjsip.conf").write_text("")
    node.switch.log.clear()
    node.change_flow()
    await node.apply(overwrite_edits=True)
    assert node.switch.log == RELOADS
