"""What the switch says of a trunk: its registration, whether it answers, the transport it uses. Pure.

Sources: AMI actions PJSIPShowEndpoint and PJSIPShowRegistrationsOutbound of Asterisk 22. Both show accounts with
their passwords (AuthDetail): nothing of that is read.
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from cctoolkit.ami.messages import Message

REGISTERED, UNREGISTERED, REJECTED = "Registered", "Unregistered", "Rejected"
REACHABLE = "Reachable"
NOT_ASKED = frozenset({"Unknown", "NonQualified"})
"""Statuses of a contact that has not been asked yet whether it is there, or never is."""


class RegistrationSeen(Struct, frozen=True):
    """A registration of ours there: at which server, and its status in Asterisk's words."""

    server: str
    status: str


class TrunkSeen(Struct, frozen=True):
    """A trunk as it is: `there` whether Asterisk has it; `registration` of ours there; `contact` the status of where
    calls to it go ("" nowhere), `answered_us` how long it took to say so; protocol and checking of its transport.
    """

    there: bool = False
    registration: RegistrationSeen | None = None
    contact: str = ""
    answered_us: int | None = None
    protocol: str = ""
    verifies: bool = False


def read_registrations(events: Iterable[Message]) -> dict[str, RegistrationSeen]:
    """Return our registrations by the trunk's name."""
    return {
        event.get("ObjectName"): RegistrationSeen(event.get("ServerUri"), event.get("Status"))
        for event in events
        if event.event == "OutboundRegistrationDetail"
    }


def read_trunk(events: Sequence[Message], registration: RegistrationSeen | None) -> TrunkSeen:
    """Return a trunk from the events of PJSIPShowEndpoint, none of which means that it is not there."""
    by_kind = {event.event: event for event in events}
    contact, transport = by_kind.get("ContactStatusDetail"), by_kind.get("TransportDetail")
    took = contact.get("RoundtripUsec") if contact else ""
    return TrunkSeen(
        there="EndpointDetail" in by_kind,
        registration=registration,
        contact=contact.get("Status") if contact else "",
        answered_us=int(took) if took.isdecimal() else None,
        protocol=transport.get("Protocol") if transport else "",
        verifies=transport is not None and transport.get("VerifyServer") == "Yes",
    )


def is_open(seen: TrunkSeen, qualifies: bool) -> bool:
    """Say whether an answer is still to come: to a registration, which a refusal would end, or to the first qualify."""
    registers = seen.registration is not None and seen.registration.status == UNREGISTERED
    return registers or (qualifies and seen.contact in NOT_ASKED)
