"""Test calls go where the graph says."""

from collections.abc import Iterator

from cctoolkit.verify.checks import Evidence, Finding


def judge(evidence: Evidence) -> Iterator[Finding]:
    """One finding a route, and one for each way out no call can take: bad unless that is as it should be."""
    for tried in evidence.calls:
        subject = f"{tried.route.at:%Y-%m-%d %H:%M} UTC {_shown(tried.route.path)}"
        good = not tried.failure and tried.path == tried.route.path
        chosen = ", ".join(turn.step for turn in tried.route.turns if turn.chance)
        there = f"went there, chance forced at {chosen}" if chosen else "went there"
        text = there if good else tried.failure or f"went {_shown(tried.path)}"
        yield Finding("routes", subject, good, text)
    for way in evidence.uncovered:
        yield Finding("routes", f"{way.step}: {way.label}", way.idle, f"not called: {way.reason}")


def _shown(path: tuple[tuple[str, str], ...]) -> str:
    return ", ".join(f"{step}: {label}" for step, label in path)
