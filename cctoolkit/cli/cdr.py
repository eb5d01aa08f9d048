"""cdr: list call records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from cctoolkit.cli.options import FirstDay, LastDay, Store, say

if TYPE_CHECKING:
    from cctoolkit.cdr.records import AgentLeg, CallRecord, Party, Transfer


def command(
    store: Store,
    project: Annotated[
        str, typer.Argument(help="A project's id, folder or file; every call when none is named.", metavar="[PROJECT]")
    ] = "",
    first: FirstDay = "",
    last: LastDay = "",
    test: Annotated[bool, typer.Option("--test", help="Test calls too.")] = False,
    output: Annotated[
        str, typer.Option("--format", help="text; jsonl: one whole record a line; csv: one row a call.")
    ] = "text",
) -> None:
    """List call records: a project's of a day, or without PROJECT everybody's, those of other dialplans too.

    Days are the project's and begin with today; without PROJECT they are UTC's, and all when none is named. In CSV a
    cell that a spreadsheet would run as a formula has an apostrophe before it; phone numbers do not.

    Example: cctoolkit cdr northwind-hotline --store records/ --from 2026-11-22 --format csv
    """
    from cctoolkit.errors import UsageError
    from cctoolkit.workflow import records, specs

    writers = {"text": _text, "jsonl": _jsonl, "csv": _csv}
    if output not in writers:
        raise UsageError(f"{output!r} is no format", expected=f"one of {', '.join(writers)}")
    if project:
        found = specs.load_project(project).project
        calls = records.records(store, found.id, records.span(found, first, last), test=test)
        time_zone = found.project.time_zone
    else:
        calls, time_zone = records.records(store, None, records.days(first, last), test=test), "UTC"
    for line in writers[output](calls, time_zone):
        say(line)


def _text(calls: Iterable[CallRecord], time_zone: str) -> Iterator[str]:  # noqa: ARG001 - as the others
    for record in calls:
        way = " > ".join(f"{s.step} {s.outcome or '…'}" for s in record.steps)
        waits = ", ".join(
            f"{v.queue} {v.outcome} after {v.wait_seconds:.1f} s" for v in record.visits if v.wait_seconds is not None
        )
        head = f"{record.entered.moment():%Y-%m-%d %H:%M:%S}Z {record.call} {record.caller or 'anonymous'}"
        dialled = "" if record.project else f" to {record.number or 'nowhere'}"
        talks = [_talk(leg) for v in record.visits for leg in v.legs if leg.talk_seconds is not None]
        parts = filter(None, [waits, *talks, *map(_party, record.parties), *map(_transfer, record.transfers)])
        yield f"{head}{dialled} {record.outcome}: " + "; ".join(filter(None, (way, ", ".join(parts))))


def _talk(leg: AgentLeg) -> str:
    held = f" and {leg.hold_seconds:.1f} s on hold" if leg.holds else ""
    return f"{leg.agent} talked {leg.talk_seconds:.1f} s{held}"


def _party(party: Party) -> str:
    called = f" ({party.number})" if party.number else ""
    # Of events in order but without time there is no duration to tell.
    timed = party.answered is not None and party.answered.source != "sequence"
    talked = f" and talked {party.talk_seconds:.1f} s" if timed and party.talk_seconds is not None else ""
    return f"{party.how} {party.endpoint}{called} {party.outcome}{talked}"


def _transfer(transfer: Transfer) -> str:
    target = " ".join(filter(None, (transfer.number, transfer.taken_by and f"({transfer.taken_by})"))) or "nobody"
    by = f" by {transfer.made_by}" if transfer.made_by else ""
    return f"{transfer.kind} transfer{by} to {target}"


def _jsonl(calls: Iterable[CallRecord], time_zone: str) -> Iterator[str]:  # noqa: ARG001 - as the others
    return (msgspec.json.encode(record).decode() for record in calls)


def _csv(calls: Iterable[CallRecord], time_zone: str) -> Iterator[str]:
    from cctoolkit.document import csv_text
    from cctoolkit.report import flat

    yield from csv_text.lines([flat.COLUMNS])
    yield from csv_text.lines(flat.row(record, time_zone) for record in calls)
