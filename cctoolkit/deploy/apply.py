"""apply: the order of steps, and what happens when one fails.

The disk is wholly the old or wholly the new release at every instant (one rename). Memory follows: queues and phones
first, so that the dialplan never points at what is not there. Success is what was read back, never what was answered:
Asterisk says Success for a broken file too.
"""

import asyncio
import re
from collections.abc import Callable, Mapping

import msgspec

from cctoolkit.ami.client import Client
from cctoolkit.deploy.release import Author, Disk, compose, read, refuse_edits
from cctoolkit.errors import CctoolkitError, OperatorError, SwitchError
from cctoolkit.node import snapshot
from cctoolkit.node.transports import Transport
from cctoolkit.plan.changes import Change, Plan, memory_difference
from cctoolkit.render.configset import ConfigSet
from cctoolkit.secret import Secret, SecretRef
from cctoolkit.state.described import observable
from cctoolkit.state.settings import NodeState

MODULES = ("app_queue.so", "res_pjsip.so", "pbx_config.so")
"""Reloaded in this order: what the dialplan uses is there before it."""

KEEP_RELEASES = 5
_READ_BACK_SECONDS = 5.0
_GENERATION_FILE = re.compile(r"generations/(.+)-([0-9a-f]{8})\.conf")


class Job(msgspec.Struct, frozen=True):
    """One node's apply: what was planned and everything needed to perform it. `progress` is told each step."""

    node: str
    transport: Transport
    plan: Plan
    config: ConfigSet
    author: Author
    value_of: Callable[[SecretRef], Secret]
    overwrite_edits: bool
    progress: Callable[[str], None]


async def apply(job: Job, client: Client) -> None:
    """Perform the plan, or leave the node as it was and raise what went wrong."""
    with job.transport.lock():
        disk = read(job.transport)
        refuse_edits(disk, job.node, job.overwrite_edits)
        if disk.manifest.release != job.plan.release_now:
            raise OperatorError(
                f"the node has moved on to release {disk.manifest.release} since the plan",
                where=f"node {job.node}", expected=f"release {job.plan.release_now}", next_step="plan again",
            )  # fmt: skip
        if any(change.side != "member" for change in job.plan.changes) or disk.edited:
            await _change_files(job, disk, client)
        await _change_members(job.plan, client)
        _record(job, disk)


async def _change_files(job: Job, disk: Disk, client: Client) -> None:
    kept = _still_used(disk, await snapshot.in_use(client), job.config)
    folder = _folder_name(job.transport, job.config.release)
    job.progress(f"stage release {folder}")
    job.transport.stage(folder, compose(job.config, kept, job.author, job.transport.key(), job.value_of))
    try:
        job.transport.intend(f"{disk.folder} -> {folder}")
        job.progress("flip, reload, read back")
        job.transport.flip(folder)
        await _load(client, _wanted(job.config.files, kept))
    except (CctoolkitError, asyncio.CancelledError) as error:
        await _put_back(job, disk, folder, client, error)
        raise
    job.transport.intend(None)
    _clean_up(job.transport)


def _still_used(disk: Disk, in_use: frozenset[tuple[str, str]], config: ConfigSet) -> dict[str, str]:
    """Return the generation files to keep: those of calls that are up, and the one just replaced, which a call may be
    entering this instant.
    """
    files = {p: t for p, t in {**disk.kept, **disk.files}.items() if _GENERATION_FILE.fullmatch(p) and p not in config.files}
    replaced = {f"generations/{p}-{g}.conf" for p, g in disk.manifest.generations.items()}
    used = {f"generations/{p}-{g}.conf" for p, g in in_use}
    return {path: text for path, text in files.items() if path in used | replaced}


def _folder_name(transport: Transport, release: str) -> str:
    """Number the folder: a release that comes again must not be written into the folder that is in force."""
    numbers = [int(name.partition("-")[0]) for name in transport.releases() if name.partition("-")[0].isdigit()]
    return f"{max(numbers, default=0) + 1:06d}-{release}"


def _wanted(files: Mapping[str, str], kept: Mapping[str, str]) -> NodeState:
    return observable({**files, **kept})


async def _load(client: Client, wanted: NodeState) -> None:
    """Reload and read back until memory is what the files say; raise SwitchError with the differences otherwise."""
    for module in MODULES:
        await client.action("Reload", {"Module": module}, timeout=60)
    deadline = asyncio.get_running_loop().time() + _READ_BACK_SECONDS
    while different := memory_difference(await snapshot.memory(client), wanted):
        if asyncio.get_running_loop().time() > deadline:
            raise SwitchError(
                f"the switch did not take the new files: {_first(different)}",
                where=f"node {client.account.where}, reload",
                expected="memory equal to the files",
                next_step="look for ERROR and WARNING in the node's log; the old release is in force again",
            )
        # A reload of app_queue or res_pjsip goes on for a moment after the reply.
        await asyncio.sleep(0.1)


def _first(changes: list[Change]) -> str:
    first = changes[0]
    more = f" and {len(changes) - 1} more" if len(changes) > 1 else ""
    return f"{first.kind} {first.name} {first.option} is {first.old}, not {first.new}{more}"


async def _put_back(job: Job, disk: Disk, folder: str, client: Client, error: BaseException) -> None:
    """Make the old release current again, on disk first; the switch may be gone by now."""
    job.progress("put the old release back")
    job.transport.flip(disk.folder)
    try:
        await _load(client, observable({**disk.files, **disk.kept}))
    except CctoolkitError as second:
        error.add_note(f"and the switch did not confirm the old release: {second.what}")
    else:
        job.transport.discard(folder)
    job.transport.intend(None)


async def _change_members(plan: Plan, client: Client) -> None:
    for change in plan.changes:
        if change.side != "member":
            continue
        who = {"Queue": change.name, "Interface": f"PJSIP/{change.option}"}
        if change.new is None:
            await client.action("QueueRemove", who)
        elif change.old is None:
            await client.action("QueueAdd", {**who, "Penalty": change.new, "MemberName": change.option})
        else:
            await client.action("QueuePenalty", {**who, "Penalty": change.new})


def _clean_up(transport: Transport) -> None:
    for name in transport.releases()[:-KEEP_RELEASES]:
        if name != transport.current():
            transport.discard(name)


def _record(job: Job, disk: Disk) -> None:
    entry = {
        "when": job.author.when.isoformat(), "who": job.author.who, "commit": job.author.commit,
        "from": disk.manifest.release, "to": job.config.release, "changes": len(job.plan.changes),
    }  # fmt: skip
    job.transport.record(msgspec.json.encode(entry).decode())
