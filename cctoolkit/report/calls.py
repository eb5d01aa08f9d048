"""The list of individual calls: for short periods, where a reader wants to find one."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from cctoolkit.cdr.records import CallRecord
from cctoolkit.document.language import Language
from cctoolkit.document.page import Block, Column, Notes, Table
from cctoolkit.report.material import CALL_LIST_LIMIT, Material

# A line breaks before an arrow, never after it.
_ARROW = " \N{RIGHTWARDS ARROW}\N{NO-BREAK SPACE}"


def call_list(material: Material, words: Language) -> Iterator[Block]:
    """Yield the table of calls and its note, or only a note when there are too many or none."""
    if not material.calls:
        limit, count = words.count(CALL_LIST_LIMIT), words.count(material.call_count)
        text = words.word("note.many", count=count, limit=limit) if material.call_count else words.word("card.no_calls")
        yield Notes((text,))
        return
    columns = (
        Column(words.word("column.time")),
        Column(words.word("column.number")),
        Column(words.word("column.caller")),
        Column(words.word("column.steps"), small=True),
        Column(words.word("column.wait"), number=True),
        Column(words.word("column.talk"), number=True),
        Column(words.word("column.hold"), number=True),
        Column(words.word("column.wrap_up"), number=True),
        Column(words.word("column.outcome")),
    )
    zone = material.window.time_zone
    # On the page of one day its date stands on top and need not stand in every row.
    day = material.window.end - material.window.start > timedelta(hours=25)
    times = (words.clock(call.entered.moment(), zone, day=day) for call in material.calls)
    rows = tuple((time, *_row(call, words)) for time, call in zip(times, material.calls, strict=True))
    yield Table(columns, rows)
    yield Notes((words.word("note.masked"),))


def masked(caller: str) -> str:
    """Return a caller's number with all but its last four digits hidden; a short one is hidden entirely."""
    return "\N{BULLET}" * 3 + (caller[-4:] if len(caller) > 6 else "")


def _row(call: CallRecord, words: Language) -> tuple[str, ...]:
    legs = [leg for visit in call.visits for leg in visit.legs]
    waits = [visit.wait_seconds for visit in call.visits if visit.wait_seconds is not None]
    return (
        words.phone(call.number),
        masked(call.caller) if call.caller else words.word("caller.withheld"),
        _ARROW.join(_step(step.step, step.outcome) for step in call.steps),
        words.duration(sum(waits) if waits else None),
        words.duration(_sum(leg.talk_seconds for leg in legs)),
        words.duration(_sum(leg.hold_seconds or None for leg in legs)),
        words.duration(_sum(leg.wrap_up_seconds for leg in legs)),
        words.word(f"outcome.{call.outcome}"),
    )


def _step(name: str, outcome: str) -> str:
    return name if outcome in {"", "done", "answered", "abandoned"} else f"{name} ({outcome})"


def _sum(spans: Iterable[float | None]) -> float | None:
    """Return the seconds together, None when no leg has any."""
    known = [span for span in spans if span is not None]
    return sum(known) if known else None
