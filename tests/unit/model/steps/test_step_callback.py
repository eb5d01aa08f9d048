"""callback: its ways out, its ends and what it needs."""

from cctoolkit.model import build

RAW = {"queue": "orders", "prompts": ["a"], "next": {"taken": "t", "refused": "r"}}


def test_callback():
    """The offer is taken or refused; what happens after the call keeps nobody on the line."""
    step = build.step({"type": "callback", **RAW})
    assert [(edge.guard.label, edge.target) for edge in step.edges()] == [
        ("callback-taken", "t"),
        ("callback-refused", "r"),
    ]
    assert step.refers() == (("queues", "orders"),)
    assert (step.ends(), step.elsewhere(), step.sounds(), step.needs_answer) == (
        (),
        ("between", "within"),
        ("a",),
        True,
    )
