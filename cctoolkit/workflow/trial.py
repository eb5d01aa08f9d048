"""apply --confirm-within: the old releases come back unless somebody confirms the new ones in time.

The deadline stands in each node's journal: its own while the run over the nodes goes on, the same in all when that is
over. The process that applied waits, closing its terminal does not end it, and brings the old ones back when nobody
confirmed; so does Ctrl-C, at once.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from types import TracebackType

from msgspec.structs import replace

from cctoolkit import clock
from cctoolkit.deploy import history, journal
from cctoolkit.deploy.fleet import Outcome
from cctoolkit.deploy.tasks import obeyed
from cctoolkit.errors import Busy, OperatorError, SwitchError
from cctoolkit.model.site import Node
from cctoolkit.node.transports import Intent
from cctoolkit.workflow import terminal
from cctoolkit.workflow.confirm import (
    Back,
    Progress,
    bring_all_back,
    bring_back,
    journal_of,
    journals,
    not_confirmed,
    on_trial,
)
from cctoolkit.workflow.fleet import Applied
from cctoolkit.workflow.reach import transport
from cctoolkit.workflow.switch import holder

_POLL_SECONDS = 1.0
_AT_ONCE = timedelta(seconds=1)


async def apply_and_wait(
    nodes: Sequence[Node],
    within: timedelta,
    act: Callable[[], Awaitable[Applied]],
    shown: Callable[[Applied, str], None],
    progress: Progress,
) -> tuple[Applied, list[str]]:
    """Apply, and wait until it is confirmed; return what was done, and where it was confirmed: nowhere when a node
    failed or Ctrl-C came, whose old release, and that of all others, is back. Raise OperatorError when nobody confirmed
    in time. Before the wait `shown` is given what is where, and until when all wait ("" where nobody does).
    """
    with terminal.survived():
        asked = await journals(nodes, progress)
        before = {node.id: intent for node, intent in on_trial(asked)}
        async with _PutBackAll([node for node, _ in asked], before, progress) as back:
            applied = await act()
            if applied.errors or applied.interrupted:
                shown(applied, "")
                # Nodes that were changed are rolled back by then; what could not be is tried once more.
                for one in await back.put_back():
                    progress(one.told)
                return applied, []
            left = {one.node for one in applied.outcomes if one.state in ("away", "unchanged")}
            # What came meanwhile to a node we left alone is on trial by somebody else.
            back.nodes = [node for node in nodes if node.id not in left]
            # Whoever was changed must be there to be confirmed.
            now = [(node, await journal_of(node)) for node in back.nodes]
            waiting = [(node, one) for node, one in on_trial(now) if before.get(node.id) != one]
            try:
                waiting = await _together(waiting, within, progress)
            finally:
                shown(applied, waiting[0][1].confirm_by if waiting else "")
            try:
                await _wait(waiting, progress)
            except asyncio.CancelledError:
                obeyed()
                return _taken_back(applied, await back.put_back()), []
        return applied, [node.id for node, _ in waiting]


def _taken_back(applied: Applied, back: Sequence[Back]) -> Applied:
    """Return what is where after an interruption of the wait."""
    ended = {one.node: one for one in back}
    outcomes = (_after(outcome, ended.get(outcome.node)) for outcome in applied.outcomes)
    return replace(applied, outcomes=tuple(outcomes), interrupted=True)


def _after(outcome: Outcome, back: Back | None) -> Outcome:
    if back is None:
        return outcome
    if back.error:
        return replace(outcome, state="failed", release_now="", why=back.told, next_step=back.error.next_step)
    return replace(outcome, state="rolled back", release_now=outcome.release_before, why=back.told)


async def _together(
    waiting: Sequence[tuple[Node, Intent]], within: timedelta, progress: Progress
) -> list[tuple[Node, Intent]]:
    """Let the deadline of all nodes count from now, when the run is over."""
    by = clock.now() + within
    last = max((journal.deadline(intent) for _, intent in waiting), default=by)
    if by - last < _AT_ONCE:
        # Nothing came after the last node's read-back: where there is one only, its journal says it already.
        by = last
    return [(node, await _until(node, intent, by, progress)) for node, intent in waiting]


async def _until(node: Node, intent: Intent, by: datetime, progress: Progress) -> Intent:
    """Give a trial its deadline, once nobody else is at work there; what was answered meanwhile is left alone."""
    later = journal.until(intent, by)
    while later != intent and not journal.overdue(later, clock.now()):
        try:
            async with transport(node) as there, there.lock(holder("apply, on trial")):
                if await there.intent() != intent:
                    break
                await there.intend(later)
                return later
        except Busy as busy:
            progress(f"node {node.id}: its deadline waits: {busy.what}")
            await asyncio.sleep(_POLL_SECONDS)
    return intent


async def _wait(waiting: Sequence[tuple[Node, Intent]], progress: Progress) -> None:
    for node, intent in waiting:
        progress(f"node {node.id}: {journal.told(intent, clock.now())}; cctoolkit apply --confirm lets it stay")
    left, late = list(waiting), list[tuple[Node, Intent]]()
    while left:
        await asyncio.sleep(_POLL_SECONDS)
        # What is over for one is over for all: half a site must not be confirmed.
        over = bool(late) or any(journal.overdue(intent, clock.now()) for _, intent in left)
        for node, intent in tuple(left):
            now = await _now(node, intent, progress)
            if now is None or now.confirm_by != intent.confirm_by:
                await _refuse_gone(node, intent)
                left.remove((node, intent))
            elif (over or journal.overdue(now, clock.now())) and await _tried(node, now, progress):
                late.append((node, intent))
                left.remove((node, intent))
    if late:
        raise not_confirmed(late)


async def _now(node: Node, intent: Intent, progress: Progress) -> Intent | None:
    """Return what the journal holds now: `intent`, or the way back from it that somebody has begun and may never end. A
    node that cannot be asked for a moment holds what it held.
    """
    try:
        return await journal_of(node)
    except (OperatorError, SwitchError) as error:
        if journal.overdue(intent, clock.now()):
            raise
        progress(f"node {node.id} cannot be asked: {error.what}")
        return intent


async def _tried(node: Node, intent: Intent, progress: Progress) -> bool:
    """Bring the old release back; say False while somebody else is at work there, or has just confirmed."""
    progress(f"node {node.id}: {journal.told(intent, clock.now())}")
    try:
        await bring_back(node, intent, progress)
    except Busy:
        return False
    return True


async def _refuse_gone(node: Node, intent: Intent) -> None:
    """Raise OperatorError where a release that waits no more was not confirmed: another command put it back."""
    async with transport(node) as there:
        if not history.is_confirmed(await there.history(), intent.new):
            raise OperatorError(f"release {intent.new} was put back by another command", where=f"node {node.id}",
                                expected="a confirmation",
                                next_step="cctoolkit history says by whom")  # fmt: skip


class _PutBackAll(AbstractAsyncContextManager["_PutBackAll"]):
    """Brings back what waits since this apply when anything ends it: a node that failed, Ctrl-C."""

    def __init__(self, nodes: Sequence[Node], before: dict[str, Intent], progress: Progress) -> None:
        self.nodes = nodes
        self._before = before
        self._progress = progress

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            for one in await self.put_back():
                error.add_note(one.told)

    async def put_back(self) -> list[Back]:
        """Bring it back wherever it can be; return what became of each node."""
        waiting = on_trial(await journals(self.nodes, self._progress))
        ours = [(node, intent) for node, intent in waiting if self._before.get(node.id) != intent]
        return await bring_all_back(ours, self._progress)
