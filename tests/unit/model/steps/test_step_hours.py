"""hours: its ways out, its ends and what it needs."""

from cctoolkit.model import build

RAW = {"calendar": "office", "next": {"open": "a", "closed": "b"}}


def test_hours():
    """The calendar answers one of three, a supervisor one more; a holiday and an emergency are as closed when nothing
    else is written.
    """
    step = build.step({"type": "hours", **RAW})
    assert [(edge.guard.label, edge.target) for edge in step.edges()] == [
        ("open", "a"),
        ("closed", "b"),
        ("holiday", "b"),
        ("override", "b"),
    ]
    assert step.ends() == ()
    assert step.refers() == (("calendars", "office"),)
    assert not step.needs_answer
