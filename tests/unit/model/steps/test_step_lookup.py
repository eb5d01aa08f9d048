"""lookup: its ways out, its ends and what it needs."""

from cctoolkit.model import build

RAW = {"next": {"found": "a", "not_found": "b"}}


def test_lookup():
    """The CRM answers one of three; no answer is as not found when nothing else is written."""
    step = build.step({"type": "lookup", **RAW})
    assert [(edge.guard.label, edge.target) for edge in step.edges()] == [
        ("crm-found", "a"),
        ("crm-not-found", "b"),
        ("crm-failed", "b"),
    ]
    assert (step.ends(), step.needs_answer, step.unrendered()) == ((), False, "lookup")
