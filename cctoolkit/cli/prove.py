"""prove: no caller is lost, at any minute, whatever happens."""

import shlex
from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from cctoolkit.cli.options import CHANGES, say, say_json

if TYPE_CHECKING:
    from cctoolkit.flow.route import Route
    from cctoolkit.workflow.prove import Compared, Proved


class ProofFormat(StrEnum):
    """How a proof is written."""

    text = "text"
    json = "json"
    markdown = "markdown"


_DECIDED = ("queue", "transfer", "voicemail", "crm", "callback", "survey", "share", "override")
"""What the outside decides of a call: fields of `Call`, and options of `trace`."""


def command(
    projects: Annotated[
        list[str] | None,
        typer.Argument(help="Projects by id, folder or file; all when none is named.", metavar="[PROJECT]..."),
    ] = None,
    limit: Annotated[
        str,
        typer.Option(
            "--limit",
            help="The longest a caller may be kept by all waits together; 4h when not given.",
            metavar="DURATION",
        ),
    ] = "",
    since: Annotated[
        str, typer.Option("--since", help="A local time of the project; now when not given.", metavar="TIME")
    ] = "",
    against: Annotated[
        str | None,
        typer.Option("--against", help="Say what changed since a Git revision, or another folder.", metavar="REV"),
    ] = None,
    output: Annotated[
        ProofFormat, typer.Option("--format", help="text for people, json for machines, markdown for merge requests.")
    ] = ProofFormat.text,
) -> int:
    """Walk every number at every minute of thirteen months, by every key, silence and way out of a queue: every call
    must come to an end, in time, and none may go round for ever. A call that shows it comes with each finding.

    With --against: who comes elsewhere than before, and when; who lost an agent stands first.

    Example: cctoolkit prove northwind-hotline --limit 1h
    """
    from cctoolkit.errors import UsageError
    from cctoolkit.workflow.prove import compare, prove

    if against is not None and limit:
        raise UsageError("what changed is not held against a limit", expected="--against or --limit")
    if against is not None:
        return _differences(compare(projects or [], against, since), output)
    if output is ProofFormat.markdown:
        raise UsageError("markdown is for what changed", expected="--against with a revision, or another format")
    proved = prove(projects or [], since, limit)
    if output is ProofFormat.json:
        say_json([_plain(one) for one in proved])
    else:
        for one in proved:
            say("\n".join(_lines(one)))
    return CHANGES if any(one.proof.findings for one in proved) else 0


def _differences(compared: "list[Compared]", output: ProofFormat) -> int:
    from cctoolkit.flow.prove_explain import markdown, text

    if output is ProofFormat.json:
        say_json([_plain_differences(one) for one in compared])
    for one in compared:
        head = f"{one.loaded.project.id} against {one.against}"
        if output is ProofFormat.markdown:
            say(markdown(head, one.differences))
        elif output is ProofFormat.text:
            calls = [_trace(one, found.call) if found.call else "" for found in one.differences]
            say(text(head, one.differences, calls))
    return CHANGES if any(one.differences for one in compared) else 0


def _plain_differences(one: "Compared") -> dict[str, Any]:
    return {
        "project": one.loaded.project.id,
        "against": one.against,
        "differences": [
            {
                "harm": found.harm,
                "numbers": found.numbers,
                "ways": found.ways,
                "was": found.was,
                "now": found.now,
                "when": found.when,
                "minutes": found.minutes,
                "override": found.override,
                "call": _plain_call(one, found.call) if found.call else None,
            }
            for found in one.differences
        ],
    }


def _lines(one: "Proved") -> Iterator[str]:
    proof = one.proof
    yield (
        f"{proof.project}: {_count(proof.numbers, 'number')}, {_count(proof.classes, 'class', 'classes')} of time from "
        f"{_local(one, proof.since):%Y-%m-%d} to {_local(one, proof.until):%Y-%m-%d}, {_count(proof.walks, 'walk')}"
    )
    yield f"  longest: {timedelta(seconds=proof.longest_seconds)} of waiting, prompts and talk not counted"
    yield f"    {_trace(one, proof.longest)}"
    yield from (f"  note: {note.about} {note.what}" for note in proof.notes)
    for finding in proof.findings:
        where = one.loaded.document.where(("flow", finding.steps[0]), key=True)
        yield f"  {finding.kind}: {finding.what}  ({where})"
        yield f"    call: {_call(one, finding.call)}"
        yield "    path: " + " -> ".join(f"{t.step} {t.label}".strip() for t in finding.call.turns)
        yield f"    {_trace(one, finding.call)}"
    yield f"  {_count(len(proof.findings), 'finding')}" if proof.findings else "  proved: every call comes to an end"


def _call(one: "Proved", call: "Route") -> str:
    said = [f"{call.number} at {_local(one, call.at):%a %Y-%m-%d %H:%M}", *one.days(call.at)]
    said.append(f"keys {','.join(call.keys) or 'none'}")
    said += [f"{option} {','.join(outcomes)}" for option, outcomes in _outcomes(call)]
    return "; ".join(said)


def _trace(one: "Proved | Compared", call: "Route") -> str:
    """Return the `trace` command that walks a call. What stays the same to the end is written once: after the last key
    the caller is silent, and the last outcome stays.
    """
    words = ["cctoolkit", "trace", one.name, "--to", call.number, "--at", f"{_local(one, call.at):%Y-%m-%d %H:%M}"]
    # Joined by "=": keys may begin with the silent one, and that is how options begin.
    keys = ",".join(call.keys).rstrip("-,")
    words += [f"--keys={keys}"] if keys else []
    for option, outcomes in _outcomes(call):
        while len(outcomes) > 1 and outcomes[-1] == outcomes[-2]:
            outcomes.pop()
        words += [f"--{option}", ",".join(outcomes)]
    words += _who(call)
    return shlex.join(words)


def _who(call: "Route") -> list[str]:
    """Return the options that say who calls, where it matters."""
    from cctoolkit.flow.known import ANONYMOUS, NOBODY

    record = ",".join(f"{name}={value}" for name, value in call.record.items())
    words = ["--from", call.caller or ANONYMOUS] if call.caller != NOBODY else []
    return [*words, "--record", record] if record else words


def _outcomes(call: "Route") -> list[tuple[str, list[str]]]:
    """Return what the outside decides, by the option of `trace` that says it, where it is not what is usual."""
    from cctoolkit.flow.call import Call

    usual = Call(call.number, call.at)
    return [(name, list(getattr(call, name))) for name in _DECIDED if getattr(call, name) != getattr(usual, name)]


def _plain(one: "Proved") -> dict[str, Any]:
    proof = one.proof
    return {
        "project": proof.project,
        "since": proof.since,
        "until": proof.until,
        "numbers": proof.numbers,
        "classes": proof.classes,
        "walks": proof.walks,
        "longest_seconds": proof.longest_seconds,
        "longest": {**_plain_call(one, proof.longest), "path": proof.longest.path},
        "notes": proof.notes,
        "findings": [
            {
                "kind": finding.kind,
                "what": finding.what,
                "steps": finding.steps,
                "classes": finding.classes,
                "override": finding.override,
                "call": {**_plain_call(one, finding.call), "path": finding.call.path},
            }
            for finding in proof.findings
        ],
    }


def _plain_call(one: "Proved | Compared", call: "Route") -> dict[str, Any]:
    return {
        "number": call.number,
        "at": call.at,
        "keys": call.keys,
        "caller": call.caller,
        "record": call.record,
        **{option: getattr(call, option) for option in _DECIDED},
        "trace": _trace(one, call),
    }


def _local(one: "Proved | Compared", at: datetime) -> datetime:
    return at.astimezone(ZoneInfo(one.loaded.project.project.time_zone))


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"
