"""Takes one node's apply back: the release it replaced is in force again, with its queues and penalties."""

from msgspec.structs import replace

from cctoolkit.deploy.apply import Job, PutBack, apply
from cctoolkit.deploy.members import change_members
from cctoolkit.deploy.release import NOTHING, Disk, read
from cctoolkit.deploy.reload import Switch
from cctoolkit.deploy.rollback import as_it_is, config_of
from cctoolkit.errors import OperatorError
from cctoolkit.plan.changes import taken_back


async def undo(job: Job, folder: str, client: Switch) -> None:
    """Bring back the release in `folder`, which `job` has replaced, and read it back.

    As a release of its own, so that generations stay in which calls have come up meanwhile. What was nobody's release,
    or was edited by hand, becomes current as it was, to the byte.
    """
    old = await read(job.transport, folder)
    plan = taken_back(job.plan)
    if old.manifest.release == NOTHING or old.edited:
        await _as_it_was(job, old, client)
        await change_members(client, plan.changes, job.progress)
    else:
        terms = replace(job.terms, back_to=old.folder)
        await apply(replace(job, plan=plan, config=config_of(old), value_of=as_it_is, terms=terms), client)


async def _as_it_was(job: Job, old: Disk, client: Switch) -> None:
    there = job.transport
    async with there.lock(job.holder()):
        new = await read(there)
        if new.manifest.release != job.config.release:
            raise OperatorError(
                f"the node has moved on to release {new.manifest.release}", where=f"node {job.node}",
                expected=f"release {job.config.release}", next_step="see cctoolkit history",
            )  # fmt: skip
        await PutBack(job, old, new.folder, None, client).put_back("another node failed")
