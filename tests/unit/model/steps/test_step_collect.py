"""collect: its ways out, its ends and what it needs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cctoolkit.model import build, luhn
from cctoolkit.model.guard import Collected

RAW = {"prompts": ["a"], "wrong": ["b"], "shortest": 2, "longest": 4, "next": {"done": "d", "timeout": "t"}}


def test_collect():
    """Digits, silence and mistakes are the ways out; each digit of each attempt may be waited for."""
    step = build.step({"type": "collect", **RAW})
    assert [(edge.guard.label, edge.target) for edge in step.edges()] == [
        ("done", "d"),
        ("timeout", "t"),
        ("invalid", "t"),
    ]
    assert step.ends() == ()
    assert (step.tries(), step.waits(), step.sounds(), step.needs_answer) == (3, 12, ("a", "b"), True)


@pytest.mark.parametrize(
    ("check", "entered", "good"),
    [
        ("none", "12", True), ("none", "1", False), ("none", "12345", False), ("none", "1*", False), ("none", "", False),
        ("none", "٣٣", False), ("luhn", "18", True), ("luhn", "19", False), ("luhn", "1874", False),
    ],
)  # fmt: skip
def test_what_is_accepted(check, entered, good):
    """Digits of the right length with the right check digit, and nothing else."""
    assert Collected(2, 4, check).accepts(entered) is good


@pytest.mark.parametrize("number", ["4111111111111111", "79927398713", "0"])
def test_luhn(number):
    """Well-known numbers have the right check digit; with any other last digit they have not."""
    assert luhn.valid(number)
    assert [luhn.valid(number[:-1] + last) for last in "0123456789"].count(True) == 1


@given(st.integers(1, 32), st.integers(0, 10), st.sampled_from(["none", "luhn"]))
def test_example_and_mistake(shortest, more, check):
    """The example is accepted and the mistake is not, whatever is collected."""
    guard = Collected(shortest, shortest + more, check)
    assert guard.accepts(guard.example().rstrip("#"))
    assert not guard.accepts(guard.mistake().rstrip("#"))
    assert guard.example().endswith("#") is (more > 0)
