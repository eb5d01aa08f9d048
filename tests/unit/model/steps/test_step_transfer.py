"""transfer: its ways out, its ends and what it needs."""

from cctoolkit.model import build

RAW = {"trunk": "pbx", "number": "1000", "next": {"busy": "b", "failed": "f"}}


def test_transfer():
    """Ways out that are not given go the way of the first; the call must be answered."""
    step = build.step({"type": "transfer", **RAW})
    assert [(edge.guard.label, edge.target) for edge in step.edges()] == [
        ("transfer-busy", "b"),
        ("transfer-no-answer", "b"),
        ("transfer-failed", "f"),
    ]
    assert step.ends() == ("transferred",)
    assert step.refers() == (("trunks", "pbx"),)
    assert step.needs_answer
