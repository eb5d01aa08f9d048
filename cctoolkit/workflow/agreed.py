"""What a project's spec has agreed about its figures, as the figures take it."""

from collections.abc import Iterator

import msgspec

from cctoolkit.kpi.figure import Limits, Target, Targets
from cctoolkit.model.kpi import QueueTargets, ShareTarget, TimeTarget
from cctoolkit.model.project import Project
from cctoolkit.model.words import seconds


def targets(project: Project) -> Targets:
    """Return the targets and formulas of a project."""
    levels = tuple(
        Target(name, seconds(queue.service_level.within), queue.service_level.target_ratio)
        for name, queue in project.queues.items()
    )
    kpi = project.kpi
    limits = dict(_limits(kpi.targets, ""))
    for queue, group in kpi.by_queue.items():
        limits |= _limits(group, queue)
    return Targets(levels, seconds(kpi.short_abandon), limits, msgspec.structs.asdict(kpi.formulas))


def _limits(group: QueueTargets, queue: str) -> Iterator[tuple[tuple[str, str], Limits]]:
    for figure, target in msgspec.structs.asdict(group).items():
        if target.at_least is None and target.at_most is None:
            continue
        if isinstance(target, ShareTarget):
            yield (figure, queue), Limits(target.at_least, target.at_most)
        elif isinstance(target, TimeTarget):
            yield (figure, queue), Limits(_seconds(target.at_least), _seconds(target.at_most))


def _seconds(duration: str | None) -> float | None:
    return None if duration is None else seconds(duration)
