"""Pauses over their limit, by operator and reason: what the watch showed in red, added up."""

from collections.abc import Iterator

from cctoolkit.document.language import Language
from cctoolkit.document.page import Column, Table
from cctoolkit.report.material import Material


def pauses_over(material: Material, words: Language) -> Iterator[Table]:
    """Yield the table, the most time over first, when there is any."""
    if not material.overruns:
        return
    columns = (
        Column(words.word("column.operator"), firm=True),
        Column(words.word("column.reason")),
        *(
            Column(words.word(f"column.{name}"), number=True)
            for name in ("limit", "over_count", "over", "longest_pause")
        ),
    )
    rows = (
        (
            material.subject.agent_name(one.agent),
            one.reason,
            words.duration(one.limit_seconds),
            words.count(one.pauses),
            words.duration(one.over_seconds),
            words.duration(one.longest_seconds),
        )
        for one in sorted(material.overruns, key=lambda one: -one.over_seconds)
    )
    yield Table(columns, tuple(rows), words.word("head.pauses_over"))
