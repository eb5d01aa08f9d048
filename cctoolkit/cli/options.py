"""Options that several commands share, and how results are written."""

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from cctoolkit.errors import CctoolkitError
from cctoolkit.plan.classes import Class

if TYPE_CHECKING:
    from cctoolkit.cdr.address import Url

CHANGES = 2
"""Exit code for changes or findings."""


class Format(StrEnum):
    """How a result is written."""

    text = "text"
    json = "json"


Site = Annotated[str, typer.Option("--site", "-s", help="A site of projects/sites/, or `lab`.", metavar="SITE")]
OverwriteEdits = Annotated[
    bool, typer.Option("--overwrite-edits", help="Overwrite files that were edited by hand on the node.")
]
Wait = Annotated[
    str,
    typer.Option(
        "--wait", metavar="TIME", help="How long to wait for somebody else's apply, such as 60s; else refused."
    ),
]
Accept = Annotated[
    list[Class] | None,
    typer.Option("--accept", help="A danger that may happen now; once for each.", metavar="CLASS"),
]
Canary = Annotated[
    str,
    typer.Option("--canary", help="The node that goes first; the site's canary when not given.", metavar="NODE"),
]
AtOnce = Annotated[int, typer.Option("--at-once", help="So many nodes at once.", min=1, max=100)]
AllOrNone = Annotated[bool, typer.Option("--all-or-none", help="Change nothing while a node of the site is away.")]
WhenIdle = Annotated[
    bool, typer.Option("--when-idle", help="Wait at each node until the change touches nobody who is live there.")
]
Drain = Annotated[
    bool,
    typer.Option(
        "--drain", help="Let no new call into queues and trunks that are to go; they go when the last one has."
    ),
]
Within = Annotated[
    str, typer.Option("--within", help="How long --when-idle and --drain wait, a day at most.", metavar="DURATION")
]
Projects = Annotated[
    list[str] | None,
    typer.Argument(help="Projects of the site; all when none is named.", metavar="[PROJECT]..."),
]
Nodes = Annotated[
    list[str] | None,
    typer.Option("--node", help="Only this node; may be said several times. All when not given.", metavar="NODE"),
]
Project = Annotated[str, typer.Argument(help="A project's id, folder or file.", metavar="PROJECT")]
OutputFormat = Annotated[Format, typer.Option("--format", help="text for people, json for machines.")]


def where(text: str) -> "Path | Url":
    """Read what --store says: a folder or a database."""
    from cctoolkit.cdr import address

    return address.parse(text)


Store = Annotated[
    Any,
    typer.Option(
        "--store",
        parser=where,
        help="The folder of call records and journals, or postgresql://USER:env:NAME@HOST/DATABASE.",
        metavar="DIR|URL",
    ),
]
OptionalStore = Annotated[
    Any, typer.Option("--store", parser=where, help="The call records, for the day's figures.", metavar="DIR|URL")
]

FirstDay = Annotated[
    str, typer.Option("--from", help="First day, local to the project; today when not given.", metavar="DATE")
]
LastDay = Annotated[str, typer.Option("--to", help="Last day; the first when not given.", metavar="DATE")]

CallTo = Annotated[str, typer.Option("--to", help="The number dialled, in any form.", metavar="NUMBER")]
CallAt = Annotated[str, typer.Option("--at", help="A local time of the project; now when not given.", metavar="TIME")]
CallKeys = Annotated[
    str,
    typer.Option(
        "--keys", help='Keys in order, such as 1,2; digits to collect together; "-" is silence for one attempt.'
    ),
]
QueueEnds = Annotated[
    str,
    typer.Option(
        "--queue",
        help="How queues end, one after another: answered, abandoned, timeout, full, no-agents, key-1, continued; "
        "here and below the first when not given.",
    ),
]
TransferEnds = Annotated[
    str, typer.Option("--transfer", help="How transfers end: transferred, busy, no-answer, failed.")
]
VoicemailEnds = Annotated[str, typer.Option("--voicemail", help="How messages end: message-left, done, too-short.")]
CrmAnswers = Annotated[str, typer.Option("--crm", help="What the CRM answers: found, not_found, failed.")]
CrmRecord = Annotated[
    str, typer.Option("--record", help="What the CRM has of the caller, such as grade=gold,city=Тверь.")
]
CallbackEnds = Annotated[str, typer.Option("--callback", help="Offers to call back: taken, refused.")]
SurveyEnds = Annotated[str, typer.Option("--survey", help="Whether a score is given: done, none.")]
ShareCases = Annotated[str, typer.Option("--share", help="The cases chance chooses; the likeliest when not given.")]
Override = Annotated[
    str, typer.Option("--override", help="What a supervisor says at each hours step: none, open, closed, emergency.")
]
Caller = Annotated[
    str,
    typer.Option("--from", help="Who calls, or anonymous; a number no case knows when not given.", metavar="NUMBER"),
]


def call_outcomes(*, share: str, record: str, **ends: str) -> dict[str, str]:
    """Return what is said of how the outside answers a call, by name; outcomes are one word to a person, with either
    kind of hyphen.
    """
    said = {**{name: one.replace("_", "-") for name, one in ends.items()}, "share": share, "record": record}
    return {name: one for name, one in said.items() if one}


def say(text: str) -> None:
    """Write a line to standard output."""
    sys.stdout.write(text + "\n")


def tell(text: str) -> None:
    """Write a line of progress to standard error, behind all that was said before."""
    sys.stdout.flush()
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def say_json(value: object) -> None:
    """Write a value as JSON to standard output."""
    say(json.dumps(msgspec.to_builtins(value), ensure_ascii=False, indent=2))


def away(error: CctoolkitError) -> dict[str, str]:
    """Return a node that is away as a machine reads it, in its place."""
    from cctoolkit.workflow.fleet import line

    return {"away": line(error), "next_step": error.next_step}
