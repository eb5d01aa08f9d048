"""Refuses what would touch who is live now, judged again under the lock: between plan and apply callers come and go."""

from collections.abc import Mapping

from cctoolkit.deploy.release import Disk
from cctoolkit.deploy.reload import Switch
from cctoolkit.deploy.terms import Verb
from cctoolkit.errors import Refused
from cctoolkit.node import snapshot
from cctoolkit.plan import drain
from cctoolkit.plan.changes import Plan
from cctoolkit.plan.classes import Class, Impact
from cctoolkit.plan.explain import danger, named
from cctoolkit.plan.impact import judge
from cctoolkit.plan.looks import Situation
from cctoolkit.state.settings import NodeState


class Dangerous(Refused):
    """An apply would touch who is live; `found` is what and whom."""

    def __init__(self, plan: Plan, found: tuple[Impact, ...], verb: Verb) -> None:
        self.found = found
        classes = sorted({one.class_ for one in found})
        drained = ", --drain" if any(drain.helps(plan, one) for one in found) else ""
        waits = "" if Class.restart in classes else f", or wait for nobody: --when-idle{drained}"
        told = "".join(f"\n    {named(one)}: {danger(one)}" for one in found)
        super().__init__(
            f"this would touch who is live now:{told}",
            where=f"node {plan.node}",
            next_step=f"{verb} with {' '.join(f'--accept {one}' for one in classes)}{waits}; nothing was changed",
        )


async def touched(
    client: Switch, plan: Plan, wanted: Mapping[str, str], disk: Disk, *, anew: bool
) -> tuple[Impact, ...]:
    """Return what the plan's changes do to who is live at this moment; `anew`: all is loaded, whatever changed."""
    live = await snapshot.live(client)
    # Its lines matter to calls that stand in them, and a big node has tens of thousands.
    memory = await snapshot.memory(client, ["dialplan"]) if live.calls else NodeState.of([])
    situation = Situation(plan.changes, live, memory, wanted, {**disk.files, **disk.kept})
    return judge(situation, plan.asterisk, reloads=plan.reloads or anew, queues=plan.reloads_queues or anew)
