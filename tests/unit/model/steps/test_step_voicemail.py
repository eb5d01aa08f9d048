"""voicemail: its ways out, its ends and what it needs."""

from cctoolkit.model import build

RAW = {"prompts": ["a"], "next": {"done": "d"}}


def test_voicemail():
    """Ways out that are not given go the way of the first; the call must be answered."""
    step = build.step({"type": "voicemail", **RAW})
    assert [(edge.guard.label, edge.target) for edge in step.edges()] == [
        ("voicemail-done", "d"),
        ("voicemail-too-short", "d"),
    ]
    assert step.ends() == ("message-left",)
    assert step.refers() == ()
    assert step.needs_answer
