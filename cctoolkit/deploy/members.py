"""Gives logged-in agents the queues and penalties of the spec; logs nobody in or out, and back in whom an apply that is
taken back has logged out.

Source: AMI actions QueueAdd, QueuePenalty, QueueRemove of Asterisk 22.
"""

from collections.abc import Callable, Sequence

from cctoolkit.deploy.reload import Switch
from cctoolkit.errors import CctoolkitError, SwitchError
from cctoolkit.node import snapshot
from cctoolkit.node.facts import interface
from cctoolkit.plan.changes import Change, Member


async def change_members(client: Switch, changes: Sequence[Change], progress: Callable[[str], None]) -> None:
    """Perform the changes of side "member" that still hold, and read them back; when one fails, put those done back.

    Between plan and apply an agent may have logged in or out, and a queue's members go with the queue. Raise
    SwitchError when the switch does not show what was asked for.
    """
    # Who comes before who goes: a queue that is empty for a moment may send its callers away.
    asked = sorted((change for change in changes if change.side == "member"), key=lambda change: change.new is None)
    if not asked:
        return
    progress("queues and penalties of logged-in agents")
    before = await snapshot.members(client)
    begun: list[Change] = []
    try:
        # Begun, not done: an answer that never came may hide a change that was made.
        done = [change for change in asked if await _perform(client, change, before, begun)]
        await _read_back(client, done)
    except BaseException as error:  # whatever it is, also Ctrl-C
        error.add_note(await _put_back(client, begun, before))
        raise


async def log_in_again(client: Switch, before: Sequence[Member], changes: Sequence[Change]) -> None:
    """Give agents back the queues these changes took them out of, with the queue or one by one, as they were `before`.

    Whoever had other queues beside and is in none of ours any more has logged out meanwhile, and stays out.
    """
    gone = {change.name for change in changes if (change.kind, change.action) == ("queue", "remove")}
    taken = {(change.name, change.option) for change in changes if change.side == "member" and change.new is None}
    lost = [one for one in before if one.queue in gone or (one.queue, one.agent) in taken]
    others = {one.agent for one in before if one not in lost}
    there = await snapshot.members(client) if lost else []
    for one in lost:
        mine = [member for member in there if member.agent == one.agent]
        out = not mine and one.agent in others
        if not out and one.queue not in {member.queue for member in mine}:
            await _add(client, _joining(one), mine or [one])


async def _read_back(client: Switch, done: Sequence[Change]) -> None:
    there = await _penalties(client)
    for change in done:
        if (found := there.get((change.name, change.option))) != change.new:
            raise SwitchError(
                f"agent {change.option} in queue {change.name} has penalty {found or '(not in it)'}",
                where=f"node at {client.account.where}, members", expected=change.new or "not in it",
                next_step="plan again: the agent may have logged in or out this moment",
            )  # fmt: skip


async def _penalties(client: Switch) -> dict[tuple[str, str], str]:
    return {(one.queue, one.agent): str(one.penalty) for one in await snapshot.members(client)}


async def _put_back(client: Switch, begun: Sequence[Change], before: Sequence[Member]) -> str:
    """Give agents back the queues and penalties they had `before`, and read that back; return what became of it."""
    if not begun:
        return "no agent's queues or penalties were changed"
    told = ", ".join(f"{change.option} in {change.name}" for change in begun)
    had = {(one.queue, one.agent): one for one in before}
    try:
        for change in reversed(begun):
            await _restore(client, change, had.get((change.name, change.option)))
        now = await _penalties(client)
    except CctoolkitError as error:
        return f"not seen to be put back: {told}: {error.what}; plan shows what is left, apply carries on"
    # Whoever has logged out meanwhile is not logged in by it.
    was = {key: str(one.penalty) for key, one in had.items()}
    left = [c for c in begun if (key := (c.name, c.option)) in now and now[key] != was.get(key)]
    if left:
        return f"not put back: {', '.join(f'{c.option} in {c.name}' for c in left)}; plan shows it, apply carries on"
    return f"put back, and read back: {told}"


async def _restore(client: Switch, change: Change, was: Member | None) -> None:
    """Let one agent be in one queue as it `was`, or not at all."""
    who = {"Queue": change.name, "Interface": interface(change.option)}
    mine = [member for member in await snapshot.members(client) if member.agent == change.option]
    here = any(member.queue == change.name for member in mine)
    if was is None:
        if here:
            await client.action("QueueRemove", who)
    elif here:
        await client.action("QueuePenalty", {**who, "Penalty": str(was.penalty)})
    elif change.new is None:
        # What we took away. Of a pause that has changed meanwhile the other queues know.
        await _add(client, _joining(was), mine or [was])


def _joining(one: Member) -> dict[str, str]:
    who = {"Queue": one.queue, "Interface": interface(one.agent)}
    return {**who, "Penalty": str(one.penalty), "MemberName": one.agent}


async def _perform(client: Switch, change: Change, now: Sequence[Member], begun: list[Change]) -> bool:
    """Perform one change; say whether it was still to be done, and note it in `begun` before."""
    mine = [member for member in now if member.agent == change.option]
    here = next((member for member in mine if member.queue == change.name), None)
    joins = here is None and change.new is not None and change.old is None and bool(mine)
    if here is None and not joins:
        return False
    begun.append(change)
    who = {"Queue": change.name, "Interface": interface(change.option)}
    if change.new is None:
        await client.action("QueueRemove", who)
    elif here:
        await client.action("QueuePenalty", {**who, "Penalty": change.new})
    else:
        await _add(client, {**who, "Penalty": change.new, "MemberName": change.option}, mine)
    return True


async def _add(client: Switch, headers: dict[str, str], elsewhere: Sequence[Member]) -> None:
    """Add an agent to one queue more, paused as in the others: app_queue would join a paused agent unpaused.

    In one action: cut off between two, the agent would be paused without a reason, and no plan would tell.
    """
    reason = next((member.paused for member in elsewhere if member.paused is not None), None)
    pause = {} if reason is None else {"Paused": "true", "Reason": reason}
    await client.action("QueueAdd", {**headers, **pause})
