"""The figures agreed with the client, first on the page: what each is, its value, its target, its formula."""

from collections.abc import Callable, Iterator

from cctoolkit.document.language import Language
from cctoolkit.document.page import Block, Column, Notes, Table
from cctoolkit.report.material import Material
from cctoolkit.report.operators import present, total

_RATIOS = ("service_level", "lost_call_rate")


def contract(material: Material, words: Language) -> Iterator[Block]:
    """Yield the table of the eight figures, over all calls of the period."""
    columns = (
        Column(words.word("column.figure"), firm=True),
        Column(words.word("column.value"), number=True),
        Column(words.word("column.target"), firm=True),
        Column(words.word("column.formula"), small=True),
    )
    yield Table(columns, tuple(_rows(material, words)))
    yield Notes((words.word("contract.note"),))


def _rows(material: Material, words: Language) -> Iterator[tuple[str, ...]]:
    yield _row(material, words, "service_level", _level_target(material, words))
    for metric in ("lost_call_rate", "average_talk", "after_call_work"):
        yield _row(material, words, metric)
    there = present(material)
    each = total(material, "handled") / len(there) if there else None
    logged_in = total(material, "working_time", "logged_in") if there else None
    for name, value in (("handled_each", words.decimal(each)), ("working_time", words.hours(logged_in))):
        yield words.word(f"metric.{name}"), value, "", words.word(f"formula.{name}")
    yield _row(material, words, "average_wait")
    limit = words.duration(material.subject.targets.short_abandon_seconds)
    yield (
        words.word("metric.short_abandons", seconds=limit),
        words.count(material.value("short_abandons", None)),
        _limit(material, words.count, words, "short_abandons"),
        words.word("formula.short_abandons.default", seconds=limit),
    )


def _row(material: Material, words: Language, metric: str, target: str = "") -> tuple[str, ...]:
    written = words.percent if metric in _RATIOS else words.duration
    value = written(material.value(metric, None))
    formula = words.word(f"formula.{metric}.{material.subject.formula(metric)}")
    return words.word(f"metric.{metric}"), value, target or _limit(material, written, words, metric), formula


def _limit(material: Material, written: Callable[[float], str], words: Language, metric: str) -> str:
    limit = material.subject.limits.get(metric)
    return "" if limit is None else words.word("target.at_most", value=written(limit))


def _level_target(material: Material, words: Language) -> str:
    """Return the target when it is the same for all queues: of several no one value is the project's."""
    targets = material.subject.targets.queues
    said = {(target.ratio, target.within_seconds) for target in targets}
    if len(said) > 1:
        return words.word("target.by_queue")
    within = (words.word("target.level", ratio=words.percent(r), seconds=words.duration(s)) for r, s in said)
    return "".join(within)
