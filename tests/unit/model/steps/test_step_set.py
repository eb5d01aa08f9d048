"""set: its ways out, its ends and what it changes."""

from cctoolkit.model import build

RAW = {"language": "pl", "priority": 0, "card": {"topic": "returns"}, "next": {"done": "d"}}


def test_set():
    """What is written is set, a priority of 0 too; there is one way on."""
    step = build.step({"type": "set", **RAW})
    assert [(edge.guard.label, edge.target) for edge in step.edges()] == [("done", "d")]
    assert step.sets() == (("language", "pl"), ("priority", "0"), ("card.topic", "returns"))
    assert (step.ends(), step.needs_answer) == ((), False)
    assert build.step({"type": "set", "next": {"done": "d"}}).sets() == ()
