"""Rules of the `kpi` section that no schema can say."""

from collections.abc import Iterator

from cctoolkit.model.build import Parts
from cctoolkit.model.lint_words import unknown
from cctoolkit.model.words import seconds
from cctoolkit.spec.builder import Route
from cctoolkit.spec.problem import Problem
from cctoolkit.spec.source import Document


def targets(parts: Parts, document: Document) -> Iterator[Problem]:
    """Targets are of queues that are defined, say something, and can be met."""
    groups: list[tuple[Route, object]] = [(("kpi", "targets"), document.at(("kpi", "targets")))]
    for queue, group in document.mapping("kpi", "by_queue").items():
        groups.append((("kpi", "by_queue", queue), group))
        if queue not in parts.names["queues"]:
            yield unknown(document, ("kpi", "by_queue", queue), "queue", queue, parts.names["queues"], key=True)
    for path, group in groups:
        for figure, target in group.items() if isinstance(group, dict) else ():
            if isinstance(target, dict):
                yield from _bounds((*path, figure), target, document)


def _bounds(path: Route, target: dict[str, object], document: Document) -> Iterator[Problem]:
    if not target:
        yield Problem("target-empty", "a target without a limit", document.file, document.mark(path, key=True),
                      "at_least, at_most or both", "leave it out where there is none")  # fmt: skip
    low, high = _number(target.get("at_least")), _number(target.get("at_most"))
    if low is not None and high is not None and low > high:
        yield Problem("target-impossible", "nothing is at least this and at most that", document.file,
                      document.mark((*path, "at_least")), "at_least no more than at_most")  # fmt: skip


def _number(value: object) -> float | None:
    """Return a share or a duration as a number; what is neither, its schema has reported."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    try:
        return seconds(value) if isinstance(value, str) else None
    except ValueError:
        return None
