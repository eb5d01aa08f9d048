"""queue: its ways out, its ends and what it needs."""

from cctoolkit.model import build

RAW = {"queue": "q", "next": {"timeout": "t", "full": "f"}}


def test_queue():
    """A full queue and one without agents go the way of the time-out when nothing else is written."""
    step = build.step({"type": "queue", **RAW})
    assert [(edge.guard.label, edge.target) for edge in step.edges()] == [
        ("queue-timeout", "t"),
        ("queue-full", "f"),
        ("queue-no-agents", "t"),
    ]
    assert step.ends() == ("answered", "abandoned")
    assert step.refers() == (("queues", "q"),)
