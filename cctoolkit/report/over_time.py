"""How the calls came and how they were answered, along the day or along the days."""

from collections.abc import Iterator

from cctoolkit.document import charts, stacks
from cctoolkit.document.language import Language
from cctoolkit.document.page import Block, Chart, Notes
from cctoolkit.kpi.figure import Figure
from cctoolkit.report.material import Material, step


def over_time(material: Material, words: Language) -> Iterator[Block]:
    """Yield the chart of calls and that of the service level; a note when nobody called."""
    found = _of_slots(material)
    if not found:
        yield Notes((words.word("card.no_calls"),))
        return
    by = words.word(f"step.{step(material.window)}")
    parts = [
        stacks.Part(words.word("series.answered"), charts.PLAIN),
        stacks.Part(words.word("series.abandoned"), charts.MISSED),
        stacks.Part(words.word("series.other"), charts.REST),
    ]
    labels = [_label(material, words, slot["offered.default"]) for slot in found]
    bars = [stacks.Stack(label, _counts(slot)) for label, slot in zip(labels, found, strict=True)]
    title = words.word("chart.calls", step=by)
    yield Chart(title, stacks.columns(title, parts, bars))
    if not material.subject.targets.queues:
        return
    levels = [slot[f"service_level.{material.subject.formula('service_level')}"].value for slot in found]
    points = list(zip(labels, levels, strict=True))
    title = words.word("chart.level", step=by)
    # Of several targets none is that of all calls together.
    targets = {target.ratio for target in material.subject.targets.queues}
    target = next(iter(targets)) if len(targets) == 1 else None
    drawn = stacks.line(title, points, target, words.percent)
    yield Chart(title, drawn, words.word("chart.level.note"))


def _of_slots(material: Material) -> list[dict[str, Figure]]:
    """Return the figures of each interval by `metric.variant`, from the first with a call to the last."""
    slots: dict[object, dict[str, Figure]] = {}
    for one in material.by_time:
        slots.setdefault(one.start, {})[f"{one.metric}.{one.variant}"] = one
    found = list(slots.values())
    busy = [place for place, slot in enumerate(found) if slot["offered.default"].value]
    return found[busy[0] : busy[-1] + 1] if busy else []


def _counts(slot: dict[str, Figure]) -> tuple[float, ...]:
    offered, answered = slot["offered.default"].value or 0, slot["answered.default"].value or 0
    abandoned = slot["outcomes.abandoned"].value or 0
    return answered, abandoned, offered - answered - abandoned


def _label(material: Material, words: Language, one: Figure) -> str:
    assert one.start  # noqa: S101 - figures by an interval have one
    zone = material.window.time_zone
    if step(material.window) == "1d":
        return words.date(one.start, zone)
    return words.clock(one.start, zone, day=False)[:5]
