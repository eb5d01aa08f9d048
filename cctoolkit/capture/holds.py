"""Putting a caller on hold and taking them back, as intervals of an agent's leg.

Source: the Hold and Unhold events of the agent's channel (docs.asterisk.org, Asterisk 22, AMI Events): they come of
the phone's re-INVITE with sendonly, and of the next one. A channel that hangs up while on hold sends no Unhold.
app_queue logs neither, so what falls into a gap of the events is not known from anywhere.
"""

from msgspec.structs import replace

from cctoolkit.cdr.records import AgentLeg, Edge, Hold


def open_hold(leg: AgentLeg) -> Hold | None:
    """Return the hold that goes on."""
    return leg.holds[-1] if leg.holds and leg.holds[-1].end is None else None


def begun(leg: AgentLeg, at: Edge) -> AgentLeg:
    """Return the leg with the caller on hold from then on; a hold that went on already has ended in a gap."""
    return replace(leg, holds=(*closed(leg.holds, at, whole=False), Hold(at)))


def ended(leg: AgentLeg, at: Edge, *, whole: bool) -> AgentLeg:
    """Return the leg with the hold over, if there is one."""
    return replace(leg, holds=closed(leg.holds, at, whole=whole))


def closed(holds: tuple[Hold, ...], at: Edge, *, whole: bool) -> tuple[Hold, ...]:
    """Return the holds with the one that goes on over."""
    if not holds or holds[-1].end is not None:
        return holds
    return (*holds[:-1], replace(holds[-1], end=at, whole=whole))
