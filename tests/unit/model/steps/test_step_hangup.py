"""hangup: its ways out, its ends and what it needs."""

from cctoolkit.model import build

RAW = {"cause": 17}


def test_hangup():
    """A hangup has no way out: the call ends, with a cause when one is written."""
    step = build.step({"type": "hangup", **RAW})
    assert [(edge.guard.label, edge.target) for edge in step.edges()] == []
    assert step.ends() == ("hangup",)
    assert not step.needs_answer
