import contextlib
import re

import pytest
from msgspec.structs import replace

from cctoolkit.render import dialplan, queues
from cctoolkit.render.configset import render
from cctoolkit.workflow import specs


@pytest.fixture(scope="module")
def loaded():
    """The thin project of the tests on the site of documentation addresses."""
    with contextlib.chdir("tests/thin"):
        return specs.load_site("site.yaml")


def test_a_queue_option_changes_no_context(loaded):
    """Signatures and calls survive a changed queue: the generation stays, the release does not."""
    project = loaded.projects[0]
    queue = replace(project.queues["orders"], retry="9s")
    changed = replace(project, queues={**project.queues, "orders": queue})
    assert dialplan.generation(changed).digest == dialplan.generation(project).digest
    node = loaded.site.nodes[0]
    one, two = (render(loaded.site, node, (p,)) for p in (project, changed))
    assert one.release != two.release


def test_a_changed_flow_is_a_new_generation(loaded):
    """A prompt more, and every context has another name."""
    project = loaded.projects[0]
    night = replace(project.flow["night"], prompts=("vm-goodbye",))
    changed = replace(project, flow={**project.flow, "night": night})
    assert dialplan.generation(changed).digest != dialplan.generation(project).digest


def test_the_release_stands_in_the_entry_file_alone(loaded):
    """The id is on every channel, and in one file."""
    config = render(loaded.site, loaded.site.nodes[0], loaded.projects)
    assert [path for path, text in config.files.items() if config.release in text] == ["extensions.conf"]


def test_the_canary_changes_with_any_option(loaded):
    """Whatever differs above it, the last queue's service level differs."""

    def canary(shape):
        project = loaded.projects[0]
        text = queues.render((replace(project, queues={**project.queues, "orders": shape}),))
        return re.findall(r"servicelevel = (\d+)", text)[-1]

    orders = loaded.projects[0].queues["orders"]
    shapes = (orders, replace(orders, retry="9s"), replace(orders, musicclass="jazz"))
    assert len({canary(shape) for shape in shapes}) == 3


def test_a_twin_takes_one_test_call(loaded):
    """The shadow queue is its queue but for its length, so that a second test call finds it full."""
    found = queues.sections(loaded.projects)
    queue, twin = found["northwind-hotline.orders"], found["northwind-hotline.orders--test"]
    assert {**queue, "maxlen": "1"} == twin


def test_a_twin_without_agents_is_not_joined(loaded):
    """A queue that callers join though nobody is there has a twin they do not join: the way out is in the flow, and called."""
    project = loaded.projects[0]
    orders = replace(project.queues["orders"], joinempty=True)
    found = queues.sections((replace(project, queues={**project.queues, "orders": orders}),))
    queue, twin = found["northwind-hotline.orders"], found["northwind-hotline.orders--test"]
    assert (queue["joinempty"], twin["joinempty"]) == ("yes", "unavailable,invalid")


def test_an_agent_without_certification_joins_no_queue(loaded):
    """Not certified, not put on the line."""
    project = loaded.projects[0]
    fresh = replace(project, agents=tuple(replace(a, certified=None) for a in project.agents))
    (one,) = dialplan.memberships((project,), "petrov")
    assert (one.queue, one.penalty, str(one.since)) == ("northwind-hotline.orders", 1, "2026-10-12")
    assert dialplan.memberships((fresh,), "petrov") == []
