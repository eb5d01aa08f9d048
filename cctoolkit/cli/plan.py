"""plan: what would change."""

import asyncio
from collections.abc import Iterator
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cctoolkit.cli.options import CHANGES, Nodes, Projects, Site, away, say, say_json

if TYPE_CHECKING:
    from cctoolkit.plan.classes import Accepted
    from cctoolkit.workflow.fleet import Away, Fleet
    from cctoolkit.workflow.switch import Planned


class PlanFormat(StrEnum):
    """How a plan is written."""

    text = "text"
    json = "json"
    markdown = "markdown"


def command(
    site: Site,
    projects: Projects = None,
    nodes: Nodes = None,
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

    Exit code 0: nothing to change; 2: changes; 4: a node is away, which is said in its place.

    Example: cctoolkit plan --site lab -o plan.json
    """
    from cctoolkit.errors import SwitchUnreachable, UsageError
    from cctoolkit.flow.prove_explain import plain
    from cctoolkit.workflow import careful, fleet, specs

    if diff and output is PlanFormat.json:
        raise UsageError("a difference of texts is for people", expected="--diff with text or markdown")
    loaded = specs.load_site(site, projects or ())
    planned = asyncio.run(fleet.plan(loaded, nodes or ()))
    if output is PlanFormat.json:
        say_json([_built(one) for one in planned.nodes])
    elif output is PlanFormat.markdown:
        say("\n\n".join(_markdown(planned)))
    else:
        for text in (*told(planned), *(f"note: {text}" for text in specs.unapplied(loaded))):
            say(text)
    if diff:
        fence = output is PlanFormat.markdown
        for node, text in asyncio.run(careful.differences(planned.planned)):
            say(f"\nnode {plain(node)}:\n\n```diff\n{text}\n```" if fence else f"node {node}:\n{text}")
    if file:
        careful.save(loaded, planned.planned, file)
    if planned.away:
        return SwitchUnreachable.exit_code
    return 0 if all(one.plan.empty for one in planned.planned) else CHANGES


def told(planned: "Fleet", accepted: "Accepted | None" = None, verb: str = "apply") -> Iterator[str]:
    """Yield each node's plan, what of it is accepted by the command `verb`, or that the node is away; what is the same
    on several in a row once, below the names of them all.
    """
    from cctoolkit.plan.classes import NOTHING
    from cctoolkit.plan.explain import explain
    from cctoolkit.workflow.fleet import Away

    texts = (
        _away(one) if isinstance(one, Away) else explain(one.plan, accepted or NOTHING, verb) for one in planned.nodes
    )
    for _, alike in groupby(texts, key=_body):
        *heads, last = alike
        yield "\n".join([*(text.partition("\n")[0] for text in heads), last])


def _body(text: str) -> str:
    return text.partition("\n")[2]


def _markdown(planned: "Fleet") -> Iterator[str]:
    from cctoolkit.plan.markdown import markdown
    from cctoolkit.workflow.fleet import Away

    for one in planned.nodes:
        yield _away(one) if isinstance(one, Away) else markdown(one.plan)


def _away(one: "Away") -> str:
    from cctoolkit.workflow.fleet import line

    return f"node {one.node.id}: away: {line(one.error)}"


def _built(one: "Planned | Away") -> object:
    from cctoolkit.workflow.fleet import Away

    return {"node": one.node.id, **away(one.error)} if isinstance(one, Away) else one.plan
