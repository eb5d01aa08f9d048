"""What a report is made of: the project as its readers know it, the figures, and the calls when they are
few.
"""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from cctoolkit.cdr.records import CallRecord
from cctoolkit.cdr.store import Store
from cctoolkit.errors import SpecError, ToolkitBug
from cctoolkit.kpi.contacts import call_ids, releases
from cctoolkit.kpi.figure import Figure, Targets, discover
from cctoolkit.kpi.interval import Window
from cctoolkit.kpi.query import figures

CALL_LIST_LIMIT = 200
"""A longer list of calls is left out of the page: it is read by nobody and printed by somebody."""

_METRICS = (
    "service_level", "average_wait", "longest_wait", "offered", "outcomes", "short_abandons", "near_target",
)  # fmt: skip


class Subject(msgspec.Struct, frozen=True):
    """The project as a report shows it: id, title, client, targets.

    `formulas` names the variant of a metric the project chose (the metric's default otherwise);
    `queue_titles` what a queue's id is called.
    """

    project: str
    title: str
    client: str
    targets: Targets
    formulas: Mapping[str, str] = {}
    queue_titles: Mapping[str, str] = {}

    def formula(self, metric: str) -> str:
        """Return the variant of the metric this project reports. Raises SpecError for one that does not
        exist.
        """
        variants = [variant.name for variant in discover()[metric].variants]
        chosen = self.formulas.get(metric, variants[0])
        if chosen not in variants:
            raise SpecError(
                f"{metric} has no formula {chosen!r}", where="kpi", expected=f"one of {', '.join(variants)}"
            )
        return chosen

    def queue_title(self, queue: str) -> str:
        """Return the queue's title, or its id when it has none."""
        return self.queue_titles.get(queue, queue)


class Material(msgspec.Struct, frozen=True):
    """Everything a report says. `figures` are by queue, and of the whole project (`queue` None).

    `releases` are those that let the calls in, in the order they came; `calls` is empty when there are more
    than CALL_LIST_LIMIT, `call_count` says how many there are.
    """

    subject: Subject
    window: Window
    figures: tuple[Figure, ...]
    releases: tuple[str, ...]
    calls: tuple[CallRecord, ...]
    call_count: int

    def value(self, metric: str, queue: str | None, variant: str = "") -> float | None:
        """Return one figure; the variant is the project's choice unless named. Raises ToolkitBug when it is
        missing.
        """
        wanted = (metric, variant or self.subject.formula(metric), queue)
        for figure in self.figures:
            if (figure.metric, figure.variant, figure.queue) == wanted:
                return figure.value
        raise ToolkitBug(f"the report's material lacks {wanted}")

    def count(self, metric: str, queue: str | None, variant: str = "") -> int:
        """Return one figure that is a count."""
        return round(self.value(metric, queue, variant) or 0)

    def queues(self) -> tuple[str, ...]:
        """Return the queues' ids: those with a target in the project's order, then the others."""
        found = dict.fromkeys(target.queue for target in self.subject.targets.queues)
        return tuple(
            found | dict.fromkeys(figure.queue for figure in self.figures if figure.queue is not None)
        )


def gather(store_path: Path, subject: Subject, window: Window) -> Material:
    """Read a report's material from the store. Raises OperatorError when the store cannot be read."""
    found: list[Figure] = []
    for by in ("queue", "project"):
        found += figures(store_path, subject.project, window, (by,), subject.targets, _METRICS)
    count = round(sum(one.value or 0 for one in found if one.metric == "offered" and one.queue is None))
    with Store.read(store_path) as store:
        released = releases(store, subject.project, window)
        ids = call_ids(store, subject.project, window) if count <= CALL_LIST_LIMIT else ()
        calls = tuple(call for call in map(store.get, ids) if call is not None)
    return Material(subject, window, tuple(found), released, calls, count)
