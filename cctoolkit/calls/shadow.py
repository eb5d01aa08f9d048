"""The members of shadow queues: what makes a test call be answered, wait in vain, find the queue full or empty."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cctoolkit import marks
from cctoolkit.ami.client import Client
from cctoolkit.errors import SwitchError

ANSWERS, RINGS = "answers", "rings"


@asynccontextmanager
async def member(client: Client, queue: str, behaviour: str) -> AsyncIterator[None]:
    """Have one shadow member in a shadow queue that answers, or lets it ring; it is gone afterwards."""
    who = {"Queue": queue, "Interface": f"Local/{behaviour}@{marks.SHADOWS}/n"}
    # What a verify that was cut off has left would change what this one sees.
    await _without(client, queue)
    await client.action("QueueAdd", {**who, "MemberName": f"shadow-{behaviour}"})
    try:
        yield
    finally:
        await client.action("QueueRemove", who)


async def _without(client: Client, queue: str) -> None:
    for event in await client.listing("QueueStatus", {"Queue": queue}):
        if event.event == "QueueMember":
            await client.action("QueueRemove", {"Queue": queue, "Interface": event.get("Location")})


@asynccontextmanager
async def empty(client: Client, queue: str) -> AsyncIterator[None]:
    """Have nobody in a shadow queue."""
    await _without(client, queue)
    yield


async def check_there(client: Client, queue: str) -> None:
    """Raise SwitchError when the switch has no such shadow queue: nothing could be tested there."""
    if not await client.listing("QueueStatus", {"Queue": queue}):
        raise SwitchError(f"the switch has no queue {queue}", where=client.account.where, next_step="cctoolkit apply")
