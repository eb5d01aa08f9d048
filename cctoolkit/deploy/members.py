"""Gives logged-in agents the queues and penalties of the spec; logs nobody in or out.

Source: AMI actions QueueAdd, QueuePenalty, QueueRemove of Asterisk 22.
"""

from collections.abc import Callable, Sequence

from cctoolkit.deploy.reload import Switch
from cctoolkit.errors import SwitchError
from cctoolkit.node import snapshot
from cctoolkit.node.facts import interface
from cctoolkit.plan.changes import Change, Member


async def change_members(client: Switch, changes: Sequence[Change], progress: Callable[[str], None]) -> None:
    """Perform the changes of side "member" that still hold, and read them back.

    Between plan and apply an agent may have logged in or out, and a queue's members go with the queue. Raise
    SwitchError when the switch does not show what was asked for.
    """
    asked = [change for change in changes if change.side == "member"]
    if not asked:
        return
    progress("queues and penalties of logged-in agents")
    now = await snapshot.members(client)
    done = [change for change in asked if await _perform(client, change, now)]
    there = {(m.queue, m.agent): str(m.penalty) for m in await snapshot.members(client)}
    for change in done:
        if (found := there.get((change.name, change.option))) != change.new:
            raise SwitchError(
                f"agent {change.option} in queue {change.name} has penalty {found or '(not in it)'}",
                where=f"node at {client.account.where}, members", expected=change.new or "not in it",
                next_step="plan again: the agent may have logged in or out this moment",
            )  # fmt: skip


async def _perform(client: Switch, change: Change, now: Sequence[Member]) -> bool:
    """Perform one change; say whether it was still to be done."""
    mine = [member for member in now if member.agent == change.option]
    here = next((member for member in mine if member.queue == change.name), None)
    who = {"Queue": change.name, "Interface": interface(change.option)}
    if change.new is None:
        if here:
            await client.action("QueueRemove", who)
        return here is not None
    if here:
        await client.action("QueuePenalty", {**who, "Penalty": change.new})
        return True
    if change.old is None and mine:
        await _add(client, {**who, "Penalty": change.new, "MemberName": change.option}, mine)
        return True
    return False


async def _add(client: Switch, headers: dict[str, str], elsewhere: Sequence[Member]) -> None:
    """Add an agent to one queue more, paused as in the others: app_queue would join a paused agent unpaused.

    In one action: cut off between two, the agent would be paused without a reason, and no plan would tell.
    """
    reason = next((member.paused for member in elsewhere if member.paused is not None), None)
    pause = {} if reason is None else {"Paused": "true", "Reason": reason}
    await client.action("QueueAdd", {**headers, **pause})
