"""graph: the call flow as a picture."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from cctoolkit.cli.options import (
    CHANGES,
    CallAt,
    CallbackEnds,
    Caller,
    CallKeys,
    CrmAnswers,
    CrmRecord,
    Override,
    Project,
    QueueEnds,
    ShareCases,
    SurveyEnds,
    TransferEnds,
    VoicemailEnds,
    call_outcomes,
    tell,
)


def command(
    project: Project,
    file: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Where to write; standard output when not given.", metavar="F"),
    ] = None,
    kind: Annotated[
        str, typer.Option("--format", help="svg, png, pdf, mermaid or dot; by the file's ending when not given.")
    ] = "",
    trace: Annotated[
        bool, typer.Option("--trace", help="Mark the way of one call, which the options below describe.")
    ] = False,
    to: Annotated[
        str, typer.Option("--to", help="The number dialled; the project's first when not given.", metavar="NUMBER")
    ] = "",
    at: CallAt = "",
    keys: CallKeys = "",
    queue: QueueEnds = "",
    transfer: TransferEnds = "",
    voicemail: VoicemailEnds = "",
    crm: CrmAnswers = "",
    record: CrmRecord = "",
    callback: CallbackEnds = "",
    survey: SurveyEnds = "",
    share: ShareCases = "",
    override: Override = "",
    caller: Caller = "",
) -> int:
    """Draw the call flow in the project's language, with hours and keys on its lines. A step no call reaches is red,
    and the exit code is then 2.

    Example: cctoolkit graph northwind-hotline -o flow.svg --trace --at "2026-12-31 16:30"
    """
    from cctoolkit.errors import OperatorError, UsageError
    from cctoolkit.workflow import pictures, specs
    from cctoolkit.workflow.trace import trace as walk_of

    chosen = pictures.kind_of(kind, file.suffix if file else "")
    outcomes = call_outcomes(
        queue=queue, transfer=transfer, voicemail=voicemail, crm=crm, callback=callback, survey=survey,
        override=override, share=share, record=record,
    )  # fmt: skip
    if (to or at or keys or caller or outcomes) and not trace:
        raise UsageError("a call is described, and its way not asked for", next_step="add --trace")
    found = pictures.load(project)
    walk = None
    if trace:
        number = specs.dialled(found.project, to or found.project.numbers[0].number)
        walk = walk_of(found.project, number, at, keys, outcomes, caller)
    drawn = pictures.draw(found.project, chosen, walk)
    try:
        if file:
            file.write_bytes(drawn)
        else:
            sys.stdout.buffer.write(drawn)
    except OSError as error:
        raise OperatorError(f"cannot be written: {error.strerror}", where=str(file)) from error
    for problem in found.problems:
        tell(str(problem))
    return CHANGES if found.problems else 0
