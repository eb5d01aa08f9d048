"""The figures agreed with the client, first on the page: what each is, its value, its target and how far it is from it,
its formula; then the targets of single queues.
"""

from collections.abc import Iterator

from cctoolkit.document.language import Language
from cctoolkit.document.page import Block, Cell, Column, Notes, Table, Verdict
from cctoolkit.kpi.figure import Limits
from cctoolkit.report.material import Material
from cctoolkit.report.operators import present, total

_RATIOS = ("service_level", "lost_call_rate")
_ALWAYS = ("lost_call_rate", "average_talk", "after_call_work")
_WHEN_AGREED = ("average_handling_time", "longest_wait")


def contract(material: Material, words: Language) -> Iterator[Block]:
    """Yield the table of the figures agreed, over all calls of the period, and that of queues with targets of their
    own.
    """
    columns = (
        Column(words.word("column.figure"), firm=True),
        Column(words.word("column.value"), number=True),
        Column(words.word("column.target"), firm=True),
        Column(words.word("column.deviation"), firm=True),
        Column(words.word("column.formula"), small=True),
    )
    yield Table(columns, tuple(_rows(material, words)))
    of_queues = tuple(_of_queues(material, words))
    if of_queues:
        yield Table(
            (Column(words.word("column.queue"), firm=True), *columns[:-1]), of_queues, words.word("head.by_queue")
        )
    yield Notes((words.word("contract.note"),))


def _rows(material: Material, words: Language) -> Iterator[tuple[Cell, ...]]:
    yield _row(material, words, "service_level")
    for metric in _ALWAYS:
        yield _row(material, words, metric)
    there = present(material)
    each = total(material, "handled") / len(there) if there else None
    logged_in = total(material, "working_time", "logged_in") if there else None
    for name, value in (("handled_each", words.decimal(each)), ("working_time", words.hours(logged_in))):
        yield words.word(f"metric.{name}"), value, "", "", words.word(f"formula.{name}")
    yield _row(material, words, "average_wait")
    limit = words.duration(material.subject.targets.short_abandon_seconds)
    count = words.count(material.value("short_abandons", None))
    yield (
        words.word("metric.short_abandons", seconds=limit), count, "", "",
        words.word("formula.short_abandons.default", seconds=limit),
    )  # fmt: skip
    for metric in _WHEN_AGREED:
        if material.subject.targets.limit(metric):
            yield _row(material, words, metric)


def _row(material: Material, words: Language, metric: str) -> tuple[Cell, ...]:
    formula = words.word(f"formula.{metric}.{material.subject.formula(metric)}")
    return (*_held(material, words, metric, None), formula)


def _of_queues(material: Material, words: Language) -> Iterator[tuple[Cell, ...]]:
    for metric, queue in material.subject.targets.limits:
        if queue in material.queues():
            yield material.subject.queue_title(queue), *_held(material, words, metric, queue)


def _held(material: Material, words: Language, metric: str, queue: str | None) -> tuple[Cell, ...]:
    """Return the figure's name, value, target and deviation."""
    value, limits = material.value(metric, queue), material.subject.targets.limit(metric, queue)
    name, shown = words.word(f"metric.{metric}"), _written(words, metric, value)
    target = _target(material, words, metric, limits)
    if limits is None or value is None:
        return name, shown, target, ""
    return name, shown, target, _deviation(words, metric, limits, value)


def _deviation(words: Language, metric: str, limits: Limits, value: float) -> Verdict:
    apart, met = limits.deviation(value), limits.met(value)
    size = words.points(abs(apart)) if metric in _RATIOS else words.duration(abs(apart))
    sign = "" if not apart else "+" if apart > 0 else "\N{MINUS SIGN}"
    verdict = words.word("state.met" if met else "state.off")
    return Verdict(f"{verdict}, {sign}{size}", "met" if met else "missed")


def _written(words: Language, metric: str, value: float | None) -> str:
    return words.percent(value) if metric in _RATIOS else words.duration(value)


def _target(material: Material, words: Language, metric: str, limits: Limits | None) -> str:
    if metric == "service_level":
        return _level_target(material, words, limits)
    if limits is None:
        return ""
    said = (("target.at_least", limits.at_least), ("target.at_most", limits.at_most))
    return ", ".join(words.word(key, value=_written(words, metric, one)) for key, one in said if one is not None)


def _level_target(material: Material, words: Language, limits: Limits | None) -> str:
    """Return the target with its seconds when they are the same for all queues; of several targets none is the
    project's.
    """
    within = {target.within_seconds for target in material.subject.targets.queues}
    if limits is None:
        return words.word("target.by_queue") if within else ""
    at_least = words.percent(limits.at_least) if limits.at_least is not None else ""
    if len(within) == 1 and at_least:
        return words.word("target.level", ratio=at_least, seconds=words.duration(within.pop()))
    said = (("target.at_least", limits.at_least), ("target.at_most", limits.at_most))
    return ", ".join(words.word(key, value=words.percent(one)) for key, one in said if one is not None)
