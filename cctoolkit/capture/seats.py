"""Who is in the queues at one moment, as the switch lists it: what began before anyone listened.

Source: QueueMember of docs.asterisk.org (Asterisk 22, AMI Events, the answer to QueueStatus). LoginTime and LastPause
are whole seconds since the epoch, 0 for never; after a restart of the switch both are that moment or later. InCall is 1
in the queue whose call the member has, and in no other.
"""

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from cctoolkit import marks
from cctoolkit.ami.messages import Message
from cctoolkit.capture.lines import SECOND
from cctoolkit.capture.said import seconds


class Seat(Struct, frozen=True):
    """An agent's place in the queues; moments in microseconds, 0 where the switch does not say."""

    queues: frozenset[str]
    logged_in: int = 0
    paused: str | None = None
    """The pause's reason; None: not paused."""
    paused_since: int = 0
    in_call: bool = False


def seats(members: Iterable[Message]) -> dict[str, Seat]:
    """Return each agent's seat; foreign queues and shadow queues have none of ours."""
    found: dict[str, Seat] = {}
    for member in members:
        agent, queue = member.get("Name"), member.get("Queue")
        if agent and marks.serves_callers(queue):
            found[agent] = _with(found.get(agent, Seat(frozenset())), queue, member)
    return found


def _with(seat: Seat, queue: str, member: Message) -> Seat:
    logged_in, paused_since = (seconds(member.get(name)) * SECOND for name in ("LoginTime", "LastPause"))
    paused = member.get("PausedReason") if member.get("Paused") == "1" else None
    return replace(
        seat,
        queues=seat.queues | {queue},
        # From the first queue joined: the others came after it.
        logged_in=min(filter(None, (seat.logged_in, logged_in)), default=0),
        paused=seat.paused or paused,
        paused_since=max(seat.paused_since, paused_since if paused is not None else 0),
        in_call=seat.in_call or member.get("InCall") == "1",
    )
