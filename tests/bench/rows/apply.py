"""A queue's option changes in a site of 60 queues and 500 agents, all logged in: from `apply` to read back, against
Asterisk's own reload of the same files.
"""

import asyncio
import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

from made_specs import spec
from measure import ROOT, SEED, Row

from cctoolkit.deploy.reload import MODULES
from cctoolkit.lab.lab import Lab
from cctoolkit.model.site import Node
from cctoolkit.render.dialplan import memberships
from cctoolkit.workflow import specs, switch

PROJECTS, QUEUES, AGENTS = 6, 60, 500
TIMES = 5
LIMIT = 2.0
"""Seconds an apply may take beyond the reloads."""

_SITE = """
site: {{id: lab, title: Lab of the measurements}}
roster:
{roster}
feature_codes: {{}}
projects: [{projects}]
"""


def write_specs(root: Path) -> Path:
    """Write projects with queues and agents, each agent on two queues of one of them; return the lab's template."""
    random = Random(SEED)
    names, roster = [], []
    for number in range(PROJECTS):
        name = f"made-{number}"
        names.append(name)
        agents = AGENTS // PROJECTS + (number < AGENTS % PROJECTS)
        text = spec(random, name, 2 + 4 * QUEUES // PROJECTS, 2, agents)
        # Each project has a number and people of its own.
        text = text.replace("agent: agent-", f"agent: a{number}-")
        text = re.sub(r"(800\) 100|495\) 640)-\d\d", rf"\1-{number + 10}", text)
        roster += [f"  - {{agent: a{number}-{agent}, name: Agent {number}-{agent}}}" for agent in range(agents)]
        path = root / "projects" / name / "project.yaml"
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
    template = root / "projects" / "sites" / "lab.yaml"
    template.parent.mkdir()
    template.write_text(_SITE.format(roster="\n".join(roster), projects=", ".join(names)), encoding="utf-8")
    return template


def change(root: Path) -> None:
    """Change one queue's option, there or back."""
    path = root / "projects" / "made-0" / "project.yaml"
    text = path.read_text(encoding="utf-8")
    head, found, rest = text.partition("    service_level: {within: ")
    seconds, _, tail = rest.partition("s,")
    path.write_text(f"{head}{found}{int(seconds) ^ 1}s,{tail}", encoding="utf-8")


def apply(root: Path, site: Path) -> None:
    """Apply as people do."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "cctoolkit", "apply", "--site", str(site)]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    if done.returncode or "applied and read back" not in done.stdout:
        raise AssertionError(f"apply ended with {done.returncode}: {done.stdout[-2000:]} {done.stderr}")


async def log_in(loaded: specs.LoadedSite) -> None:
    """Let every agent be a member of every queue they may serve."""
    (node,) = loaded.site.nodes
    async with switch.deploy_client(node) as client:
        for entry in loaded.site.roster:
            who = {"Interface": f"PJSIP/{entry.agent}", "MemberName": entry.agent}
            for one in memberships(loaded.projects, entry.agent):
                await client.action("QueueAdd", {**who, "Queue": one.queue, "Penalty": str(one.penalty)})


async def reload(node: Node) -> float:
    """Put the last two releases in force in turn and let Asterisk load them; return its seconds, at best."""
    took = []
    async with switch.transport(node) as there, switch.deploy_client(node) as client:
        for folder in (await there.releases())[-2:] * TIMES:
            await there.flip(folder)
            began = time.perf_counter()
            for module, _ in MODULES:
                await client.action("Reload", {"Module": module}, timeout=60)
            took.append(time.perf_counter() - began)
    return min(took)


def rows() -> Iterator[Row]:
    """Yield how much longer an apply takes than the reloads, and each."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        with contextlib.chdir(root), Lab(root / "lab", write_specs(root), owned=True) as lab:
            apply(root, lab.site_file)
            loaded = specs.load_site(str(lab.site_file))
            asyncio.run(log_in(loaded))
            took = []
            for _ in range(TIMES + 1):  # an even number of changes: there and back
                change(root)
                began = time.perf_counter()
                apply(root, lab.site_file)
                took.append(time.perf_counter() - began)
            own = asyncio.run(reload(loaded.site.nodes[0]))
    yield Row(
        f"apply: one of {QUEUES} queues, {AGENTS} agents",
        f"{min(took):.2f} s from the command to its end",
        f"{own:.2f} s, Asterisk's reload alone",
        min(took) - own,
        LIMIT,
        unit="s",
    )
