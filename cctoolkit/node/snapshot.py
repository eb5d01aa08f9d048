"""Asks a node for every fact and returns what it is."""

from cctoolkit.ami.client import Client
from cctoolkit.node.facts import FACTS, generations_in_use, read_members
from cctoolkit.plan.changes import Member
from cctoolkit.state.settings import NodeState, Setting


async def memory(client: Client) -> NodeState:
    """Return what the switch runs. Raise SwitchError when it refuses an answer."""
    found: list[Setting] = []
    for fact in FACTS:
        events = await client.listing(fact.action, fact.headers, timeout=30, empty_ok=fact.empty_ok or None)
        found += fact.read(events)
    return NodeState.of(found)


async def members(client: Client) -> list[Member]:
    """Return the logged-in agents, queue by queue."""
    return read_members(await client.listing("QueueStatus", timeout=30))


async def in_use(client: Client) -> frozenset[tuple[str, str]]:
    """Return the generations calls are up in."""
    return generations_in_use(await client.listing("CoreShowChannels", timeout=30))
