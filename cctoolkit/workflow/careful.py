"""apply as people ask for it: at once, when nobody is touched any more, or after a drain; or a saved plan and no other.

Who waits plans each node anew at its turn, and `deploy` judges once more under its lock: a caller who came meanwhile is
waited for as well. A node that is done stays done while others wait.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from cctoolkit.deploy.danger import Dangerous
from cctoolkit.deploy.release import refuse_edits
from cctoolkit.deploy.tasks import obeyed
from cctoolkit.deploy.terms import Verb
from cctoolkit.errors import OperatorError, UsageError
from cctoolkit.plan import diff, drain, saved
from cctoolkit.plan.changes import Plan
from cctoolkit.plan.classes import DANGEROUS, Accepted, Class, dangers
from cctoolkit.secret import reveal_files
from cctoolkit.spec.problem import one_of
from cctoolkit.workflow import fleet
from cctoolkit.workflow.fleet import Applied, Fleet
from cctoolkit.workflow.patience import Patience, refuse_restart
from cctoolkit.workflow.reach import transport
from cctoolkit.workflow.specs import LoadedSite
from cctoolkit.workflow.switch import Planned


class How(Struct, frozen=True):
    """What may happen and how it goes over the nodes (all, or those named), what is waited for and how long, and the
    saved plan that is to be performed.
    """

    spread: fleet.How = fleet.How()
    nodes: tuple[str, ...] = ()
    when_idle: bool = False
    drain: bool = False
    within_seconds: int = 1800
    plan: Path | None = None


def accepted(classes: Sequence[Class]) -> Accepted:
    """Return what may happen; raise UsageError for a class that nothing refuses."""
    for one in classes:
        if not one.dangerous:
            raise UsageError(f"{one} is no danger: it needs no word", expected=one_of(DANGEROUS))
    return Accepted(frozenset(classes))


def save(loaded: LoadedSite, planned: Sequence[Planned], file: Path) -> None:
    """Write a plan file; raise OperatorError when it cannot be written."""
    try:
        file.write_bytes(saved.write(loaded.site.id, [one.plan for one in planned]))
    except OSError as error:
        raise OperatorError(f"cannot be written: {error.strerror}", where=str(file)) from error


def _promised(file: Path) -> saved.Saved:
    try:
        return saved.read(file.read_bytes(), str(file))
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=str(file), expected="a plan file") from error


async def differences(planned: Sequence[Planned]) -> list[tuple[str, str]]:
    """Return what differs in the files of each node where anything does, with the node's name."""
    found = []
    for one in planned:
        async with transport(one.node) as there:
            key = await there.key()
        found.append((one.node.id, diff.text(one.disk.files, reveal_files(one.config.files), key)))
    return [(node, text) for node, text in found if text]


async def apply(
    loaded: LoadedSite, how: How, *, progress: Callable[[str], None], told: Callable[[Fleet], None]
) -> Applied:
    """Apply a site and return what is where; `told` is given the plans first."""
    if how.plan and how.drain:
        raise UsageError("a drain takes releases that a saved plan does not have", expected="--plan or --drain")
    if how.drain and how.spread.terms.confirm_within:
        raise UsageError("what a drain leaves is no release to come back to", expected="--confirm-within or --drain")
    promised = _promised(how.plan) if how.plan else None
    with nothing_changed(progress):
        planned = await fleet.plan(loaded, how.nodes)
    if promised is None:
        return await perform(planned, how, progress=progress, told=told)
    away = {one.node.id: one.error for one in planned.away}
    saved.refuse_other(promised, loaded.site.id, [one.plan for one in planned.planned], away)
    check = partial(saved.refuse_changed, promised)
    return await perform(planned, how, progress=progress, told=told, check=check)


async def perform(
    planned: Fleet,
    how: How,
    *,
    progress: Callable[[str], None],
    told: Callable[[Fleet], None],
    check: Callable[[Plan], None] = lambda _plan: None,
) -> Applied:
    """Perform plans, each as it is or, where it waits, as it is made anew at its turn, when `check` is given it."""
    told(planned)
    for one in planned.planned:
        refuse_edits(one.disk, one.node.id, how.spread.overwrite_edits, how.spread.terms.verb)
    patience = Patience(how.within_seconds, check, progress)
    if how.drain:
        return await _drain(planned, how, patience, progress)
    if how.when_idle:
        return await _when_idle(planned, how.spread, patience, progress)
    refuse_dangers(planned.planned, how.spread.accepted, how.spread.terms.verb)
    return await fleet.apply(planned, how.spread, progress)


@contextmanager
def nothing_changed(progress: Callable[[str], None]) -> Iterator[None]:
    """Tell whoever interrupts this that there is nothing to look for on the nodes."""
    try:
        yield
    except asyncio.CancelledError:
        progress("nothing was changed")
        raise


def refuse_dangers(planned: Sequence[Planned], accepted: Accepted, verb: Verb) -> None:
    """Raise Dangerous when a plan would touch who is live: of many nodes none is changed where one would be refused.

    Each node is looked at again under its lock.
    """
    for one in planned:
        if found := dangers(one.plan.impacts, accepted):
            raise Dangerous(one.plan, found, verb)


async def _when_idle(planned: Fleet, spread: fleet.How, patience: Patience, progress: Callable[[str], None]) -> Applied:
    for one in planned.planned:
        refuse_restart(one.plan, dangers(one.plan.impacts, spread.accepted), spread.terms.verb)
    return await fleet.apply(planned, spread, progress, patience)


async def _drain(first: Fleet, how: How, patience: Patience, progress: Callable[[str], None]) -> Applied:
    """Flip to a release that lets no new call in but keeps what is to go; when the last call is gone, to the spec's."""
    planned = first.planned
    names = sorted({name for one in planned for name in drain.going(one.plan, *drain.KINDS)})
    if not names:
        progress("drain: no queue, trunk or mailing of messages is to go: as --when-idle, until nobody is touched")
        return await _when_idle(first, how.spread, patience, progress)
    progress(f"drain: no new call comes to {', '.join(names)}")
    with nothing_changed(progress):
        between = await fleet.plan_again(
            first, lambda one: (drain.between(one.config, one.disk.files, one.plan), drain.going(one.plan, "queue"))
        )
    half = await _when_idle(between, how.spread, patience, progress)
    if half.errors or half.interrupted:
        return half
    drained = frozenset(name for one in planned for name in drain.going(one.plan, "queue"))
    last = replace(how.spread, accepted=replace(how.spread.accepted, drained=drained))
    try:
        wanted = await fleet.plan_again(first, lambda one: (one.config, frozenset()))
    except asyncio.CancelledError:
        obeyed()
        return replace(half, interrupted=True)
    return fleet.joined(half, await _when_idle(wanted, last, patience, progress))
