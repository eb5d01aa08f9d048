"""Asks the node how its trunks are; a registration or a question on its way is waited for.

Asterisk asks the other side for the first time at some moment within `qualify`, so it is told to do so now.
Source: AMI action PJSIPQualify of Asterisk 22.
"""

import asyncio
from collections.abc import Sequence

from cctoolkit.ami.client import Client
from cctoolkit.node import trunk_facts
from cctoolkit.node.trunk_facts import TrunkSeen
from cctoolkit.render.pjsip import Placed

_ANSWER_SECONDS = 5.0
_PAUSE_SECONDS = 0.1


async def look(client: Client, trunks: Sequence[Placed]) -> tuple[tuple[Placed, TrunkSeen], ...]:
    """Return each trunk with what the switch says of it."""
    for trunk, seen in await _ask(client, trunks):
        if trunk.qualifies and seen.contact in trunk_facts.NOT_ASKED:
            await client.action("PJSIPQualify", {"Endpoint": trunk.name})
    deadline = asyncio.get_running_loop().time() + _ANSWER_SECONDS
    while True:
        found = await _ask(client, trunks)
        late = asyncio.get_running_loop().time() > deadline
        if late or not any(trunk_facts.is_open(seen, trunk.qualifies) for trunk, seen in found):
            return found
        await asyncio.sleep(_PAUSE_SECONDS)


async def _ask(client: Client, trunks: Sequence[Placed]) -> tuple[tuple[Placed, TrunkSeen], ...]:
    listing = await client.listing("PJSIPShowRegistrationsOutbound", empty_ok="No outbound registrations")
    known = trunk_facts.read_registrations(listing)
    found = []
    for trunk in trunks:
        asked = {"Endpoint": trunk.name}
        events = await client.listing("PJSIPShowEndpoint", asked, empty_ok="Unable to retrieve endpoint")
        found.append((trunk, trunk_facts.read_trunk(events, known.get(trunk.name))))
    return tuple(found)
