"""Test calls go where the graph says."""

from collections.abc import Iterator

from cctoolkit.verify.checks import Evidence, Finding


def judge(evidence: Evidence) -> Iterator[Finding]:
    """One finding a route, one for each way out no call can take (bad unless that is as it should be), and how many of
    all ways out calls took.
    """
    taken: set[tuple[str, str, bool]] = set()
    for tried in evidence.calls:
        subject = f"{tried.route.at:%Y-%m-%d %H:%M} UTC {_shown(tried.route.path)}"
        good = not tried.failure and tried.path == tried.route.path
        if good:
            taken.update((turn.step, turn.label, turn.forced) for turn in tried.route.turns)
        forced = ", ".join(turn.step for turn in tried.route.turns if turn.forced)
        there = f"went there, forced at {forced}" if forced else "went there"
        text = there if good else tried.failure or f"went {_shown(tried.path)}"
        yield Finding("routes", subject, good, text)
    for way in evidence.uncovered:
        yield Finding("routes", f"{way.step}: {way.label}", way.idle, f"not called: {way.reason}")
    if evidence.calls:
        yield _coverage(evidence, taken)


def _coverage(evidence: Evidence, taken: set[tuple[str, str, bool]]) -> Finding:
    """Say how much of the flow the calls went; what was forced is named, since nobody has seen it happen."""
    asked = {(turn.step, turn.label) for tried in evidence.calls for turn in tried.route.turns}
    asked |= {(way.step, way.label) for way in evidence.uncovered if not way.idle}
    steps = {step for step, _ in asked}
    text = f"{len(taken)} of {len(asked)} ways out of {len(steps)} steps taken"
    forced: dict[str, list[str]] = {}
    for step, label, told in sorted(taken):
        if told:
            forced.setdefault(step, []).append(label)
    if forced:
        named = "; ".join(f"{step}: {', '.join(labels)}" for step, labels in forced.items())
        text += f", {sum(map(len, forced.values()))} of them forced ({named})"
    return Finding("routes", "coverage", len(taken) == len(asked), text)


def _shown(path: tuple[tuple[str, str], ...]) -> str:
    return ", ".join(f"{step}: {label}" for step, label in path)
