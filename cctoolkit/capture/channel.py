"""A channel of the switch, and what its name, its id and its numbers say.

Source: Newchannel of docs.asterisk.org (Asterisk 22, AMI Events).
"""

import re

from msgspec import Struct

_HALF = re.compile(r"[;,][12]\Z")
_PEER = re.compile(r"([^/@]+)(?:/(.*))?\Z", re.DOTALL)


class Channel(Struct):
    """One channel; `call` is "" of those that are in no call (an agent dials a feature code)."""

    id: str
    name: str
    born: int
    epoch: int = 0
    """The stretch without a gap in which it was heard of."""
    call: str = ""
    linked: bool = False
    """The switch says which call it belongs to (Asterisk 12 and later)."""
    other: str = ""
    """The other half of a Local channel."""
    bridge: str = ""
    left: int = 0
    """When it left its last bridge, 0 while it is in one."""
    moved: bool = False
    """It left a bridge before the one it talked with: somebody sent it elsewhere."""
    first: bool = False
    """It left its last bridge while somebody was in it."""
    dialled_by: str = ""
    placed: bool = False
    """The switch was told to call it: its user is the caller."""
    asked: bool = False
    """Somebody who talks to the caller rang it, to ask it first."""
    over: bool = False
    """Its dialling has ended."""
    heir: str = ""
    """The channel that took its place."""
    party: bool = False
    picked_up: bool = False
    phone: bool = False
    """Dialled as itself and not as a number beyond it: somebody's phone, and no trunk."""
    agent: str = ""
    room: str = ""
    """The conference it is in."""

    @property
    def local(self) -> bool:
        """Say whether it is half of a Local channel, and nobody's phone."""
        return self.name.startswith("Local/")

    @property
    def technology(self) -> str:
        """Its kind: PJSIP."""
        return self.name.partition("/")[0]

    @property
    def endpoint(self) -> str:
        """Its name without its number: PJSIP/ivanova."""
        return endpoint(self.name)


def unhalved(name: str) -> str:
    """Return the name that both halves of a Local channel share."""
    return _HALF.sub("", name)


def endpoint(name: str) -> str:
    """Return a channel's name without its number: SIP/100-0000002a is SIP/100, Local/1@x-2a;1 is Local/1@x."""
    whole = unhalved(name)
    return whole.rpartition("-")[0] or whole


def place_in(room: str, channel: str) -> str:
    """Return what a channel's place in a conference is known by."""
    return f"{room} {channel}"


def is_phone(channel: Channel, dialled: str) -> bool:
    """Say whether what was dialled is the endpoint itself: `100`, `SIP/100`, `100/sip:100@host`, not `1234@trunk`."""
    technology, _, peer = channel.endpoint.partition("/")
    found = _PEER.fullmatch(dialled.removeprefix(f"{technology}/"))
    if found is None or found[1] != peer:
        return False
    return not found[2] or found[2].startswith(("sip:", "sips:", peer))


def number(text: str) -> str:
    """Return a caller's or called number, "" for what the switch writes where there is none."""
    return "" if text.lower() in ("<unknown>", "anonymous", "unavailable", "<null>", "(null)", "s", "h") else text


def call_of(node: str, channel: str) -> str:
    """Return the id of the call that a channel began: `<node>-<uniqueid>`; a switch with a systemname says it so."""
    return channel if "-" in channel else f"{node}-{channel}"
