"""plan: what would change."""

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cctoolkit.cli.options import CHANGES, Format, Nodes, OutputFormat, Projects, Site, say, say_json

if TYPE_CHECKING:
    from cctoolkit.workflow.fleet import Away, Fleet
    from cctoolkit.workflow.switch import Planned


def command(site: Site, projects: Projects = None, nodes: Nodes = None, output: OutputFormat = Format.text) -> int:
    """Show what apply would change, on disk, in memory and for logged-in agents, and what that does to live
    calls.

    Exit code 0: nothing to change; 2: changes; 4: a node is away, which is said in its place.

    Example: cctoolkit plan --site lab
    """
    from cctoolkit.errors import SwitchUnreachable
    from cctoolkit.workflow import fleet, specs

    loaded = specs.load_site(site, projects or ())
    planned = asyncio.run(fleet.plan(loaded, nodes or ()))
    if output is Format.json:
        say_json([_built(one) for one in planned.nodes])
    else:
        for text in (*told(planned), *(f"note: {text}" for text in specs.unapplied(loaded))):
            say(text)
    if planned.away:
        return SwitchUnreachable.exit_code
    return 0 if all(one.plan.empty for one in planned.planned) else CHANGES


def told(planned: "Fleet") -> Iterator[str]:
    """Yield each node's plan, or that the node is away."""
    from cctoolkit.plan.explain import explain
    from cctoolkit.workflow.fleet import Away, line

    for one in planned.nodes:
        if isinstance(one, Away):
            yield f"node {one.node.id}: away: {line(one.error)}"
        else:
            yield explain(one.plan)


def _built(one: "Planned | Away") -> object:
    from cctoolkit.workflow.fleet import Away, line

    if isinstance(one, Away):
        return {"node": one.node.id, "away": line(one.error), "next_step": one.error.next_step}
    return one.plan
