"""The switch runs what the spec says: dialplan line by line, queues and phones as far as they can be asked for."""

from collections.abc import Iterator

from cctoolkit.plan.changes import memory_difference
from cctoolkit.verify.checks import Evidence, Finding


def judge(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each setting that differs, or one that all agree."""
    different = memory_difference(evidence.memory, evidence.wanted)
    for change in different:
        yield Finding(
            "memory",
            f"{change.kind} {change.name} {change.option}",
            False,
            f"is {change.old}, should be {change.new}",
        )
    if not different:
        yield Finding("memory", f"{len(evidence.wanted.settings)} settings", True, "the switch runs what the spec says")
