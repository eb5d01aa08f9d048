"""The tables of outcomes: of all calls, and by queue. Their rows add up to the calls offered, or there is no
report.
"""

from collections.abc import Iterator

from cctoolkit.document.language import Language
from cctoolkit.document.page import Block, Column, Table
from cctoolkit.errors import ToolkitBug
from cctoolkit.kpi.figure import discover
from cctoolkit.report.material import Material


def outcome_tables(material: Material, words: Language) -> Iterator[Block]:
    """Yield the table of all calls and, when there are queues, the one by queue.

    Raises ToolkitBug when the outcomes do not add up to what was offered.
    """
    yield _of_calls(material, words)
    if material.queues():
        yield _by_queue(material, words)


def _counts(material: Material, queue: str | None) -> dict[str, int]:
    counts = {
        variant.name: material.count("outcomes", queue, variant.name) for variant in discover()["outcomes"].variants
    }
    offered = material.count("offered", queue)
    if sum(counts.values()) != offered:
        raise ToolkitBug(f"outcomes {counts} do not add up to {offered} offered", where=queue or "all calls")
    return counts


def _of_calls(material: Material, words: Language) -> Table:
    counts = _counts(material, None)
    offered = sum(counts.values())
    rows = tuple(
        (words.word(f"outcome.{name}"), words.count(count), words.percent(count / offered))
        for name, count in sorted(counts.items(), key=lambda item: -item[1])
        if count
    )
    columns = (
        Column(words.word("column.outcome")),
        Column(words.word("column.calls"), number=True),
        Column(words.word("column.share"), number=True),
    )
    whole = words.percent(1.0 if offered else None)
    return Table(columns, rows, words.word("card.all"), (words.word("column.offered"), words.count(offered), whole))


def _by_queue(material: Material, words: Language) -> Table:
    queues = material.queues()
    counts = {queue: _counts(material, queue) for queue in queues}
    # Only the outcomes that occurred: a dozen columns of noughts tell nobody anything.
    shown = [name for name in counts[queues[0]] if any(counts[queue][name] for queue in queues)]
    columns = (
        Column(words.word("column.queue")),
        *(Column(words.word(f"outcome.{name}"), number=True) for name in shown),
        Column(words.word("column.offered"), number=True),
    )
    rows = tuple(
        (
            material.subject.queue_title(queue),
            *(words.count(counts[queue][name]) for name in shown),
            words.count(material.count("offered", queue)),
        )
        for queue in queues
    )
    sums = [sum(counts[queue][name] for queue in queues) for name in shown]
    total = (words.word("column.total"), *map(words.count, sums), words.count(sum(sums)))
    return Table(columns, rows, words.word("head.by_queue"), total)
