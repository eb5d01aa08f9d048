"""verify: the switch equals the spec, and test calls walk every branch."""

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cctoolkit.cli.options import CHANGES, Format, Nodes, OutputFormat, Project, Site, Wait, away, say, say_json, tell

if TYPE_CHECKING:
    from cctoolkit.errors import CctoolkitError
    from cctoolkit.workflow.verify import Found


def command(
    project: Project, site: Site, nodes: Nodes = None, wait: Wait = "", output: OutputFormat = Format.text
) -> int:
    """Compare what each node runs with the spec, see whether trunks answer and prompts are there, then place a test
    call for every way through the flow.

    Test calls enter over AMI, bring their own clock, and wait in shadow queues: no agent's phone rings.
    Exit code 0: all as it should be; 2: findings; 4: a node could not be verified, which is said in its place.

    Example: cctoolkit verify northwind-hotline --site lab
    """
    from cctoolkit.errors import CctoolkitError, SwitchUnreachable
    from cctoolkit.workflow import locks, specs
    from cctoolkit.workflow import nodes as of_site
    from cctoolkit.workflow.verify import verify_site

    loaded = specs.load_project(project)
    site_loaded = specs.load_site(site, [loaded.project.id])
    chosen = of_site.chosen(site_loaded, nodes or ())
    patience = locks.patience(wait)

    async def verified() -> "dict[str, Found | CctoolkitError]":
        async with locks.held(chosen, "verify", patience, tell):
            return {**await verify_site(site_loaded, loaded, tell, nodes or ())}

    found = asyncio.run(verified())
    if output is Format.json:
        say_json({node: one if isinstance(one, tuple) else away(one) for node, one in found.items()})
    else:
        for node, one in found.items():
            for line in _lines(one):
                say(f"{node}{line}")
    if any(isinstance(one, CctoolkitError) for one in found.values()):
        return SwitchUnreachable.exit_code
    return 0 if all(one.good for of in found.values() if isinstance(of, tuple) for one in of) else CHANGES


def _lines(found: "Found | CctoolkitError") -> Iterator[str]:
    from cctoolkit.workflow.fleet import line

    if not isinstance(found, tuple):
        yield f": away: {line(found)}"
        if found.next_step:
            yield f":   next: {found.next_step}"
        return
    for one in found:
        yield f" {'ok  ' if one.good else 'FAIL'} {one.check}: {one.subject}: {one.text}"
    bad = sum(not one.good for one in found)
    yield f": {len(found) - bad} of {len(found)} good"
