"""The members of shadow queues: what makes a test call be answered, wait in vain, find the queue full or empty."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

from cctoolkit import marks
from cctoolkit.ami.client import Client

ANSWERS, RINGS, WAITS = "answers", "rings", "waits"
_FILL_SECONDS = 30


@asynccontextmanager
async def member(client: Client, queue: str, behaviour: str) -> AsyncIterator[None]:
    """Have one shadow member in a shadow queue that answers, or lets it ring; it is gone afterwards."""
    # A device of its own: that of an earlier call may still be in use, and nobody in use is called.
    who = {"Queue": queue, "Interface": f"Local/{behaviour}-{uuid4().hex[:16]}@{marks.SHADOWS}/n"}
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


@asynccontextmanager
async def filled(client: Client, queue: str) -> AsyncIterator[None]:
    """Have one call waiting in a shadow queue, which is all a twin takes."""
    call = f"cct-fill-{uuid4().hex[:16]}"
    async with member(client, queue, RINGS), client.subscribe("QueueCallerJoin") as events:
        await client.action(
            "Originate",
            {
                "Channel": f"Local/{WAITS}@{marks.SHADOWS}/n",
                "ChannelId": call,
                "Application": "Wait",
                "Data": str(_FILL_SECONDS),
                "Timeout": str(_FILL_SECONDS * 1000),
                "Async": "true",
                "Variable": f"CCT_FILL={queue}",
            },
        )
        joined = await events.next_matching(lambda event: event.get("Uniqueid") == f"{call};2", _FILL_SECONDS)
        try:
            yield
        finally:
            await client.action("Hangup", {"Channel": joined.get("Channel")})
