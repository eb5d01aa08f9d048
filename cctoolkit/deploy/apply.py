"""apply: the order of steps, and what happens when one fails.

The disk is wholly the old or wholly the new release at every instant (one rename). Memory follows: queues and
phones first, so that the dialplan never points at what is not there. The intent journal is written before the
first file and cleared when memory was seen to follow the disk; as long as it stands, memory is not known to,
and the next apply loads the whole release again. What happens at each place where an apply can be cut off:

    staging          current is the old release; the next apply sweeps the draft or the staged folder away
    until read back  current is the new release; the next one loads again, or puts the old one back
    putting back     current is the old release; the next apply loads again

A release that must be confirmed (see `journal`) keeps the journal until it is.
"""

import socket
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from types import TracebackType

import msgspec

from cctoolkit import clock
from cctoolkit.deploy import history, journal
from cctoolkit.deploy.danger import Dangerous, touched
from cctoolkit.deploy.members import change_members, log_in_again
from cctoolkit.deploy.registrations import register_again
from cctoolkit.deploy.release import NOTHING, Author, Disk, compose, read, refuse_edits, still_used
from cctoolkit.deploy.reload import MODULES, Switch, load, stale
from cctoolkit.deploy.retention import clean_up
from cctoolkit.deploy.terms import ORDINARY, Terms
from cctoolkit.errors import CctoolkitError, OperatorError, Refused, SwitchUnreachable
from cctoolkit.node import snapshot
from cctoolkit.node.transports import Holder, Intent, Transport
from cctoolkit.plan.changes import Member, Plan, memory_difference
from cctoolkit.plan.classes import Accepted, dangers
from cctoolkit.render.configset import ConfigSet
from cctoolkit.secret import Secret, SecretRef
from cctoolkit.state.described import observable


class Job(msgspec.Struct, frozen=True):
    """One node's apply: what was planned and everything needed to perform it. `progress` is told each
    step; `accepted` are the dangers somebody said may happen.
    """

    node: str
    transport: Transport
    plan: Plan
    config: ConfigSet
    author: Author
    value_of: Callable[[SecretRef], Secret]
    overwrite_edits: bool
    progress: Callable[[str], None]
    accepted: Accepted = Accepted()
    terms: Terms = ORDINARY

    def holder(self) -> Holder:
        """Return what to tell whoever finds the node locked."""
        doing = f"{self.terms.verb} of release {self.config.release}"
        return Holder(self.author.who, socket.gethostname(), doing, self.author.when.isoformat())


async def apply(job: Job, client: Switch) -> None:
    """Perform the plan, or leave the node as it was and raise what went wrong."""
    async with job.transport.lock(job.holder()):
        disk = await read(job.transport)
        refuse_edits(disk, job.node, job.overwrite_edits, job.terms.verb)
        refuse_moved_on(job.node, job.plan.release_now, disk)
        intent = await job.transport.intent()
        journal.refuse(intent, job.terms, job.node, clock.now())
        anew = bool(intent or disk.edited or job.terms.reload)
        impacts = await touched(client, job.plan, job.config.files, disk, anew=anew)
        if found := dangers(impacts, job.accepted):
            raise Dangerous(job.plan, found, job.terms.verb)
        await job.transport.sweep()
        if anew or any(change.side != "member" for change in job.plan.changes):
            await _change_files(job, disk, intent, client)
            await change_members(client, job.plan.changes, job.progress)
        else:
            if job.terms.confirm_within:
                job.progress("no file changes: there is nothing to confirm")
            await change_members(client, job.plan.changes, job.progress)
            await record(job, disk, disk.folder)


def refuse_moved_on(node: str, planned: str, disk: Disk) -> None:
    """Raise OperatorError when the release in force is no longer the one a plan was made for."""
    if disk.manifest.release != planned:
        raise OperatorError(
            f"the node has moved on to release {disk.manifest.release} since the plan",
            where=f"node {node}",
            expected=f"release {planned}",
            next_step="plan again; nothing was changed",
        )


def refuse_trial_of_the_first(node: str, terms: Terms, base: Disk) -> None:
    """Raise Refused when a release is to be on trial where there is none to come back to."""
    if terms.confirm_within and base.manifest.release == NOTHING:
        raise Refused(
            "before the first release there is nothing to come back to", where=f"node {node}",
            expected="--confirm-within where a release is in force",
            next_step="apply without --confirm-within, or leave this node out with --node; nothing was changed",
        )  # fmt: skip


async def _change_files(job: Job, disk: Disk, intent: Intent | None, client: Switch) -> None:
    base = await _last_good(job, disk, intent, client)
    refuse_trial_of_the_first(job.node, job.terms, base)
    kept = still_used(disk, await snapshot.in_use(client), job.config)
    files = compose(job.config, kept, job.author, await job.transport.key(), job.value_of)
    folder = await _folder_name(job.transport, job.config.release)
    # Where memory may be something else than the files say, a file that does not change is to be loaded too.
    unsure = intent or disk.edited or job.terms.reload or any(change.side == "memory" for change in job.plan.changes)
    async with PutBack(job, base, folder, intent, client, await snapshot.members(client)):
        begun = journal.begun(job.terms, job.author.who, job.author.when, old=base.folder, new=folder, over=intent)
        await job.transport.intend(begun)
        job.progress(f"stage release {folder}")
        await job.transport.stage(folder, files)
        job.progress("flip, reload, read back")
        await job.transport.flip(folder)
        wanted = observable({**job.config.files, **kept})
        await load(client, wanted, disk.observable(), MODULES if unsure else stale(disk.files, files))
        await register_again(client, job.plan.changes, wanted)
        await record(job, disk, folder)
        await job.transport.intend(journal.left(begun, job.terms, clock.now()))
    abandoned = intent.new if intent and intent.new != disk.folder else ""
    await clean_up(job.transport, client, job.terms.keep, abandoned, job.progress)


async def _last_good(job: Job, disk: Disk, intent: Intent | None, client: Switch) -> Disk:
    """Return the release to put back if this one fails: the current one, unless a cut-off apply made it
    current and the switch does not run it.
    """
    if intent is None or journal.waits(intent):
        return disk
    job.progress(journal.told(intent, clock.now()))
    shown = disk.observable()
    if shown and not memory_difference(await snapshot.memory(client), shown):
        return disk
    return await replaced(job.transport, disk, intent)


async def replaced(there: Transport, disk: Disk, intent: Intent | None) -> Disk:
    """Return the release that an apply which was cut off has made the one on `disk` replace, else the latter."""
    if intent is None or journal.waits(intent) or intent.new != disk.folder:
        return disk
    try:
        return await read(there, intent.old)
    except OperatorError:
        return disk


async def _folder_name(transport: Transport, release: str) -> str:
    """Number the folder: a release that comes again must not be written into the folder that is in force."""
    numbers = [int(name.partition("-")[0]) for name in await transport.releases()]
    return f"{max(numbers, default=0) + 1:06d}-{release}"


class PutBack(AbstractAsyncContextManager[None]):
    """Makes the old release current again when anything at all goes wrong: an error, Ctrl-C, a bug of
    ours. Who was logged in `before` is so again where the new release has logged them out.
    """

    def __init__(
        self, job: Job, old: Disk, folder: str, intent: Intent | None, client: Switch, before: Sequence[Member]
    ) -> None:
        self._job = job
        self._old = old
        self._folder = folder
        self._intent = intent
        self._client = client
        self._before = before

    async def __aenter__(self) -> None:
        return None

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            return
        try:
            await self.put_back(str(error) or type(error).__name__)
        except CctoolkitError as second:
            error.add_note(f"release {self._old.folder} is not confirmed to be in force again: {second.what}")
            error.add_note("run apply again when that is mended: it loads the whole release")
        else:
            error.add_note(f"nothing was changed: release {self._old.folder} is in force")

    async def put_back(self, why: str) -> None:
        """Do it, and read it back; nothing is done where the new release is not current. The history tells `why`."""
        there = self._job.transport
        flipped = await there.current() == self._folder
        if flipped:
            self._job.progress("put the old release back")
            # On disk first: the switch may be gone by now, and reads the disk when it comes up again.
            await there.flip(self._old.folder)
            await load(self._client, self._old.observable(), observable(self._job.config.files))
            await log_in_again(self._client, self._before, self._job.plan.changes)
        # Where nothing was flipped, what an earlier apply has left half done is still so; what waits goes on waiting.
        await there.intend(None if flipped and not journal.waits(self._intent) else self._intent)
        with suppress(OperatorError, SwitchUnreachable):
            if self._folder in await there.releases():
                await there.discard(self._folder)
        if flipped:
            await self._tell_history(why)

    async def _tell_history(self, why: str) -> None:
        job = self._job
        releases = (job.config.release, self._old.manifest.release)
        try:
            await job.transport.record(history.put_back(job.terms.verb, job.author, releases, self._old.folder, why))
        except (OperatorError, SwitchUnreachable) as error:
            job.progress(f"the history does not tell of it: {error.what}")


async def record(job: Job, disk: Disk, folder: str) -> None:
    """Write into the node's history that the release on `disk` was replaced by the job's, which is in `folder`."""
    line = history.released(
        job.terms.verb, job.author, (disk.manifest.release, job.config.release), folder, job.plan.changes
    )
    await job.transport.record(line)
