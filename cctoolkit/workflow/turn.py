"""A node's turn in a fleet's apply: its plan performed, read, and taken back, each over connections of its own.

With `patience` the node is planned anew at its turn, and again and again until its change touches nobody.
"""

from collections.abc import Callable

from cctoolkit.deploy import apply as deploy
from cctoolkit.deploy import release, undo
from cctoolkit.deploy.danger import Dangerous
from cctoolkit.deploy.terms import ORDINARY, Terms
from cctoolkit.node.transports import Transport
from cctoolkit.plan.classes import EVERYTHING, Accepted, Impact, dangers
from cctoolkit.workflow import switch
from cctoolkit.workflow.patience import Patience
from cctoolkit.workflow.reach import transport
from cctoolkit.workflow.switch import Planned


class NodeTurn:
    """See `cctoolkit.deploy.fleet.Turn`."""

    def __init__(  # noqa: PLR0913 - what a person may say of an apply, one by one
        self,
        planned: Planned,
        author: release.Author,
        *,
        overwrite_edits: bool,
        accepted: Accepted,
        terms: Terms = ORDINARY,
        patience: Patience | None = None,
        progress: Callable[[str], None],
    ) -> None:
        self.planned = planned
        self.node = planned.node.id
        self.before, self.after = planned.plan.release_now, planned.plan.release_new
        self._author = author
        self._overwrite_edits = overwrite_edits
        self._accepted = accepted
        self._terms = terms
        self._patience = patience
        self._touched: tuple[Impact, ...] = ()
        self._progress = progress
        self._before: undo.Before | None = None
        self._performed = False

    async def perform(self) -> bool:
        """Apply, or leave the node as it was and raise; with patience say False while somebody would be touched."""
        if self._patience is None:
            await self._apply()
            return True
        self.planned = await self._patience.again(self.planned)
        deploy.refuse_moved_on(self.node, self.before, self.planned.disk)
        self._touched = dangers(self.planned.plan.impacts, self._accepted)
        if not self._touched:
            try:
                await self._apply()
            except Dangerous as refused:
                # Somebody came between the plan and the lock.
                self._touched = refused.found
        return self._performed

    async def wait(self) -> None:
        """Wait a moment for who is touched."""
        if self._patience is not None:
            await self._patience.wait(self.planned.plan, self._touched, self._terms.verb)

    async def _apply(self) -> None:
        async with transport(self.planned.node) as there, switch.deploy_client(self.planned.node) as client:
            self._before = await undo.look(there, client)
            await deploy.apply(self._job(there, self._accepted, self._terms), client)
        self._performed = True

    async def changed(self) -> bool:
        """Say whether the release in force was made here; another engineer's is not ours to take back."""
        if self._performed:
            return True
        async with transport(self.planned.node) as there:
            made = (await release.read(there)).manifest
        return (made.created, made.who) == (self._author.when.isoformat(), self._author.who)

    async def undo(self) -> None:
        """Bring back the release that was in force before, and read it back."""
        if self._before is None:
            # Its plan could not even begin.
            return
        async with transport(self.planned.node) as there, switch.deploy_client(self.planned.node) as client:
            # Whom this touches the apply has touched before: the way back is not refused.
            await undo.undo(self._job(there, EVERYTHING, Terms("automatic rollback")), self._before, client)

    async def now(self) -> str:
        """Return the release in force."""
        async with transport(self.planned.node) as there:
            return (await release.read(there)).manifest.release

    def _job(self, there: Transport, accepted: Accepted, terms: Terms) -> deploy.Job:
        return switch.job(
            self.planned, there, self._author,
            overwrite_edits=self._overwrite_edits, accepted=accepted, progress=self._progress, terms=terms,
        )  # fmt: skip
