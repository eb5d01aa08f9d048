"""Where agents' phones may send callers: a dialplan of the lab's own on the node, since the toolkit renders none."""

from collections.abc import Iterable

from cctoolkit.lab.node import Node
from cctoolkit.lab.turns import Colleague

RING_SECONDS = 3

_DIALPLAN = """
[globals]
TRANSFER_CONTEXT = colleagues

[colleagues]
{extensions}
[cct-agent]
include => colleagues
"""
_EXTENSION = """exten => {number},1,Dial(PJSIP/{agent},{seconds})
 same => n,Hangup()
"""


def reachable(node: Node, colleagues: Iterable[Colleague]) -> None:
    """Let phones of the node dial these, and send callers to them; it stays so when the switch starts anew."""
    lines = [_EXTENSION.format(number=one.number, agent=one.agent, seconds=RING_SECONDS) for one in colleagues]
    path = node.config / "extensions.conf"
    path.write_text(path.read_text(encoding="utf-8") + _DIALPLAN.format(extensions="".join(lines)), encoding="utf-8")
    node.cli("dialplan reload")
