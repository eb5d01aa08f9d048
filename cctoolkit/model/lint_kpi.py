"""Rules of the `kpi` section that no schema can say."""

from collections.abc import Iterator

from cctoolkit.model.build import Parts
from cctoolkit.model.words import seconds
from cctoolkit.spec.builder import Route
from cctoolkit.spec.problem import Problem, did_you_mean, one_of
from cctoolkit.spec.source import Document


def targets(parts: Parts, document: Document) -> Iterator[Problem]:
    """Targets are of queues that are defined, say something, and can be met."""
    kpi = document.data.get("kpi") if isinstance(document.data, dict) else None
    if not isinstance(kpi, dict):
        return
    by_queue = kpi.get("by_queue")
    groups: list[tuple[Route, object]] = [(("kpi", "targets"), kpi.get("targets"))]
    for queue, group in by_queue.items() if isinstance(by_queue, dict) else ():
        groups.append((("kpi", "by_queue", queue), group))
        known = parts.names["queues"]
        if queue not in known:
            yield Problem("unknown-queue", f'there is no queue "{queue}"', document.file,
                          document.mark(("kpi", "by_queue", queue), key=True),
                          one_of(known) or "a queue that is defined", did_you_mean(queue, known))  # fmt: skip
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
