"""Takes one node's apply back: the release it replaced is in force again, with its queues, penalties and log-ins."""

from msgspec import Struct
from msgspec.structs import replace

from cctoolkit.deploy import journal
from cctoolkit.deploy.apply import Job, PutBack, apply
from cctoolkit.deploy.members import change_members, log_in_again
from cctoolkit.deploy.release import NOTHING, Disk, read
from cctoolkit.deploy.reload import Switch
from cctoolkit.deploy.rollback import as_it_is, config_of
from cctoolkit.errors import OperatorError
from cctoolkit.node import snapshot
from cctoolkit.node.transports import Intent, Transport
from cctoolkit.plan.changes import Member, taken_back


class Before(Struct, frozen=True):
    """What there was before an apply: the folder in force, who was logged in where, and the journal."""

    folder: str
    members: tuple[Member, ...]
    intent: Intent | None

    @property
    def trial(self) -> Intent | None:
        """The release in force, where it waits to be confirmed."""
        return self.intent if journal.waits(self.intent) else None


async def look(there: Transport, client: Switch) -> Before:
    """Look what there is before an apply that may have to be taken back."""
    return Before(await there.current(), tuple(await snapshot.members(client)), await there.intent())


async def undo(job: Job, before: Before, client: Switch) -> None:
    """Bring back the release that `job` has replaced, and read it back; one on trial is on trial again.

    As a release of its own, so that generations stay in which calls have come up meanwhile. What was nobody's release,
    or was edited by hand, becomes current as it was, to the byte.
    """
    old = await read(job.transport, before.folder)
    plan = taken_back(job.plan)
    if old.manifest.release == NOTHING or old.edited:
        await _as_it_was(job, old, before, client)
        await change_members(client, plan.changes, job.progress)
    else:
        terms = replace(job.terms, back_to=old.folder, trial=before.trial)
        await apply(replace(job, plan=plan, config=config_of(old), value_of=as_it_is, terms=terms), client)
    await log_in_again(client, before.members, job.plan.changes)


async def _as_it_was(job: Job, old: Disk, before: Before, client: Switch) -> None:
    there = job.transport
    async with there.lock(job.holder()):
        new = await read(there)
        if new.manifest.release != job.config.release:
            raise OperatorError(
                f"the node has moved on to release {new.manifest.release}", where=f"node {job.node}",
                expected=f"release {job.config.release}", next_step="see cctoolkit history",
            )  # fmt: skip
        await PutBack(job, old, new.folder, before.trial, client, before.members).put_back("another node failed")
