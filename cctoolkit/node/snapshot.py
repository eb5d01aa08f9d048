"""Asks a node for facts and returns what it is."""

from collections.abc import Collection
from typing import Protocol

from cctoolkit.ami.client import Headers
from cctoolkit.ami.messages import Message
from cctoolkit.node.facts import (
    FACTS,
    GENERATION_VARIABLES,
    generations_in_use,
    read_members,
    read_names,
    read_ring_while_busy,
    read_version,
)  # fmt: skip
from cctoolkit.node.live_facts import CALL_VARIABLES, read_live
from cctoolkit.plan.changes import Member
from cctoolkit.plan.live import Live
from cctoolkit.state.settings import NodeState, Setting

_SECONDS = 30.0


class Asked(Protocol):
    """What of an AMI client is needed to ask."""

    async def listing(
        self,
        name: str,
        headers: Headers = ...,
        *,
        timeout: float = ...,  # noqa: ASYNC109 - the client's own
        empty_ok: str | None = ...,
    ) -> list[Message]:
        """See `cctoolkit.ami.client.Client.listing`."""


class Commands(Protocol):
    """What of an AMI client is needed to run a command of the console."""

    async def command(self, text: str) -> str:
        """See `cctoolkit.ami.client.Client.command`."""


async def memory(client: Asked, kinds: Collection[str] = ()) -> NodeState:
    """Return what the switch runs, or only settings of `kinds`. Raise SwitchError when it refuses an
    answer.
    """
    found: list[Setting] = []
    for fact in FACTS:
        if not kinds or fact.kind in kinds:
            events = await client.listing(fact.action, fact.headers, timeout=_SECONDS, empty_ok=fact.empty_ok or None)
            found += fact.read(events)
    return NodeState.of(found)


async def members(client: Asked) -> list[Member]:
    """Return the logged-in agents, queue by queue."""
    return read_members(await client.listing("QueueStatus", timeout=_SECONDS))


async def version(client: Commands) -> str:
    """Return the switch's major version, "" when it has none."""
    return read_version(await client.command("core show version"))


async def names(client: Asked) -> dict[tuple[str, str], str]:
    """Return what queue_log calls each member, by queue and agent."""
    return read_names(await client.listing("QueueStatus", timeout=_SECONDS))


async def ring_while_busy(client: Commands) -> list[tuple[str, str]]:
    """Return the members somebody lets ring while they talk, as (queue, agent)."""
    return read_ring_while_busy(await client.command("queue show"))


async def live(client: Asked) -> Live:
    """Return who waits, who is logged in and which calls are up."""
    queues = await client.listing("QueueStatus", timeout=_SECONDS)
    variables = {"Variables": ",".join(CALL_VARIABLES)}
    return read_live(queues, await client.listing("Status", variables, timeout=_SECONDS))


async def in_use(client: Asked) -> frozenset[tuple[str, str]]:
    """Return the generations calls are up in."""
    variables = {"Variables": ",".join(GENERATION_VARIABLES)}
    return generations_in_use(await client.listing("Status", variables, timeout=_SECONDS))
