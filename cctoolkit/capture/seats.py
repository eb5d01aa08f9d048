"""Who is in the queues at one moment, as the switch lists it: what began before anyone listened.

Source: QueueMember of docs.asterisk.org (Asterisk 22, AMI Events, the answer to QueueStatus). LoginTime and LastPause
are whole seconds since the epoch, 0 for never; after a restart of the switch both are that moment or later. InCall is 1
in the queue whose call the member has, and in no other.
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from cctoolkit.ami.messages import Message
from cctoolkit.capture.deeds import NO_QUEUE, are_told, is_plain
from cctoolkit.capture.lines import SECOND
from cctoolkit.capture.said import seconds

_LISTED = "QueueMember"
_LONGEST_WRAP_UP = 86_400
_NOT_THERE = frozenset({"4", "5"})
"""Status of a device that is invalid or unavailable, as that of an agent whom AgentLogin has not."""


class Seat(Struct, frozen=True):
    """An agent's place in the queues; moments in microseconds, 0 where the switch does not say."""

    queues: frozenset[str] = frozenset()
    """Those logged in to."""
    fixed: frozenset[str] = frozenset()
    """Plain queues whose member queues.conf makes them."""
    logged_in: int = 0
    paused: Mapping[str, str] = field(default_factory=dict)
    """Queues they are paused in, and why."""
    reason: str = ""
    """Of the pauses that which counts."""
    paused_since: int = 0
    in_call: bool = False
    wrapuptimes: Mapping[str, int] = field(default_factory=dict)
    """Seconds after a call in which the member gets no other one of the queue, where it is the member's own."""


def name(member: Message) -> str:
    """Return the agent whom an entry of the list, or an event of a queue's member, is about."""
    # An event says MemberName and Interface, a list Name and Location; to ask for what is not there is dear.
    first, then = ("Name", "MemberName") if member.event == _LISTED else ("MemberName", "Name")
    return member.get(first) or member.get(then) or interface(member)


def interface(member: Message) -> str:
    """Return what the queue rings; until Asterisk 11 it was called the location."""
    first, then = ("Location", "Interface") if member.event == _LISTED else ("Interface", "Location")
    return member.get(first) or member.get(then)


def pooled(member: Message) -> str:
    """Return the agent of AgentLogin whom a member of queues.conf stands for, as Agent/7, "" for any other: until
    Asterisk 11 by that interface, since then by the state of the device Agent:7, whatever leads to them.
    """
    if member.get("Membership") != "static":
        return ""
    device = member.get("StateInterface")
    if device.startswith("Agent:"):
        return f"Agent/{device.removeprefix('Agent:')}"
    return interface(member) if interface(member).startswith("Agent/") else ""


def seats(members: Iterable[Message]) -> dict[str, Seat]:
    """Return each agent's seat; shadow queues and the canary have none."""
    found: dict[str, Seat] = {}
    for member in members:
        agent, queue = name(member), member.get("Queue")
        if are_told(agent, queue):
            one = seat(member, queue)
            found[agent] = _with(found[agent], one) if agent in found else one
    return found


def seat(member: Message, queue: str) -> Seat:
    """Return the seat in one queue."""
    paused = {queue: member.get("PausedReason")} if member.get("Paused") == "1" else {}
    wrapuptime = wrapuptime_of(member, queue)
    made = Seat(
        paused=paused,
        reason=paused.get(queue, ""),
        paused_since=seconds(member.get("LastPause")) * SECOND if paused else 0,
        in_call=member.get("InCall") == "1",
        wrapuptimes={queue: wrapuptime} if wrapuptime else {},
    )
    static = member.get("Membership") == "static"
    if static and pooled(member):
        # Since when AgentLogin has them no list says.
        return made if member.get("Status") in _NOT_THERE else replace(made, queues=frozenset({NO_QUEUE}))
    there, plain = frozenset({queue}), is_plain(queue)
    made = replace(made, logged_in=seconds(member.get("LoginTime")) * SECOND)
    return replace(made, fixed=there) if plain and static else replace(made, queues=there)


def wrapuptime_of(member: Message, queue: str) -> int:
    """Return a member's own wrapuptime in a plain queue, 0: none. That of the queue itself is in no event."""
    own = seconds(member.get("Wrapuptime")) if is_plain(queue) else 0
    return own if own <= _LONGEST_WRAP_UP else 0


def _with(one: Seat, other: Seat) -> Seat:
    # Who logs in somewhere is there since then, and not since the switch read its file.
    alike = [seat for seat in (one, other) if seat.queues] or [one, other]
    return Seat(
        queues=one.queues | other.queues,
        fixed=one.fixed | other.fixed,
        # From the first queue joined: the others came after it.
        logged_in=min(filter(None, (seat.logged_in for seat in alike)), default=0),
        paused={**one.paused, **other.paused},
        reason=one.reason or other.reason,
        paused_since=max(one.paused_since, other.paused_since),
        in_call=one.in_call or other.in_call,
        wrapuptimes={**one.wrapuptimes, **other.wrapuptimes},
    )
