"""plan: what would change."""

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cctoolkit.cli.options import CHANGES, Projects, Site, say, say_json

if TYPE_CHECKING:
    from cctoolkit.workflow.specs import LoadedSite
    from cctoolkit.workflow.switch import Planned


class PlanFormat(StrEnum):
    """How a plan is written."""

    text = "text"
    json = "json"
    markdown = "markdown"


def command(
    site: Site,
    projects: Projects = None,
    output: Annotated[
        PlanFormat, typer.Option("--format", help="text for people, json for machines, markdown for merge requests.")
    ] = PlanFormat.text,
    diff: Annotated[
        bool, typer.Option("--diff", help="Show what differs in the text of the files too; passwords are masked.")
    ] = False,
    file: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Save the plan for `apply --plan`; no secret is in it.", metavar="FILE"),
    ] = None,
) -> int:
    """Show what apply would change, on disk, in memory and for logged-in agents, and what that does to who is live: who
    waits, who is logged in or paused, which calls are up.

    Exit code 0: nothing to change; 2: changes.

    Example: cctoolkit plan --site lab -o plan.json
    """
    from cctoolkit.errors import UsageError
    from cctoolkit.plan.markdown import markdown
    from cctoolkit.workflow import careful, specs, switch

    if diff and output is PlanFormat.json:
        raise UsageError("a difference of texts is for people", expected="--diff with text or markdown")
    loaded = specs.load_site(site, projects or ())
    planned = asyncio.run(switch.plan_site(loaded))
    if output is PlanFormat.json:
        say_json([one.plan for one in planned])
    elif output is PlanFormat.markdown:
        say("\n\n".join(markdown(one.plan) for one in planned))
    else:
        _text(loaded, planned)
    if diff:
        fence = output is PlanFormat.markdown
        for text in asyncio.run(careful.differences(planned)):
            say(f"\n```diff\n{text}\n```" if fence else text)
    if file:
        careful.save(loaded, planned, file)
    return 0 if all(one.plan.empty for one in planned) else CHANGES


def _text(loaded: "LoadedSite", planned: "list[Planned]") -> None:
    from cctoolkit.plan.explain import explain
    from cctoolkit.workflow import specs

    for one in planned:
        say(explain(one.plan))
    for text in specs.unapplied(loaded):
        say(f"note: {text}")
