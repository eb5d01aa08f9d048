"""SIP transports of a node, by the names they have on it: trunks refer to them, the toolkit does not write them.

pjsip ignores a reload of a transport that is in use, so they belong to the node's base configuration; and whose
certificates are trusted is a matter of the transport (ca_list_file, verify_server), not of a trunk.
Source: pjsip.conf.sample of Asterisk 22, transport.
"""

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta

from cctoolkit.model.trunk import Protocol
from cctoolkit.model.words import Section


class Listener(Section, frozen=True, kw_only=True):
    """One transport of the node's own pjsip.conf."""

    protocol: Annotated[Protocol, Meta(description="What it speaks.")]
    verify_server: Annotated[
        bool, Meta(description="Of tls: whether it refuses certificates that its CA file does not vouch for.")
    ] = True


def choose(listeners: Mapping[str, Listener], protocol: Protocol, wanted: str | None) -> str | None:
    """Return the name of the transport for a trunk: the one wanted, else the first of the protocol; None when there
    is none, or nobody has named any: Asterisk then takes its first UDP transport.
    """
    fitting = [name for name, listener in listeners.items() if listener.protocol == protocol]
    if wanted is not None:
        return wanted if wanted in fitting else None
    return fitting[0] if fitting else None
