"""Waiting for somebody else's apply to end, and then keeping everybody else out."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

from cctoolkit.errors import Busy, OperatorError, SwitchError, UsageError
from cctoolkit.model.site import Node
from cctoolkit.model.words import seconds
from cctoolkit.node.transports import Transport
from cctoolkit.workflow.reach import kept, transport
from cctoolkit.workflow.switch import holder

Progress = Callable[[str], None]

LONGEST_SECONDS = 24 * 3600
_PAUSE_SECONDS = 0.5


def patience(text: str) -> float:
    """Return how many seconds to wait: none when nothing is said; raise UsageError for what is no duration."""
    return duration(text, "--wait") if text else 0.0


def duration(text: str, option: str) -> int:
    """Return a duration such as 60s in seconds, a day at most; raise UsageError for anything else."""
    try:
        found = seconds(text)
    except ValueError:
        found = -1
    if not 0 <= found <= LONGEST_SECONDS:
        raise UsageError(f"{text!r} is no duration of up to a day", where=option, expected="one such as 60s or 5m")
    return found


def trial(text: str) -> timedelta | None:
    """Return how long a release waits to be confirmed, None when it need not; raise UsageError for no time at all."""
    found = duration(text, "--confirm-within") if text else None
    if found == 0:
        raise UsageError("no time to confirm in", where="--confirm-within", expected="a duration such as 5m")
    return None if found is None else timedelta(seconds=found)


@asynccontextmanager
async def held(nodes: Sequence[Node], doing: str, wait_seconds: float, progress: Progress) -> AsyncIterator[None]:
    """Hold the nodes as long as this lasts: nobody comes between a plan and its apply. Raise Busy, naming who is at
    work, after `wait_seconds`; with none nothing is held, and who is at work is found when the lock is taken.

    A node that is away is left out, which is the plan's to say. All take nodes in the order of the site: two never wait
    for one another.
    """
    until = asyncio.get_running_loop().time() + wait_seconds
    mine: dict[str, Transport] = {}
    async with AsyncExitStack() as stack:
        for node in nodes if wait_seconds else ():
            try:
                there = await stack.enter_async_context(transport(node))
                await _take(there, stack, doing, until, progress)
            except Busy:
                raise
            except (OperatorError, SwitchError):
                continue
            mine[node.id] = there
        with kept(mine):
            yield


async def _take(there: Transport, stack: AsyncExitStack, doing: str, until: float, progress: Progress) -> None:
    told = False
    while True:
        try:
            await stack.enter_async_context(there.lock(holder(doing)))
        except Busy as busy:
            if asyncio.get_running_loop().time() >= until:
                raise
            if not told:
                progress(f"{busy.where}: {busy.what}; waiting")
            told = True
        else:
            return
        await asyncio.sleep(_PAUSE_SECONDS)
