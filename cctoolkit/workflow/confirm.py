"""apply --confirm-within: the old releases come back unless somebody confirms the new ones in time.

The deadline stands in each node's journal. The process that applied waits, closing its terminal does not end it, and
brings the old ones back when nobody confirmed; so does Ctrl-C, at once. When its machine dies, nobody does until the
next command: plan, history and drift tell of it, apply and rollback bring the old ones back first.
"""

import asyncio
import signal
import threading
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from types import TracebackType

from cctoolkit import clock
from cctoolkit.deploy import history, journal
from cctoolkit.deploy.terms import Terms
from cctoolkit.errors import Busy, CctoolkitError, OperatorError, SwitchError
from cctoolkit.model.site import Node
from cctoolkit.node.transports import Intent
from cctoolkit.plan.classes import EVERYTHING
from cctoolkit.workflow.fleet import Applied, apply_site
from cctoolkit.workflow.reach import transport
from cctoolkit.workflow.rollback import plan_back
from cctoolkit.workflow.switch import holder, user

Progress = Callable[[str], None]
_POLL_SECONDS = 1.0


async def confirm(nodes: Sequence[Node], progress: Progress) -> list[str]:
    """Let the releases that wait stay; return their nodes. Raise OperatorError when none waits or its time is over."""
    waiting = _waiting(await _asked(nodes, progress))
    if not waiting:
        raise OperatorError("no release waits to be confirmed", where=f"node {', '.join(node.id for node in nodes)}",
                            expected="one applied with --confirm-within",
                            next_step="cctoolkit history says what became of it")  # fmt: skip
    for node, intent in waiting:
        _refuse_overdue(node, intent)
    for node, intent in waiting:
        async with transport(node) as there, there.lock(holder("confirm")):
            if await there.intent() != intent:
                raise OperatorError(
                    "it was put back this moment", where=f"node {node.id}", next_step="plan, then apply"
                )
            _refuse_overdue(node, intent)
            await there.record(history.confirmed(intent, user(), clock.now()))
            await there.intend(None)
    return [node.id for node, _ in waiting]


def _refuse_overdue(node: Node, intent: Intent) -> None:
    if journal.overdue(intent, clock.now()):
        raise OperatorError(journal.told(intent, clock.now()), where=f"node {node.id}",
                            expected="a confirmation in time",
                            next_step="cctoolkit rollback puts it back now; then apply again")  # fmt: skip


async def settle(nodes: Sequence[Node], progress: Progress) -> None:
    """Bring old releases back whose successors nobody confirmed in time; raise OperatorError when there were any.

    A node that is away keeps nobody from the others: what becomes of it is the plan's to say.
    """
    waiting = _waiting(await _asked(nodes, progress))
    late = [(node, one) for node, one in waiting if journal.overdue(one, clock.now())]
    if late:
        for node, intent in late:
            progress(journal.told(intent, clock.now()))
            await _put_back(node, intent, progress)
        raise _not_confirmed(late)


def _not_confirmed(late: Sequence[tuple[Node, Intent]]) -> OperatorError:
    return OperatorError(
        "not confirmed in time: " + ", ".join(f"{one.back_to} is in force again" for _, one in late),
        where=f"node {', '.join(node.id for node, _ in late)}",
        expected="cctoolkit apply --confirm before the deadline",
        next_step="plan, and apply again",
    )  # fmt: skip


async def _asked(nodes: Sequence[Node], progress: Progress) -> list[tuple[Node, Intent | None]]:
    """Return the nodes with their journals, all asked at once; those that are away are told and left out."""
    found = []
    for node, said in zip(nodes, await asyncio.gather(*map(_intent, nodes), return_exceptions=True), strict=True):
        if isinstance(said, OperatorError | SwitchError):
            progress(f"node {node.id} cannot be asked: {said.what}")
        elif isinstance(said, BaseException):
            raise said
        else:
            found.append((node, said))
    return found


def _waiting(asked: Iterable[tuple[Node, Intent | None]]) -> list[tuple[Node, Intent]]:
    return [(node, intent) for node, intent in asked if intent and journal.waits(intent)]


async def _intent(node: Node) -> Intent | None:
    async with transport(node) as there:
        return await there.intent()


async def _put_back(node: Node, intent: Intent, progress: Progress) -> None:
    planned = await plan_back(node, intent)
    # What this touches was in force before: nobody is there to accept it.
    await apply_site([planned], overwrite_edits=False, progress=progress, accepted=EVERYTHING,
                     terms=Terms(verb="automatic rollback", answers=intent))  # fmt: skip


async def apply_and_wait(
    nodes: Sequence[Node], act: Callable[[], Awaitable[Applied]], progress: Progress
) -> tuple[Applied, list[str]]:
    """Apply, and wait until it is confirmed; return what was done, and where it was confirmed: nowhere when a node
    failed, whose old release, and that of all others, is back. Raise OperatorError when nobody confirmed in time.
    """
    progress = _while_there_is_a_terminal(progress)
    asked = await _asked(nodes, progress)
    before = {node.id: intent for node, intent in _waiting(asked)}
    async with _PutBackAll([node for node, _ in asked], before, progress) as back:
        applied = await act()
        if applied.errors or applied.interrupted:
            # Nodes that were changed are rolled back by then; what could not be is tried once more.
            for told in await back.put_back():
                progress(told)
            return applied, []
        away = {one.node for one in applied.outcomes if one.state == "away"}
        # Whoever was changed must be there to be confirmed.
        now = [(node, await _intent(node)) for node in nodes if node.id not in away]
        waiting = [(node, one) for node, one in _waiting(now) if before.get(node.id) != one]
        await _wait(waiting, progress)
    return applied, [node.id for node, _ in waiting]


async def _wait(waiting: Sequence[tuple[Node, Intent]], progress: Progress) -> None:
    _survive_the_terminal()
    for node, intent in waiting:
        progress(f"node {node.id}: {journal.told(intent, clock.now())}; cctoolkit apply --confirm lets it stay")
    left, late = list(waiting), list[tuple[Node, Intent]]()
    while left:
        await asyncio.sleep(_POLL_SECONDS)
        # What is over for one is over for all: half a site must not be confirmed.
        over = bool(late) or any(journal.overdue(intent, clock.now()) for _, intent in left)
        for node, intent in tuple(left):
            if not await _still(node, intent, progress):
                await _refuse_gone(node, intent)
                left.remove((node, intent))
            elif over and await _tried(node, intent, progress):
                late.append((node, intent))
                left.remove((node, intent))
    if late:
        raise _not_confirmed(late)


async def _still(node: Node, intent: Intent, progress: Progress) -> bool:
    """Say whether it still waits; a node that cannot be asked for a moment does."""
    try:
        return await _intent(node) == intent
    except (OperatorError, SwitchError) as error:
        if journal.overdue(intent, clock.now()):
            raise
        progress(f"node {node.id} cannot be asked: {error.what}")
        return True


async def _tried(node: Node, intent: Intent, progress: Progress) -> bool:
    """Bring the old release back; say False while somebody else is at work there, or has just confirmed."""
    progress(journal.told(intent, clock.now()))
    try:
        await _put_back(node, intent, progress)
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


def _while_there_is_a_terminal(progress: Progress) -> Progress:
    """Tell while somebody can read it: a terminal that was closed must not keep the old release from coming back."""

    def told(text: str) -> None:
        with suppress(OSError):
            progress(text)

    return told


def _survive_the_terminal() -> None:
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGHUP, signal.SIG_IGN)


class _PutBackAll(AbstractAsyncContextManager["_PutBackAll"]):
    """Brings back what waits since this apply when anything ends it: a node that failed, Ctrl-C."""

    def __init__(self, nodes: Sequence[Node], before: dict[str, Intent], progress: Progress) -> None:
        self._nodes = nodes
        self._before = before
        self._progress = progress

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            for told in await self.put_back():
                error.add_note(told)

    async def put_back(self) -> list[str]:
        """Bring it back wherever it can be; return what became of each node."""
        told = []
        for node, intent in _waiting(await _asked(self._nodes, self._progress)):
            if self._before.get(node.id) != intent:
                try:
                    await _put_back(node, intent, self._progress)
                except CctoolkitError as second:
                    told.append(f"node {node.id}: {journal.told(intent, clock.now())}; now: {second.what}")
                else:
                    told.append(f"node {node.id}: {intent.back_to} is in force again")
        return told
