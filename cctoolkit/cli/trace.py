"""trace: where would this call go, and why."""

from typing import Any

from cctoolkit.cli.options import (
    CallAt,
    CallbackEnds,
    Caller,
    CallKeys,
    CallTo,
    CrmAnswers,
    CrmRecord,
    Format,
    OutputFormat,
    Override,
    Project,
    QueueEnds,
    ShareCases,
    SurveyEnds,
    TransferEnds,
    VoicemailEnds,
    call_outcomes,
    say,
    say_json,
)


def command(
    project: Project,
    to: CallTo,
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
    output: OutputFormat = Format.text,
) -> None:
    """Walk one call through the flow, step by step: what the caller hears, why each turn is taken, and the lines of the
    spec that say so.

    Example: cctoolkit trace northwind-hotline --to "8 800 100-20-30" --at "2026-12-31 18:30" --keys 1
    """
    from cctoolkit.flow.explain import Turn, clocks
    from cctoolkit.workflow import specs
    from cctoolkit.workflow.trace import explain

    loaded = specs.load_project(project)
    outcomes = call_outcomes(
        queue=queue, transfer=transfer, voicemail=voicemail, crm=crm, callback=callback, survey=survey,
        override=override, share=share, record=record,
    )  # fmt: skip
    told = explain(loaded.project, specs.dialled(loaded.project, to), at, keys, outcomes, caller)
    document = loaded.document

    def place(route: tuple[str | int, ...]) -> str:
        return document.where(route, key=True) if route else ""

    def plain(turn: Turn) -> dict[str, Any]:
        return {
            "step": turn.step, "kind": turn.kind, "label": turn.label, "why": turn.why, "target": turn.target,
            "hears": turn.hears, "after_seconds": turn.after_seconds,
            "line": place(turn.route), "reason_line": place(turn.reason),
        }  # fmt: skip

    if output is Format.json:
        say_json({"number": told.number, "at": told.at, "steps": [*map(plain, told.turns)], "end": told.end})
        return
    zone = loaded.project.project.time_zone
    when = f"{told.at:%a} {told.at.day} {told.at:%b %Y %H:%M} {zone}"
    say(f"{told.number} at {when}; times at the latest, prompts and talk not counted")
    for turn, clock in zip(told.turns, clocks(told), strict=True):
        say(f"{clock:%H:%M:%S}  {turn.step} ({turn.kind}, {place(turn.route)})")
        if turn.hears:
            say(f"          hears {', '.join(turn.hears)}")
        reason = f" ({place(turn.reason)})" if turn.reason else ""
        say(f"          {turn.why}{reason}" + (f" -> {turn.label} -> {turn.target}" if turn.target else ""))
    say(f"ends: {told.end}")
