"""apply as people ask for it: at once, when nobody is touched any more, or after a drain; or a saved plan and no other.

Every try plans anew, and `deploy` judges once more under its lock: a caller who came meanwhile is waited for as well.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from cctoolkit.deploy.danger import Dangerous
from cctoolkit.deploy.release import refuse_edits
from cctoolkit.errors import OperatorError, UsageError
from cctoolkit.plan import diff, drain, saved
from cctoolkit.plan.classes import DANGEROUS, Accepted, Class, Impact, dangers
from cctoolkit.plan.explain import named
from cctoolkit.secret import reveal_files
from cctoolkit.spec.problem import one_of
from cctoolkit.workflow import fleet
from cctoolkit.workflow.fleet import Applied, Fleet
from cctoolkit.workflow.reach import transport
from cctoolkit.workflow.specs import LoadedSite
from cctoolkit.workflow.switch import Planned

_LOOK_SECONDS = 1.0
_TELL_SECONDS = 30.0


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


async def differences(planned: Sequence[Planned]) -> list[str]:
    """Return what differs in the files of each node where anything does."""
    found = []
    for one in planned:
        async with transport(one.node) as there:
            key = await there.key()
        found.append(diff.text(one.disk.files, reveal_files(one.config.files), key))
    return [text for text in found if text]


Plans = Callable[[], Awaitable[Fleet]]


async def apply(
    loaded: LoadedSite, how: How, *, progress: Callable[[str], None], told: Callable[[Fleet], None]
) -> Applied:
    """Apply a site and return what is where; `told` is given the plans first."""
    if how.plan and how.drain:
        raise UsageError("a drain takes releases that a saved plan does not have", expected="--plan or --drain")
    if how.drain and how.spread.terms.confirm_within:
        raise UsageError("what a drain leaves is no release to come back to", expected="--confirm-within or --drain")
    promised = _promised(how.plan) if how.plan else None

    async def plans() -> Fleet:
        planned = await fleet.plan(loaded, how.nodes)
        if promised:
            saved.refuse_other(promised, loaded.site.id, [one.plan for one in planned.planned])
        return planned

    planned = await plans()
    told(planned)
    for one in planned.planned:
        refuse_edits(one.disk, one.node.id, how.spread.overwrite_edits)
    if how.drain:
        return await _drain(planned, plans, how, progress)
    if how.when_idle:
        return await _when_idle(plans, how, progress)
    refuse_dangers(planned.planned, how.spread.accepted)
    return await fleet.apply(planned, how.spread, progress)


def refuse_dangers(planned: Sequence[Planned], accepted: Accepted) -> None:
    """Raise Dangerous when a plan would touch who is live: of many nodes none is changed where one would be refused.

    Each node is looked at again under its lock.
    """
    for one in planned:
        if found := dangers(one.plan.impacts, accepted):
            raise Dangerous(one.node.id, found)


async def _when_idle(plans: Plans, how: How, progress: Callable[[str], None]) -> Applied:
    patience = _Patience(how.within_seconds, progress)
    while True:
        planned = await plans()
        accepted = how.spread.accepted
        touched = [(one.node.id, found) for one in planned.planned if (found := dangers(one.plan.impacts, accepted))]
        if touched:
            await patience.wait(*touched[0])
            continue
        applied = await fleet.apply(planned, how.spread, progress)
        refused = next((error for error in applied.errors.values() if isinstance(error, Dangerous)), None)
        if refused is None or applied.interrupted:
            return applied
        # Somebody came between the plan and the lock; nodes that were changed by then are rolled back.
        await patience.wait(refused.node, refused.found)


async def _drain(first: Fleet, plans: Plans, how: How, progress: Callable[[str], None]) -> Applied:
    """Flip to a release that lets no new call in but keeps what is to go; when the last call is gone, to the spec's."""

    async def between() -> Fleet:
        return await fleet.plan_again(
            first, lambda one: (drain.between(one.config, one.disk.files, one.plan), drain.going(one.plan, "queue"))
        )

    planned = first.planned
    drained = frozenset(name for one in planned for name in drain.going(one.plan, "queue"))
    last = replace(how, spread=replace(how.spread, accepted=replace(how.spread.accepted, drained=drained)))
    names = sorted({name for one in planned for name in drain.going(one.plan, "queue", "trunk", "messages")})
    if not names:
        return await _when_idle(plans, last, progress)
    progress(f"drain: no new call comes to {', '.join(names)}")
    half = await _when_idle(between, how, progress)
    if half.errors or half.interrupted:
        return half
    return fleet.joined(half, await _when_idle(plans, last, progress))


class _Patience:
    """How long is waited, and what is told meanwhile: whenever it changes, and from time to time."""

    def __init__(self, within_seconds: float, progress: Callable[[str], None]) -> None:
        self._now = asyncio.get_running_loop().time
        self._until = self._now() + within_seconds
        self._within = within_seconds
        self._progress = progress
        self._said, self._said_at = "", 0.0

    async def wait(self, node: str, found: Sequence[Impact]) -> None:
        """Wait a moment for who is touched; raise Dangerous where no wait helps, OperatorError when it was too long."""
        if any(one.class_ is Class.restart for one in found):
            raise Dangerous(node, tuple(found))
        what = "; ".join(f"{named(one)}: {one.class_.words}, {one.counted}" for one in found)
        if self._now() >= self._until:
            raise OperatorError(
                f"after {self._within:g} s somebody is still touched: {what}", where=f"node {node}",
                next_step="try again later, with a longer --within, or --accept it; what was applied until now stays",
            )  # fmt: skip
        if what != self._said or self._now() > self._said_at + _TELL_SECONDS:
            self._said, self._said_at = what, self._now()
            self._progress(f"waiting: {what}")
        await asyncio.sleep(_LOOK_SECONDS)
