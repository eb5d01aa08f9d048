"""What a report is made of: the project as its readers know it, the figures, and the calls when they are
few.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from cctoolkit.cdr.address import Place
from cctoolkit.cdr.records import CallRecord
from cctoolkit.cdr.store import Store
from cctoolkit.cdr.wanted import Wanted
from cctoolkit.errors import ToolkitBug
from cctoolkit.kpi import agent_time
from cctoolkit.kpi.contacts import call_ids, releases
from cctoolkit.kpi.figure import Figure, Targets
from cctoolkit.kpi.interval import Window
from cctoolkit.kpi.overruns import Overrun, overruns
from cctoolkit.kpi.query import figures
from cctoolkit.kpi.sources import Question

CALL_LIST_LIMIT = 200
"""A longer list of calls is left out of the page: it is read by nobody and printed by somebody."""

_METRICS = (
    "service_level", "lost_call_rate", "average_talk", "after_call_work", "average_wait", "short_abandons",
    "longest_wait", "average_handling_time", "offered", "answered", "outcomes", "near_target",
)  # fmt: skip


OVER_TIME = ("offered", "answered", "outcomes", "service_level")


class Subject(msgspec.Struct, frozen=True):
    """The project as a report shows it: id, title, client, targets.

    `queue_titles` and `agent_names` what a queue's and an agent's id
    is called; `agents` are those who may serve the project, None when that is not known; `pause_limits` how many
    seconds a pause may last, by its reason.
    """

    project: str
    title: str
    client: str
    targets: Targets
    queue_titles: Mapping[str, str] = {}
    agents: tuple[str, ...] | None = None
    agent_names: Mapping[str, str] = {}
    pause_limits: Mapping[str, float] = {}

    def formula(self, metric: str) -> str:
        """Return the variant of the metric this project reports."""
        return self.targets.formula(metric)

    def queue_title(self, queue: str) -> str:
        """Return the queue's title, or its id when it has none."""
        return self.queue_titles.get(queue, queue)

    def agent_name(self, agent: str) -> str:
        """Return the agent's name, or the id when there is none."""
        return self.agent_names.get(agent, agent)


class Material(msgspec.Struct, frozen=True):
    """Everything a report says. `figures` are by queue, and of the whole project (`queue` None); `by_time` of
    the project by half hours of a day or by days of a longer period; `by_agent` and `by_reason` of agents.

    `releases` are those that let the calls in, in the order they came; `calls` is empty when there are more
    than CALL_LIST_LIMIT, `call_count` says how many there are.
    """

    subject: Subject
    window: Window
    figures: tuple[Figure, ...]
    releases: tuple[str, ...]
    calls: tuple[CallRecord, ...]
    call_count: int
    by_time: tuple[Figure, ...] = ()
    by_agent: tuple[Figure, ...] = ()
    by_reason: tuple[Figure, ...] = ()
    overruns: tuple[Overrun, ...] = ()

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
        return tuple(found | dict.fromkeys(figure.queue for figure in self.figures if figure.queue is not None))


def gather(place: Place, subject: Subject, window: Window, now: datetime | None = None) -> Material:
    """Read a report's material from the store; `now` cuts agents' states that go on (None: the window's end).

    Raises OperatorError when the store cannot be read.
    """

    def of(*by: str, metrics: tuple[str, ...] | None = None) -> tuple[Figure, ...]:
        asked = Question(subject.project, window, by, subject.targets, metrics, subject.agents, now)
        return tuple(figures(place, asked))

    found = (*of("queue", metrics=_METRICS), *of("project", metrics=_METRICS))
    count = round(sum(one.value or 0 for one in found if one.metric == "offered" and one.queue is None))
    with Store.read(place) as store:
        released = releases(store, subject.project, window)
        ids = call_ids(store, subject.project, window) if count <= CALL_LIST_LIMIT else ()
        calls = tuple(store.search(Wanted(subject.project, calls=ids)))
        spans = agent_time.read(store, subject.project, window, subject.agents, now)
    return Material(
        subject, window, found, released, calls, count,
        of("project", step(window), metrics=OVER_TIME), of("agent"), of("agent", "reason"),
        overruns(spans, subject.pause_limits, window),
    )  # fmt: skip


def step(window: Window) -> str:
    """Return the interval a chart over time has: half hours of one day (of 25 hours too), else days."""
    return "30m" if window.end - window.start <= timedelta(hours=25) else "1d"
