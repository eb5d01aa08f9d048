"""What a proof knows of a project's steps beyond their graph: how long they last, who answers there, what they dial."""

from collections.abc import Mapping
from datetime import date

from msgspec import Struct

from cctoolkit.flow.prove_times import longest_waits
from cctoolkit.model.project import Project


class Staff(Struct, frozen=True):
    """The queue a step waits in, as people call it, and since when somebody may answer there; None is never."""

    queue: str
    since: date | None

    def there(self, day: date) -> bool:
        """Tell whether anybody certified may be on the line on a day."""
        return self.since is not None and self.since <= day


class Facts(Struct, frozen=True):
    """`draft`: the line is not open yet, and may be without people. By step: `waits` in seconds at most, `staff` of its
    queue, `tolls` the outside numbers it dials though the spec does not say that they are meant.
    """

    waits: Mapping[str, int] = {}
    staff: Mapping[str, Staff] = {}
    tolls: Mapping[str, str] = {}
    draft: bool = False


def facts(project: Project) -> Facts:
    """Read them off a project that passed its rules."""
    queues = {name: _staff(project, name) for name in project.queues}
    staff = {
        step: queues[name]
        for step, options in project.flow.items()
        for section, name in options.refers()
        if section == "queues"
    }
    inside = {("trunks", name) for name, trunk in project.trunks.items() if trunk.node}
    tolls = {
        step: options.tolls()
        for step, options in project.flow.items()
        if options.tolls() and inside.isdisjoint(options.refers())
    }
    return Facts(longest_waits(project), staff, tolls, project.project.stage == "draft")


def _staff(project: Project, queue: str) -> Staff:
    days = [one.certified for one in project.agents if one.certified and queue in project.queues_of(one)]
    return Staff(project.queues[queue].title or queue, date.fromisoformat(min(days)) if days else None)
