"""plan: what would change."""

import asyncio

from cctoolkit.cli.options import CHANGES, Format, OutputFormat, Projects, Site, say, say_json


def command(site: Site, projects: Projects = None, output: OutputFormat = Format.text) -> int:
    """Show what apply would change, on disk, in memory and for logged-in agents, and what that does to live
    calls.

    Exit code 0: nothing to change; 2: changes.

    Example: cctoolkit plan --site lab
    """
    from cctoolkit.plan.explain import explain
    from cctoolkit.workflow import specs, switch

    loaded = specs.load_site(site, projects or ())
    planned = asyncio.run(switch.plan_site(loaded))
    if output is Format.json:
        say_json([one.plan for one in planned])
    else:
        for one in planned:
            say(explain(one.plan))
        for text in specs.unapplied(loaded):
            say(f"note: {text}")
    return 0 if all(one.plan.empty for one in planned) else CHANGES
