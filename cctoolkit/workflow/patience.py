"""What a node's turn waits for: that its change touches nobody any more. Every try plans the node anew."""

import asyncio
from collections.abc import Callable, Sequence

from cctoolkit.deploy.danger import Dangerous
from cctoolkit.deploy.fleet import GivenUp
from cctoolkit.deploy.terms import Verb
from cctoolkit.errors import SwitchUnreachable
from cctoolkit.plan.changes import Plan
from cctoolkit.plan.classes import Class, Impact
from cctoolkit.plan.explain import named
from cctoolkit.workflow import switch
from cctoolkit.workflow.switch import Planned

_LOOK_SECONDS = 1.0
_TELL_SECONDS = 30.0


class Patience:
    """How long is waited, all nodes together, and what is told meanwhile: whenever it changes, and from time to time.

    `check` is given each new plan, and raises where it is not to be performed.
    """

    def __init__(self, within_seconds: float, check: Callable[[Plan], None], progress: Callable[[str], None]) -> None:
        self._now = asyncio.get_running_loop().time
        self._until = self._now() + within_seconds
        self._within = within_seconds
        self._check = check
        self._progress = progress
        self._said: dict[str, tuple[str, float]] = {}

    async def again(self, one: Planned) -> Planned:
        """Plan a node anew; raise GivenUp when it does not answer any more."""
        try:
            found = await switch.planned_again(one)
        except SwitchUnreachable as error:
            raise GivenUp(
                error.what, where=error.where, expected=error.expected,
                next_step="apply again when it is there; what was applied until now stays",
            ) from error  # fmt: skip
        self._check(found.plan)
        return found

    async def wait(self, plan: Plan, found: Sequence[Impact], verb: Verb) -> None:
        """Wait a moment for who is touched; raise Dangerous where no wait helps, GivenUp when it was too long."""
        refuse_restart(plan, found, verb)
        node = plan.node
        what = "; ".join(f"{named(one)}: {one.class_.words}, {one.counted}" for one in found)
        if self._now() >= self._until:
            # A rollback that did not say where to would go elsewhere from what a drain has left.
            again = "try again later" if verb == "apply" else f"rollback --node {node} --to {plan.release_new} later"
            raise GivenUp(
                f"after {self._within:g} s somebody is still touched: {what}", where=f"node {node}",
                next_step=f"{again}, with a longer --within, or --accept it; what was applied until now stays",
            )  # fmt: skip
        said, at = self._said.get(node, ("", 0.0))
        if what != said or self._now() > at + _TELL_SECONDS:
            self._said[node] = (what, self._now())
            self._progress(f"{node}: waiting: {what}")
        await asyncio.sleep(_LOOK_SECONDS)


def refuse_restart(plan: Plan, found: Sequence[Impact], verb: Verb) -> None:
    """Raise Dangerous for what no wait makes harmless."""
    if any(one.class_ is Class.restart for one in found):
        raise Dangerous(plan, tuple(found), verb)
