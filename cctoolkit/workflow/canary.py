"""The node that goes first, verified before the others begin."""

from collections.abc import Callable

from cctoolkit.errors import SwitchError
from cctoolkit.workflow.specs import LoadedProject, LoadedSite
from cctoolkit.workflow.switch import Planned
from cctoolkit.workflow.verify import verified


async def verify(loaded: LoadedSite, canary: Planned, progress: Callable[[str], None]) -> None:
    """Raise SwitchError when the canary does not do what the specs say, test calls included."""
    for project, document in zip(loaded.projects, loaded.documents, strict=True):
        progress(f"{canary.node.id}: test calls of {project.id}")
        found = await verified(
            loaded, canary.node, canary.config, LoadedProject(project, document), lambda _done, _of: None
        )
        bad = [one for one in found if not one.good]
        if bad:
            more = f" and {len(bad) - 1} more" if len(bad) > 1 else ""
            raise SwitchError(
                f"the canary fails {bad[0].check}: {bad[0].subject}: {bad[0].text}{more}",
                where=f"node {canary.node.id}, project {project.id}", expected="every check good",
                next_step=f"see them all with cctoolkit verify {project.id} where this spec may be applied",
            )  # fmt: skip
