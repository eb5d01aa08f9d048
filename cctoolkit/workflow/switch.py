"""One switch: its plan, what performs it, its history."""

import asyncio
import getpass
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from cctoolkit import clock
from cctoolkit.ami.client import Account, Client
from cctoolkit.deploy import apply as deploy
from cctoolkit.deploy import release
from cctoolkit.errors import OperatorError
from cctoolkit.model.project import Project
from cctoolkit.model.site import AmiAccount, Node, Site
from cctoolkit.node import snapshot
from cctoolkit.node.transports import Transport
from cctoolkit.plan.changes import Change, Member, Plan, difference, membership, memory_difference
from cctoolkit.plan.classes import Accepted
from cctoolkit.plan.impact import judge
from cctoolkit.plan.looks import Situation
from cctoolkit.render.configset import ConfigSet
from cctoolkit.render.dialplan import memberships
from cctoolkit.secret import parse_ref, resolve, reveal_all
from cctoolkit.state.described import described
from cctoolkit.workflow.reach import ami_port, transport
from cctoolkit.workflow.specs import LoadedSite, render_site


class Planned(Struct, frozen=True):
    """A node's plan and what it was made from."""

    node: Node
    plan: Plan
    config: ConfigSet
    disk: release.Disk


def account(node: Node, who: AmiAccount) -> Account:
    """Return an AMI account with its secret, read now."""
    return Account(node.ami.host, node.ami.port, who.user, resolve(parse_ref(who.secret, Path())))


@asynccontextmanager
async def reached(node: Node, who: AmiAccount) -> AsyncIterator[Account]:
    """Yield an AMI account at an address that leads to it as long as this lasts."""
    found = account(node, who)
    if node.ami.via == "direct" or node.ssh is None:
        yield found
        return
    async with ami_port(node, node.ssh) as port:
        yield replace(found, host="127.0.0.1", port=port, told_as=f"{found.where} through ssh {node.ssh.host}")


@asynccontextmanager
async def deploy_client(node: Node) -> AsyncIterator[Client]:
    """Yield a client of the deploy account."""
    async with reached(node, node.ami.accounts.deploy) as found, Client.connect(found) as client:
        yield client


async def plan_site(loaded: LoadedSite) -> list[Planned]:
    """Plan every node of a site whose nodes must all be there (else see `fleet.plan`); nothing is changed."""
    configs = render_site(loaded)
    return list(await asyncio.gather(*(plan_node(loaded, node, configs[node.id]) for node in loaded.site.nodes)))


async def plan_node(
    loaded: LoadedSite, node: Node, config: ConfigSet, staying: Collection[str] = frozenset()
) -> Planned:
    """Plan one node; who of the roster is logged in to queues that are `staying` stays, whatever the spec says."""
    async with transport(node) as there:
        disk, key, cut_off = await release.read(there), await there.key(), await _cut_off(there)
    async with deploy_client(node) as client:
        memory, members = await snapshot.memory(client), await snapshot.members(client)
        live = await snapshot.live(client)
    wanted = revealed(config)
    changes: list[Change] = difference("disk", described(disk.files, key), described(wanted, key))
    shown = disk.observable()
    # With files nobody can read there is nothing to hold memory against; apply writes them anew and reads
    # back.
    changes += memory_difference(memory, shown) if shown is not None else []
    roster = {entry.agent for entry in loaded.site.roster}
    stay = [one for one in members if one.queue in staying and one.agent in roster]
    changes += membership(members, [*_allowed(loaded.site, loaded.projects), *stay])
    plan = Plan(node.id, disk.manifest.release, config.release, tuple(changes), disk.edited, cut_off, (), node.asterisk)
    situation = Situation(changes, live, memory, config.files, {**disk.files, **disk.kept})
    plan = replace(plan, impacts=judge(situation, node.asterisk, reloads=plan.reloads))
    return Planned(node, plan, config, disk)


def revealed(config: ConfigSet) -> dict[str, str]:
    """Return the files with their secrets; raise OperatorError for one that cannot be read."""
    return {path: reveal_all(text, resolve) for path, text in config.files.items()}


async def _cut_off(there: Transport) -> str:
    """Say which apply was cut off, or is at work; "" when none is."""
    intent = await there.intent()
    if intent is None:
        return ""
    try:
        async with there.lock():
            return deploy.told(intent)
    except OperatorError as error:
        return error.what


def _allowed(site: Site, projects: Sequence[Project]) -> list[Member]:
    return [
        Member(one.queue, entry.agent, one.penalty)
        for entry in site.roster
        for one in memberships(projects, entry.agent)
        if one.holds(clock.now())
    ]


def job(
    one: Planned,
    there: Transport,
    author: release.Author,
    *,
    overwrite_edits: bool,
    accepted: Accepted,
    progress: Callable[[str], None],
) -> deploy.Job:
    """Return what performs a node's plan; what it tells begins with the node's name."""

    def named(line: str) -> None:
        progress(f"{one.node.id}: {line}")

    return deploy.Job(one.node.id, there, one.plan, one.config, author, resolve, overwrite_edits, named, accepted)


async def histories(loaded: LoadedSite) -> list[tuple[Node, list[str]]]:
    """Return each node with the lines of its history."""
    found = []
    for node in loaded.site.nodes:
        async with transport(node) as there:
            found.append((node, await there.history()))
    return found


def user() -> str:
    """Return who runs this; a number where the machine has no name for it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def commit() -> str:
    """Return the Git commit of the folder the command runs in, with "+" when files differ from it; ""
    outside Git, or without git.
    """
    git = shutil.which("git")
    if git is None:
        return ""
    command = [git, "describe", "--always", "--dirty=+", "--abbrev=12", "--exclude=*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)  # noqa: S603 - no shell
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()
