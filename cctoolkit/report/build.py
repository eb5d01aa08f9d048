"""Sets the report's page from its material: cards, charts, outcomes, the calls, and how the figures were
computed.
"""

from collections.abc import Iterator
from datetime import datetime

from cctoolkit.document import charts
from cctoolkit.document.language import Language, language
from cctoolkit.document.page import (
    Block,
    Card,
    Cards,
    Chart,
    Notes,
    Page,
    Reading,
    Section,
    State,
    Terms,
    html,
)
from cctoolkit.report.calls import call_list
from cctoolkit.report.contract import contract
from cctoolkit.report.material import Material
from cctoolkit.report.operators import operators
from cctoolkit.report.outcomes import outcome_tables
from cctoolkit.report.over_time import over_time


def build(material: Material, speech: str, made: datetime) -> str:
    """Return the report as one HTML page in the language (ru, pl, en); `made` is the moment to print on it,
    aware.

    Raises UsageError for another language, ToolkitBug when outcomes do not add up to the calls offered.
    """
    words = language(speech)
    subject, span = material.subject, material.window
    facts = (
        (words.word("page.client"), subject.client),
        (words.word("page.time_zone"), span.time_zone),
        (words.word("page.releases"), ", ".join(material.releases) or words.word("page.none")),
        (words.word("page.made"), words.moment(made, span.time_zone)),
    )
    period = words.period(span.start, span.end, span.time_zone)
    title = words.word("page.title", title=subject.title)
    sections = (
        Section(words.word("head.contract"), tuple(contract(material, words))),
        Section(words.word("head.figures"), tuple(_figures(material, words))),
        Section(words.word("head.over_time"), tuple(over_time(material, words))),
        Section(words.word("head.operators"), tuple(operators(material, words))),
        Section(words.word("head.outcomes"), tuple(outcome_tables(material, words))),
        Section(words.word("head.formulas"), tuple(_formulas(material, words))),
        Section(words.word("head.calls"), tuple(call_list(material, words))),
    )
    return html(Page(words.name, f"{title}, {period}", subject.title, period, facts, sections))


def _figures(material: Material, words: Language) -> Iterator[Block]:
    queues = material.queues()
    yield Cards((_card(material, words, None), *(_card(material, words, queue) for queue in queues)))
    if not queues:
        return
    for metric, full, bars in (
        ("service_level", 1.0, [_level_bar(material, words, queue) for queue in queues]),
        ("average_wait", None, [_wait_bar(material, words, queue) for queue in queues]),
    ):
        title = words.word(f"chart.{metric}")
        note = words.word(f"chart.{metric}.note", formula=_formula(material, words, metric))
        yield Chart(title, charts.bars(title, bars, full), note)


def _card(material: Material, words: Language, queue: str | None) -> Card:
    title = words.word("card.all") if queue is None else material.subject.queue_title(queue)
    count = material.count("offered", queue)
    offered = words.word("card.offered", count=words.count(count)) if count else words.word("card.no_calls")
    longest = material.value("longest_wait", queue)
    most = "" if longest is None else words.word("card.longest", seconds=words.duration(longest))
    if queue is None:
        most = "; ".join(filter(None, (_formula(material, words, "average_wait"), most)))
    wait = words.duration(material.value("average_wait", queue))
    waiting = Reading(words.word("metric.average_wait"), wait, most)
    return Card(title, (_level(material, words, queue), waiting), offered, wide=queue is None)


def _level(material: Material, words: Language, queue: str | None) -> Reading:
    value = material.value("service_level", queue)
    state = _state(material, queue, value)
    verdict = words.word(f"state.{state}") if state else ""
    # The widest card has the room to say, beside the figure, how it was computed; it holds for all of them.
    note = _formula(material, words, "service_level") if queue is None else _target(material, words, queue)
    return Reading(words.word("metric.service_level"), _share(material, words, queue), note, state, verdict)


def _share(material: Material, words: Language, queue: str | None) -> str:
    """Return the service level with one digit, or with as many as show that a missed target was missed."""
    value = material.value("service_level", queue)
    target = None if queue is None else material.subject.targets.of(queue)
    if value is None or target is None or value >= target.ratio:
        return words.percent(value)
    return words.percent(value, next((n for n in (1, 2, 3) if round(value, n + 2) < target.ratio), 4))


def _target(material: Material, words: Language, queue: str) -> str:
    target = material.subject.targets.of(queue)
    if target is None:
        return words.word("card.no_target")
    within = words.duration(target.within_seconds)
    return words.word("card.target", ratio=words.percent(target.ratio), seconds=within)


def _state(material: Material, queue: str | None, value: float | None) -> State:
    target = None if queue is None else material.subject.targets.of(queue)
    if target is None or value is None:
        return ""
    return "met" if value >= target.ratio else "missed"


def _level_bar(material: Material, words: Language, queue: str) -> charts.Bar:
    value = material.value("service_level", queue)
    target = material.subject.targets.of(queue)
    text = _share(material, words, queue) if value is not None else _absent(material, words, queue)
    aim = target.ratio if target else None
    return charts.Bar(material.subject.queue_title(queue), value, text, aim, _state(material, queue, value))


def _wait_bar(material: Material, words: Language, queue: str) -> charts.Bar:
    value = material.value("average_wait", queue)
    text = words.duration(value) if value is not None else _absent(material, words, queue)
    return charts.Bar(material.subject.queue_title(queue), value, text)


def _absent(material: Material, words: Language, queue: str) -> str:
    return words.duration(None) if material.count("offered", queue) else words.word("card.no_calls")


def _formula(material: Material, words: Language, metric: str) -> str:
    return words.word(f"formula.{metric}.{material.subject.formula(metric)}")


def _formulas(material: Material, words: Language) -> Iterator[Block]:
    named = (
        (f"{words.word(f'metric.{metric}')} ({metric}.{material.subject.formula(metric)})", metric)
        for metric in ("service_level", "average_wait")
    )
    yield Terms(tuple((name, _formula(material, words, metric)) for name, metric in named))
    near = sum(material.count("near_target", queue) for queue in material.queues())
    short = sum(material.count("short_abandons", queue) for queue in material.queues())
    limit = words.duration(material.subject.targets.short_abandon_seconds)
    yield Notes(
        (
            words.word("note.boundary"),
            words.word("note.short", seconds=limit, count=words.count(short)),
            words.word("note.near.some", count=words.count(near)) if near else words.word("note.near.none"),
            words.word("note.unit"),
            words.word("note.test"),
        )
    )
