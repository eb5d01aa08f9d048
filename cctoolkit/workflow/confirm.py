"""apply --confirm, and what becomes of releases that nobody confirmed in time.

The deadline stands in each node's journal. When the machine that applied has died (else see `trial`), nobody brings the
old releases back until the next command: plan, history and drift tell of it, apply and rollback bring them back first.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from cctoolkit import clock
from cctoolkit.deploy import history, journal
from cctoolkit.deploy.terms import Terms
from cctoolkit.errors import CctoolkitError, OperatorError, SwitchError
from cctoolkit.model.site import Node
from cctoolkit.node.transports import Intent
from cctoolkit.plan.classes import EVERYTHING
from cctoolkit.workflow.fleet import apply_site
from cctoolkit.workflow.reach import transport
from cctoolkit.workflow.rollback import plan_back
from cctoolkit.workflow.switch import holder, user

Progress = Callable[[str], None]


async def confirm(nodes: Sequence[Node], progress: Progress) -> list[str]:
    """Let the releases that wait stay; return their nodes. Raise OperatorError when none waits or its time is over."""
    waiting = on_trial(await journals(nodes, progress))
    if not waiting:
        raise OperatorError("no release waits to be confirmed", where=f"node {', '.join(node.id for node in nodes)}",
                            expected="one applied with --confirm-within",
                            next_step="cctoolkit history says what became of it")  # fmt: skip
    for node, intent in waiting:
        _refuse_overdue(node, intent)
    for node, intent in waiting:
        async with transport(node) as there, there.lock(holder("confirm")):
            if not journal.same(await there.intent(), intent):
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
    waiting = on_trial(await journals(nodes, progress))
    late = [(node, one) for node, one in waiting if journal.overdue(one, clock.now())]
    for node, intent in late:
        progress(f"node {node.id}: {journal.told(intent, clock.now())}")
    back = await bring_all_back(late, progress)
    failed = next((one.error for one in back if one.error), None)
    if failed is not None:
        for one in back:
            if one.error is not failed:
                failed.add_note(one.told)
        raise failed
    if late:
        raise not_confirmed(late)


def not_confirmed(late: Sequence[tuple[Node, Intent]]) -> OperatorError:
    """Return the error of releases that are back because nobody let the newer ones stay."""
    return OperatorError(
        "not confirmed in time: " + ", ".join(f"{one.back_to} is in force again" for _, one in late),
        where=f"node {', '.join(node.id for node, _ in late)}",
        expected="cctoolkit apply --confirm before the deadline",
        next_step="plan, and apply again",
    )  # fmt: skip


async def journals(nodes: Sequence[Node], progress: Progress) -> list[tuple[Node, Intent | None]]:
    """Return the nodes with their journals, all asked at once; those that are away are told and left out."""
    found = []
    for node, said in zip(nodes, await asyncio.gather(*map(journal_of, nodes), return_exceptions=True), strict=True):
        if isinstance(said, OperatorError | SwitchError):
            progress(f"node {node.id} cannot be asked: {said.what}")
        elif isinstance(said, BaseException):
            raise said
        else:
            found.append((node, said))
    return found


def on_trial(asked: Iterable[tuple[Node, Intent | None]]) -> list[tuple[Node, Intent]]:
    """Return those whose release waits to be confirmed, or did so in vain."""
    return [(node, intent) for node, intent in asked if intent and journal.waits(intent)]


async def journal_of(node: Node) -> Intent | None:
    """Return what a node's journal holds."""
    async with transport(node) as there:
        return await there.intent()


class Back(Struct, frozen=True):
    """What became of a trial that was ended, and why where its old release is not back."""

    node: str
    told: str
    error: CctoolkitError | None = None


async def bring_all_back(waiting: Sequence[tuple[Node, Intent]], progress: Progress) -> list[Back]:
    """Bring old releases back wherever it can be: a node where it cannot keeps no other from it."""
    back = []
    for node, intent in waiting:
        try:
            await bring_back(node, intent, progress)
        except CctoolkitError as error:
            told = f"node {node.id}: {journal.told(intent, clock.now())}; now: {error.what}"
            back.append(Back(node.id, told, error))
        else:
            back.append(Back(node.id, f"node {node.id}: {intent.back_to} is in force again"))
    return back


async def bring_back(node: Node, intent: Intent, progress: Progress) -> None:
    """Bring the old release back, as the one answer to this trial."""
    planned = await plan_back(node, intent)
    # What this touches was in force before: nobody is there to accept it.
    await apply_site([planned], overwrite_edits=False, progress=progress, accepted=EVERYTHING,
                     terms=Terms(verb="automatic rollback", answers=intent))  # fmt: skip
