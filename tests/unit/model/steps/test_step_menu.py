"""menu: its ways out, its ends and what it needs."""

from cctoolkit.model import build

RAW = {"prompts": ["a"], "keys": {"1": "x", "*": "y", "#": "z"}, "next": {"timeout": "t", "invalid": "i"}}


def test_menu():
    """Each key is a way out under a name that an extension can have; then silence and wrong keys."""
    step = build.step({"type": "menu", **RAW})
    assert [(edge.guard.label, edge.target) for edge in step.edges()] == [
        ("key-hash", "z"),
        ("key-star", "y"),
        ("key-1", "x"),
        ("timeout", "t"),
        ("invalid", "i"),
    ]
    assert step.ends() == ()
    assert (step.tries(), step.sounds(), step.needs_answer) == (3, ("a",), True)
