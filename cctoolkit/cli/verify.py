"""verify: the switch equals the spec, and test calls walk every branch."""

import asyncio
from typing import TYPE_CHECKING

from cctoolkit.cli.options import CHANGES, Format, OutputFormat, Project, Site, Wait, say, say_json, tell

if TYPE_CHECKING:
    from cctoolkit.verify.checks import Finding


def command(project: Project, site: Site, wait: Wait = "", output: OutputFormat = Format.text) -> int:
    """Compare what each node runs with the spec, see whether trunks answer and prompts are there, then place a test
    call for every way through the flow.

    Test calls enter over AMI, bring their own clock, and wait in shadow queues: no agent's phone rings.
    Exit code 0: all as it should be; 2: findings.

    Example: cctoolkit verify northwind-hotline --site lab
    """
    from cctoolkit.workflow import locks, specs
    from cctoolkit.workflow.verify import verify_site

    loaded = specs.load_project(project)
    site_loaded = specs.load_site(site, [loaded.project.id])
    patience = locks.patience(wait)

    async def verified() -> dict[str, tuple["Finding", ...]]:
        await locks.wait_free(site_loaded.site.nodes, patience, tell)
        return await verify_site(site_loaded, loaded, lambda n, of: tell(f"test call {n} of {of} done"))

    findings = asyncio.run(verified())
    if output is Format.json:
        say_json(findings)
    else:
        for node, found in findings.items():
            for one in found:
                say(f"{node} {'ok  ' if one.good else 'FAIL'} {one.check}: {one.subject}: {one.text}")
            bad = sum(not one.good for one in found)
            say(f"{node}: {len(found) - bad} of {len(found)} good")
    return 0 if all(one.good for found in findings.values() for one in found) else CHANGES
