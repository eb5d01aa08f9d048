"""Registers anew where an account has changed: a reload keeps the old registration until it expires.

Source: AMI action PJSIPRegister of Asterisk 22, which takes the old registration back first.
"""

from collections.abc import Iterable
from typing import Protocol

from cctoolkit.ami.client import Headers
from cctoolkit.ami.messages import Message
from cctoolkit.plan.changes import Change
from cctoolkit.state.settings import NodeState


class Acts(Protocol):
    """What of an AMI client is needed."""

    async def action(self, name: str, headers: Headers = ..., *, timeout: float = ...) -> Message:  # noqa: ASYNC109 - the client's own
        """See `cctoolkit.ami.client.Client.action`."""


async def register_again(client: Acts, changes: Iterable[Change], wanted: NodeState) -> None:
    """Let the trunks whose account changes register now; `wanted` is what the switch has loaded."""
    changed = {c.name for c in changes if (c.side, c.kind) == ("disk", "trunk") and c.option.startswith("auth.")}
    for name in sorted(changed & {name for kind, name in wanted.objects() if kind == "registration"}):
        await client.action("PJSIPRegister", {"Registration": name})
