"""What a node's own turn would refuse is refused before anybody's: no other is changed there and back for it."""

import asyncio
from collections.abc import Sequence

from cctoolkit import clock
from cctoolkit.deploy import journal
from cctoolkit.deploy.apply import refuse_trial_of_the_first
from cctoolkit.deploy.terms import Terms
from cctoolkit.errors import Busy
from cctoolkit.model.site import Node
from cctoolkit.node.refusals import AT_WORK
from cctoolkit.workflow.reach import transport
from cctoolkit.workflow.switch import Planned


async def refuse(planned: Sequence[Planned], terms: Terms) -> None:
    """Raise Refused for a release that waits for a word, or a trial without a release to come back to; of several nodes
    Busy while somebody is at work on one.
    """
    for one in planned:
        journal.refuse(one.intent, terms, one.node.id, clock.now())
        refuse_trial_of_the_first(one.node.id, terms, one.base)
    if len(planned) > 1:
        await asyncio.gather(*(_refuse_busy(one.node) for one in planned))


async def _refuse_busy(node: Node) -> None:
    try:
        async with transport(node) as there, there.lock():
            """It is free now; its turn takes the lock."""
    except Busy as busy:
        # Who gives no name only looks, as we do, and is gone in a moment.
        if busy.what != AT_WORK:
            raise
