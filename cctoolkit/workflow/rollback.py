"""rollback: back to a release the nodes keep, by the machinery of apply."""

from collections.abc import Sequence

from cctoolkit.deploy.rollback import choose, config_of, refuse_edited
from cctoolkit.model.site import Node
from cctoolkit.node.transports import Intent
from cctoolkit.workflow import fleet
from cctoolkit.workflow.fleet import Fleet
from cctoolkit.workflow.nodes import chosen
from cctoolkit.workflow.reach import transport
from cctoolkit.workflow.specs import LoadedSite
from cctoolkit.workflow.switch import Planned, plan_node

CATCH_UP = "when it is there, cctoolkit rollback --node {node} does the same there"
"""Not a rollback of all: those that are back would go forth again."""


async def plan_rollback(loaded: LoadedSite, to: str, only: Sequence[str] = (), *, with_edits: bool = False) -> Fleet:
    """Plan the way back for every node, or `only` some: what is against what the kept release holds. Changes nothing.

    The spec of today takes no part but for where the nodes are.
    """
    return await fleet.looked(loaded, chosen(loaded, only), lambda node: _plan(node, to, with_edits=with_edits))


async def plan_back(node: Node, intent: Intent) -> Planned:
    """Plan the way back from a release that nobody confirmed: to what was in force before, edited by hand or not."""
    return await _plan(node, intent.back_to, with_edits=True)


async def _plan(node: Node, to: str, *, with_edits: bool) -> Planned:
    async with transport(node) as there:
        kept = await choose(there, node.id, to, await there.intent())
    refuse_edited(kept, node.id, with_edits)
    return await plan_node(node, config_of(kept), kept=kept)
