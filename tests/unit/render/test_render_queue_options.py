"""What app_queue shows in no reply is tried on a live switch, option by option."""

from msgspec.structs import fields

from cctoolkit.model.queue import QueueOptions
from cctoolkit.render.queues import options, render
from cctoolkit.state import conf
from cctoolkit.state.described import OBSERVED_QUEUE
from cctoolkit.workflow import specs
from tests.live import test_impact, test_queue_options

ELSEWHERE = {"context": test_impact.test_other_keys}
"""An option that is no figure but a flow: the keys of who waits."""

OURS = {"title", "shared_with", "skills", "service_level"}
"""What a queue of a spec says to the toolkit and not to app_queue in these words."""


def has_test(option: str) -> bool:
    """Say whether a live test has the option's name."""
    name = "test_" + option.replace("-", "_")
    return option in ELSEWHERE or callable(getattr(test_queue_options, name, None))


def test_every_option_of_a_spec_has_its_live_test():
    """A new option of the spec is rendered, and shown by the switch or tried on it."""
    rendered = {name for name, _ in options(QueueOptions(periodic_announce=("vm-goodbye",)))}
    written = {field.encode_name for field in fields(QueueOptions)} - OURS
    assert written <= rendered
    assert {one for one in written - set(OBSERVED_QUEUE) if not has_test(one)} == set()


def test_every_option_of_the_file_has_its_live_test():
    """So is every line of the file that no spec can set, those of [general] too."""
    text = render([specs.load_project("northwind-hotline").project])
    found = {s.option for s in conf.settings(text, "queues.conf")}
    assert {"context", "wrapuptime", "persistentmembers"} <= found
    assert {one for one in found - set(OBSERVED_QUEUE) if not has_test(one)} == set()
