"""play: its ways out, its ends and what it needs."""

from cctoolkit.model import build

RAW = {"prompts": ["a", "b/c"], "next": {"done": "x"}}


def test_play():
    """A prompt is played to the caller, who must be answered, and the call goes on."""
    step = build.step({"type": "play", **RAW})
    assert [(edge.guard.label, edge.target) for edge in step.edges()] == [("done", "x")]
    assert step.ends() == ()
    assert step.needs_answer
    assert step.sounds() == ("a", "b/c")
