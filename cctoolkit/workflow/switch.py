"""One switch: its plan, what performs it, its history."""

import asyncio
import getpass
import os
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from cctoolkit import clock
from cctoolkit.ami.client import Account, Client
from cctoolkit.deploy import apply as deploy
from cctoolkit.deploy import journal, release
from cctoolkit.deploy.rollback import as_it_is
from cctoolkit.deploy.terms import ORDINARY, Terms
from cctoolkit.errors import Busy, OperatorError
from cctoolkit.model.site import AmiAccount, Node
from cctoolkit.node import snapshot
from cctoolkit.node.transports import Holder, Intent, Transport
from cctoolkit.node.transports.ami import AmiTransport
from cctoolkit.plan.allowed import misplaced
from cctoolkit.plan.changes import Change, Plan, difference, memory_difference
from cctoolkit.plan.classes import Accepted
from cctoolkit.plan.impact import judge
from cctoolkit.plan.looks import Situation
from cctoolkit.render.configset import ConfigSet
from cctoolkit.secret import parse_ref, resolve, reveal_files
from cctoolkit.state.described import described
from cctoolkit.workflow.reach import ami_port, transport
from cctoolkit.workflow.specs import LoadedSite, render_site


class Planned(Struct, frozen=True):
    """A node's plan and what it was made from: the spec, or the kept release `kept`, its secrets in it; in queues that
    are `staying` nobody is logged out. `base` is the release to come back to, `intent` the node's journal.
    """

    node: Node
    plan: Plan
    config: ConfigSet
    disk: release.Disk
    base: release.Disk
    intent: Intent | None = None
    kept: release.Disk | None = None
    staying: frozenset[str] = frozenset()


def account(node: Node, who: AmiAccount) -> Account:
    """Return an AMI account with its secret, read now."""
    return Account(node.ami.host, node.ami.port, who.user, resolve(parse_ref(who.secret, Path())), node.ami.tls)


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
    return list(await asyncio.gather(*(plan_node(node, configs[node.id]) for node in loaded.site.nodes)))


async def plan_node(
    node: Node, config: ConfigSet, *, kept: release.Disk | None = None, staying: frozenset[str] = frozenset()
) -> Planned:
    """Plan one node; `kept` is the release of its own that `config` was read from, if any. Agents who are logged in to
    queues that are `staying` stay, whatever the spec says.
    """
    wanted = reveal_files(config.files, as_it_is if kept else resolve)
    async with transport(node) as there:
        disk, key = await release.read(there), await there.key()
        intent = await there.intent()
        cut_off, pending = await _journal(there, intent)
        before = await deploy.replaced(there, disk, intent)
        fresh = config.release != disk.manifest.release
        limits = await there.limits(wanted) if fresh and isinstance(there, AmiTransport) else []
    async with deploy_client(node) as client:
        _refuse_other_version(node, await snapshot.version(client))
        memory, members = await snapshot.memory(client), await snapshot.members(client)
        live = await snapshot.live(client)
    changes: list[Change] = difference("disk", described(disk.files, key), described(wanted, key))
    shown = disk.observable()
    # With files nobody can read there is nothing to hold memory against; apply writes them anew and reads
    # back.
    unlike = memory_difference(memory, shown) if shown is not None else []
    changes += unlike
    going = {change.name for change in changes if (change.kind, change.action) == ("queue", "remove")}
    changes += misplaced(config, members, clock.now(), staying, going)
    plan = Plan(
        node.id, disk.manifest.release, config.release, tuple(changes), disk.edited, cut_off, (), node.asterisk, pending
    )
    situation = Situation(changes, live, memory, config.files, {**disk.files, **disk.kept})
    impacts = judge(situation, node.asterisk, reloads=plan.reloads, queues=plan.reloads_queues)
    plan = replace(plan, impacts=impacts, limits=tuple(limits) if plan.reloads else ())
    base = disk if shown is not None and not unlike else before
    return Planned(node, plan, config, disk, base, intent, kept, staying)


async def planned_again(one: Planned) -> Planned:
    """Plan a node anew for the same files."""
    return await plan_node(one.node, one.config, kept=one.kept, staying=one.staying)


def _refuse_other_version(node: Node, runs: str) -> None:
    if runs != node.asterisk:
        raise OperatorError(
            f"the node runs {f'Asterisk {runs}' if runs else 'an Asterisk without a version'}", where=f"node {node.id}",
            expected=f"Asterisk {node.asterisk}: what a change does to who is live is known of that version alone",
            next_step=f"let the node run Asterisk {node.asterisk}; nothing was changed",
        )  # fmt: skip


async def _journal(there: Transport, intent: Intent | None) -> tuple[str, str]:
    """Say which apply was cut off, or is at work, and which release waits to be confirmed; "" when none."""
    if intent is None:
        return "", ""
    told = journal.told(intent, clock.now())
    if journal.waits(intent):
        return "", told
    try:
        # Without a name: whoever comes this moment waits until this look is over, and is not refused.
        async with there.lock():
            return told, ""
    except Busy as error:
        return error.what, ""


def job(  # noqa: PLR0913 - what a person may say of an apply, one by one
    one: Planned,
    there: Transport,
    author: release.Author,
    *,
    overwrite_edits: bool,
    accepted: Accepted,
    progress: Callable[[str], None],
    terms: Terms = ORDINARY,
) -> deploy.Job:
    """Return what performs a node's plan; what it tells begins with the node's name."""

    def named(line: str) -> None:
        progress(f"{one.node.id}: {line}")

    found = deploy.Job(
        one.node.id, there, one.plan, one.config, author, resolve, overwrite_edits, named, accepted,
        replace(terms, keep=one.node.keep_releases),
    )  # fmt: skip
    return _from_kept(found, one.kept) if one.kept else found


def _from_kept(job: deploy.Job, kept: release.Disk) -> deploy.Job:
    """Return the job of a rollback: the commit is that of the release it goes back to."""
    author = release.Author(job.author.who, kept.manifest.commit, job.author.when)
    terms = replace(job.terms, back_to=kept.folder)
    return replace(job, author=author, value_of=as_it_is, terms=terms)


def holder(doing: str) -> Holder:
    """Return what to tell whoever finds a node locked by this command."""
    return Holder(user(), socket.gethostname(), doing, clock.now().isoformat())


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
