"""switch: its ways out, its ends and what it needs."""

import pytest

from cctoolkit.model import build
from cctoolkit.model.guard import Match, Otherwise, Share

NEXT = {"otherwise": "o"}


@pytest.mark.parametrize("by", ["caller", "number", "language"])
def test_switch(by):
    """Cases in their order, then otherwise."""
    cases = {"z": {"values": ["1"], "next": "a"}, "a": {"values": ["2", "3"], "next": "b"}}
    step = build.step({"type": "switch", "by": by, "cases": cases, "next": NEXT})
    assert [(edge.guard, edge.guard.label, edge.target) for edge in step.edges()] == [
        (Match("z", by, ("1",)), "case-z", "a"),
        (Match("a", by, ("2", "3")), "case-a", "b"),
        (Otherwise(), "otherwise", "o"),
    ]
    assert (step.ends(), step.needs_answer) == ((), False)


def test_by_share():
    """A share is a chance."""
    cases = {"pilot": {"percent": 20, "next": "a"}}
    step = build.step({"type": "switch", "by": "share", "cases": cases, "next": NEXT})
    assert step.edges()[0].guard == Share("pilot", 20)


def test_by_field():
    """A field of the card is named in the guard, and has no dialplan yet."""
    cases = {"gold": {"values": ["gold"], "next": "a"}}
    step = build.step({"type": "switch", "by": "field", "field": "grade", "cases": cases, "next": NEXT})
    assert step.edges()[0].guard == Match("gold", "field", ("gold",), "grade")
    assert step.unrendered() == "switch by field"
