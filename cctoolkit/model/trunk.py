"""The client's own PBX, as the project reaches it."""

from typing import Annotated

from msgspec import Meta

from cctoolkit.model.words import Address, Codec, Section


class Trunk(Section, frozen=True, kw_only=True):
    """The client's own PBX: SIP by address, reached only by transfer steps; calls it places are refused."""

    address: Address
    port: Annotated[int, Meta(ge=1, le=65535, description="Its SIP port.")] = 5060
    codecs: Annotated[tuple[Codec, ...], Meta(min_length=1, description="Offered in this order.")] = ("alaw", "ulaw")
    channels: Annotated[int, Meta(ge=1, le=9999, description="Calls at once at most.")] = 30
