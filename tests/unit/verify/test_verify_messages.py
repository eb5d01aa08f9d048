"""What verify says of messages, case by case."""

import pytest

from cctoolkit.state.settings import NodeState
from cctoolkit.verify.checks import Evidence, Mailing
from cctoolkit.verify.checks.messages import judge

TO = "hotline@centre.example"


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (Mailing({}), []),
        (Mailing({}, unseen="not looked at"), [("recordings", False, "not looked at")]),
        (Mailing({"night": True}), [("night: recordings", True, "what test calls said is on the node")]),
        (Mailing({"night": False}), [("night: recordings", False, "nothing of what test calls said is on the node")]),
        (Mailing({}, (TO,)), [(f"mail to {TO}", True, "the relay takes it")]),
        (Mailing({}, (TO,), refused={TO: "550 no"}), [(f"mail to {TO}", False, "550 no")]),
        (Mailing({}, unasked="not asked"), [("the mail relay", True, "not asked")]),
        # A relay that could not be asked said nothing of anybody.
        (Mailing({}, (TO,), relay="relay x:25: timed out"), [("the mail relay", False, "relay x:25: timed out")]),
    ],
)
def test_each_finding(seen, said):
    """A finding a step, one an address, or one for the relay."""
    nothing = NodeState.of([])
    found = judge(Evidence(nothing, nothing, (), (), mailing=seen))
    assert [(one.subject, one.good, one.text) for one in found] == said


def test_what_waits_too_long_is_a_fault():
    """With what to look at."""
    nothing = NodeState.of([])
    [found] = judge(Evidence(nothing, nothing, (), (), mailing=Mailing({}, late=2)))
    assert not found.good
    assert found.text.startswith("2 wait too long: is `cctoolkit messages send` running?")
