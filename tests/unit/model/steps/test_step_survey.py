"""survey: its ways out, its ends and what it needs."""

from cctoolkit.model import build

RAW = {"prompts": ["a"], "thanks": ["b"], "next": {"done": "d"}}


def test_survey():
    """A score is given or not; no score goes on as a score does when nothing else is written."""
    step = build.step({"type": "survey", **RAW})
    assert [(edge.guard.label, edge.target) for edge in step.edges()] == [("survey-done", "d"), ("survey-none", "d")]
    assert (step.ends(), step.tries(), step.sounds(), step.needs_answer) == ((), 2, ("a", "b"), True)
