"""cdr: list call records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from cctoolkit.cli.options import Store, say

if TYPE_CHECKING:
    from cctoolkit.cdr.records import AgentLeg, CallRecord, Party, Transfer
    from cctoolkit.cdr.wanted import Wanted


def command(
    store: Store,
    project: Annotated[
        str, typer.Argument(help="A project's id, folder or file; every call when none is named.", metavar="[PROJECT]")
    ] = "",
    first: Annotated[
        str,
        typer.Option(
            "--from", help="From when calls entered: a day, or a time such as 2026-11-22T09:30.", metavar="DATE"
        ),
    ] = "",
    last: Annotated[
        str, typer.Option("--to", help="Until when: a day, all of it, or a time, which is not in it.", metavar="DATE")
    ] = "",
    queue: Annotated[str, typer.Option("--queue", help="Calls that were in this queue.", metavar="QUEUE")] = "",
    agent: Annotated[str, typer.Option("--agent", help="Calls that rang at this agent.", metavar="AGENT")] = "",
    outcome: Annotated[str, typer.Option("--outcome", help="Calls that ended so, such as abandoned.")] = "",
    number: Annotated[
        str, typer.Option("--number", help="The number dialled: +78001002030, or its last digits.", metavar="NUMBER")
    ] = "",
    caller: Annotated[
        str, typer.Option("--caller", help="Who called: +79161234567, or the last digits.", metavar="NUMBER")
    ] = "",
    node: Annotated[str, typer.Option("--node", help="Calls that entered at this node.", metavar="NODE")] = "",
    limit: Annotated[int, typer.Option("--limit", help="At most so many, the first; 0 is all.", min=0)] = 0,
    test: Annotated[bool, typer.Option("--test", help="Test calls too.")] = False,
    output: Annotated[
        str,
        typer.Option("--format", help="text; jsonl: one whole record a line; csv and parquet: one row a call."),
    ] = "text",
    file: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file to write; Parquet needs one.", metavar="FILE")
    ] = None,
) -> None:
    """List call records: a project's of a day, or without PROJECT everybody's, those of other dialplans too.

    Times are the project's, and a day that is not named is the one that is, or today; without PROJECT times are UTC's,
    and what is not named is open. In CSV a cell that a spreadsheet would run as a formula has an apostrophe before it;
    phone numbers do not.

    Example: cctoolkit cdr northwind-hotline --store records/ --from 2026-11-22 --queue orders --format csv
    """
    from cctoolkit.errors import UsageError
    from cctoolkit.workflow import records, spans, specs

    writers = {"text": _text, "jsonl": _jsonl, "csv": _csv}
    if output not in (*writers, "parquet") or (output == "parquet" and file is None):
        raise UsageError(
            f"{output!r} is no format" if output != "parquet" else "Parquet is no text",
            expected=f"one of {', '.join(writers)}, or parquet with -o FILE",
        )
    found = specs.load_project(project).project if project else None
    time_zone = found.project.time_zone if found else "UTC"
    wanted = _wanted(
        project=found.id if found else "", test="" if test else "no", node=node, outcome=outcome, queue=queue,
        agent=agent, number=number, caller=caller,
    )  # fmt: skip
    since, until = spans.between(first, last, time_zone, today=found is not None)
    calls = records.records(store, msgspec.structs.replace(wanted, since=since, until=until))
    if limit:
        calls = islice(calls, limit)
    if output == "parquet" and file:
        _parquet(calls, file)
    elif file:
        _to_file(writers[output](calls, time_zone), file)
    else:
        for line in writers[output](calls, time_zone):
            say(line)


def _wanted(**said: str) -> Wanted:
    from cctoolkit.cdr.records import CallOutcome
    from cctoolkit.cdr.wanted import Wanted
    from cctoolkit.errors import UsageError

    outcomes = CallOutcome.__args__  # type: ignore[attr-defined]
    if said["outcome"] and said["outcome"] not in outcomes:
        raise UsageError(f"{said['outcome']!r} is no outcome of a call", expected=f"one of {', '.join(outcomes)}")
    for name in ("number", "caller"):
        if said[name] and not said[name].removeprefix("+").isdecimal():
            raise UsageError(
                f"{said[name]!r} is no number", where=f"--{name}", expected="digits, with + before all of it"
            )
    asked = {name: text for name, text in said.items() if text and name != "test"}
    return msgspec.convert(asked | {"test": False if said["test"] else None}, Wanted)


def _parquet(calls: Iterable[CallRecord], file: Path) -> None:
    from cctoolkit.document import parquet
    from cctoolkit.report import flat

    count = parquet.write(file, flat.TYPES, map(flat.values, calls))
    say(f"{file}: {count} calls")


def _to_file(lines: Iterable[str], file: Path) -> None:
    from cctoolkit.errors import OperatorError

    try:
        with file.open("w", encoding="utf-8") as opened:
            opened.writelines(f"{line}\n" for line in lines)
    except OSError as error:
        raise OperatorError(f"cannot be written: {error.strerror}", where=str(file)) from error


def _text(calls: Iterable[CallRecord], time_zone: str) -> Iterator[str]:  # noqa: ARG001 - as the others
    for record in calls:
        way = " > ".join(f"{s.step} {s.outcome or '…'}" for s in record.steps)
        waits = ", ".join(
            f"{v.queue} {v.outcome} after {v.wait_seconds:.1f} s" for v in record.visits if v.wait_seconds is not None
        )
        head = f"{record.entered.moment():%Y-%m-%d %H:%M:%S}Z {record.call} {record.caller or 'anonymous'}"
        dialled = "" if record.project else f" to {record.number or 'nowhere'}"
        talks = [_talk(leg) for v in record.visits for leg in v.legs if leg.talk_seconds is not None]
        passed = f"passed to {record.passed_to.replace(' ', ', then ')}" if record.passed_to else ""
        parts = filter(None, [waits, *talks, *map(_party, record.parties), *map(_transfer, record.transfers), passed])
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
