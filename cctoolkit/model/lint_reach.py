"""A rule of service levels: whether so few agents can keep the promise to so many callers.

The numbers let in as many calls at once as they have channels. When all are taken and every agent talks, who joins
last waits until all before them have been served, each for as long as the spec itself lets a call take.
"""

from collections.abc import Iterator

from cctoolkit.model.build import Parts
from cctoolkit.model.lint_people import serving
from cctoolkit.model.words import seconds
from cctoolkit.spec.problem import Problem
from cctoolkit.spec.source import Document


def service_levels(parts: Parts, document: Document) -> Iterator[Problem]:
    """Warn of a service level that is out of reach when all channels are taken."""
    channels = [number.capacity for number in parts.numbers.values()]
    if not channels or not all(channels) or not parts.whole_flow:
        return
    for name, agents in serving(parts, document):
        queue, staff = parts.queues[name], sum(1 for agent in agents if agent.certified)
        taken = handling(document, name)
        waiting = min(sum(channels) - staff, queue.maxlen or sum(channels))
        if not staff or not taken or waiting <= 0:
            continue
        # In each span of `taken` seconds every agent ends one call.
        longest = waiting * taken / staff
        within = seconds(queue.service_level.within)
        if longest > within and waiting / sum(channels) > 1 - queue.service_level.target_ratio:
            most = staff + int(within * staff / taken)
            yield Problem(
                "level-out-of-reach",
                f"with all {sum(channels)} channels taken the last caller of {staff} agents waits about "
                f"{longest:.0f} s, a call taking {taken:.0f} s",
                document.file, document.mark(_place(document, name)), f"no more than {most} channels, or more agents",
                f"the service level counts callers answered within {queue.service_level.within}",
            )  # fmt: skip


def handling(document: Document, queue: str) -> float:
    """Return how many seconds an agent may spend on a call by the targets of the queue, or of the project; 0 where
    none says.
    """
    for path in (("kpi", "by_queue", queue), ("kpi", "targets")):
        group = document.at(path)
        if isinstance(group, dict):
            whole = _most(group.get("average_handling_time"))
            talk, work = (_most(group.get(name)) for name in ("average_talk", "after_call_work"))
            if whole or talk:
                return whole or talk + work
    return 0


def _most(target: object) -> float:
    value = target.get("at_most") if isinstance(target, dict) else None
    try:
        return seconds(value) if isinstance(value, str) else 0
    except ValueError:
        return 0


def _place(document: Document, queue: str) -> tuple[str, ...]:
    path = ("queues", queue, "service_level")
    return path if document.at(path) is not None else path[:2]
