"""SIP trunks: the client's own PBX, as the project reaches it, and what it has in common with a carrier's.

Source: pjsip.conf.sample of Asterisk 22; options keep pjsip's names where they mean the same.
"""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from cctoolkit.model.words import LABEL, Codec, Duration, DurationOrZero, Host, Identifier, SecretText, Section

SipUser = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9+._-]+$",
        max_length=64,
        description="The user part of a SIP address.",
        examples=["centre", "74957772030"],
        extra_json_schema={"x-expected": "Latin letters, digits, plus, dot, underscore and hyphen, at most 64"},
    ),
]

Realm = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9._@ -]+$",
        max_length=120,
        description="The realm the other side asks for; whatever it asks when not given.",
        examples=["pbx.client.example"],
        extra_json_schema={"x-expected": "Latin letters, digits, spaces, and . _ @ -, at most 120"},
    ),
]

Source = Annotated[
    str,
    Meta(
        # No wider than a provider is: whoever is in it is let in without a password.
        pattern=rf"^({LABEL}(\.{LABEL})*(/(1[6-9]|2[0-9]|3[0-2]))?"
        r"|[0-9a-fA-F:]+:[0-9a-fA-F:]*(/(3[2-9]|[4-9][0-9]|1[01][0-9]|12[0-8]))?)$", max_length=253,
        description="A host's name, an IP address, or a network.", examples=["10.30.0.2", "10.30.4.0/24"],
        extra_json_schema={"x-expected": "a host's name, an IP address, or a network of /16 and longer (IPv6: /32)"},
    ),
]  # fmt: skip

TrunkName = Annotated[
    str,
    Meta(
        pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*(\.[a-z][a-z0-9]*(-[a-z0-9]+)*)?$",
        max_length=81,
        description="A trunk as a site knows it: a project's as <project>.<trunk>, a carrier's by its id.",
        examples=["northwind-hotline.client-pbx", "carrier"],
        extra_json_schema={"x-expected": "the id of a carrier's trunk, or a project's id, a dot and its trunk's name"},
    ),
]

Port = Annotated[int, Meta(ge=1, le=65535)]
Protocol = Literal["udp", "tcp", "tls"]
PORTS: dict[Protocol, int] = {"udp": 5060, "tcp": 5060, "tls": 5061}
"""Where each protocol is spoken unless a spec says otherwise (RFC 3261, 19.1.2)."""


class TrunkAuth(Section, frozen=True, kw_only=True):
    """Our account on the other side: answers its challenges of calls and registrations."""

    user: SipUser
    secret: Annotated[SecretText, Meta(description="Its password.")]
    realm: Annotated[Realm | None, Meta(description="Whatever it asks for when not given.")] = None


class Registration(Section, frozen=True, kw_only=True):
    """We register there, so that it knows where we are; needs `auth`."""

    server: Annotated[Host | None, Meta(description="The registrar, where it is not the trunk's own address.")] = None
    expiry: Annotated[Duration, Meta(description="How long a registration holds; it is renewed before.")] = "10m"
    retry: Annotated[Duration, Meta(description="How soon to try again after a failure, also a refusal.")] = "30s"
    contact_user: Annotated[
        SipUser | None, Meta(description="What it calls us by, such as the number; the user of `auth` when not given.")
    ] = None


class RegistersHere(Section, frozen=True, kw_only=True):
    """It registers with us, from whatever address; its user is `<project>.<trunk>`."""

    secret: Annotated[SecretText, Meta(description="The password it must give.")]


class SipTrunk(Section, frozen=True, kw_only=True):
    """What every trunk says."""

    written_first: ClassVar[tuple[str, ...]] = ("id", "address")
    """In a tidy spec what says which one it is stands before what all of them have."""

    port: Annotated[Port | None, Meta(description="5060, or 5061 for tls, when not given.")] = None
    transport: Annotated[Protocol, Meta(description="How SIP reaches it; the node must have such a transport.")] = "udp"
    codecs: Annotated[tuple[Codec, ...], Meta(min_length=1, description="Offered in this order.")] = ("alaw", "ulaw")
    media_encryption: Annotated[
        Literal["no", "sdes"], Meta(description="sdes is SRTP; its keys travel in SIP, so it needs tls.")
    ] = "no"
    verify_server: Annotated[
        bool, Meta(description="Of tls: whether its certificate must be good; the node's transport does it.")
    ] = True
    auth: Annotated[TrunkAuth | None, Meta(description="Our account there, where it asks for one.")] = None
    register: Annotated[Registration | None, Meta(description="How we register there, where it knows us only so.")] = (
        None
    )
    dtmf_mode: Annotated[Literal["rfc4733", "inband", "info", "auto"], Meta(description="How keys travel.")] = "rfc4733"
    from_user: Annotated[
        SipUser | None, Meta(description="The user of From, where the other side wants its account there.")
    ] = None
    from_domain: Annotated[Host | None, Meta(description="The host of From.")] = None
    send_pai: Annotated[
        bool, Meta(description="Whether the caller's number goes along in P-Asserted-Identity as well.")
    ] = False
    qualify: Annotated[
        DurationOrZero, Meta(description="How often to ask whether it is there (SIP OPTIONS); 0s: never.")
    ] = "1m"

    @property
    def speaks_at(self) -> int:
        """Return the port in force."""
        return self.port or PORTS[self.transport]


class Trunk(SipTrunk, frozen=True, kw_only=True):
    """The client's own PBX, or another node of the site, reached only by transfer steps; a PBX places no calls."""

    address: Annotated[Host | None, Meta(description="Where it is; not given when it registers here.")] = None
    registers_here: Annotated[
        RegistersHere | None, Meta(description="How it registers with us, where it has no address of its own.")
    ] = None
    node: Annotated[
        Identifier | None,
        Meta(description="A node of the site instead, for numbers that the site serves there; on that node itself a "
             "transfer over it goes `failed`."),
    ] = None  # fmt: skip
    channels: Annotated[int, Meta(ge=1, le=9999, description="Calls at once at most.")] = 30
