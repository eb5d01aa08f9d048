"""Who is in the queues: what agents do there, and what the switch lists when it is asked.

Source: QueueMemberAdded, QueueMemberPause, QueueStatusComplete of docs.asterisk.org (Asterisk 22, AMI Events).
"""

from msgspec import field

from cctoolkit.ami.messages import Message
from cctoolkit.capture.agents import AgentStates, What
from cctoolkit.capture.listings import Listings
from cctoolkit.capture.occasions import Occasions
from cctoolkit.cdr.records import Edge


class Attendance(Occasions):
    """The part of the tracker that reads queues' members."""

    now: int = 0
    """The newest moment told, by the switch's clock."""
    _agents: AgentStates = field(default_factory=AgentStates)
    _listings: Listings = field(default_factory=Listings)

    def __post_init__(self) -> None:
        self._agents.node = self.node

    @property
    def asked(self) -> int:
        """The switch's clock when it last answered a ping."""
        return self._listings.clock

    def _on_queuememberadded(self, event: Message, at: Edge) -> None:
        self._agents.heard(event.get("MemberName"), event.get("Queue"), "joined", at)
        if event.get("Paused") == "1":
            self._agents.heard(event.get("MemberName"), event.get("Queue"), "paused", at, event.get("PausedReason"))

    def _on_queuememberremoved(self, event: Message, at: Edge) -> None:
        self._agents.heard(event.get("MemberName"), event.get("Queue"), "left", at)

    def _on_queuememberpause(self, event: Message, at: Edge) -> None:
        what: What = "paused" if event.get("Paused") == "1" else "unpaused"
        self._agents.heard(event.get("MemberName"), event.get("Queue"), what, at, event.get("PausedReason"))

    def _on_queuemember(self, event: Message, _at: Edge) -> None:
        self._listings.entry(event)

    def _on_queuestatuscomplete(self, _event: Message, _at: Edge) -> None:
        """All members of all queues have been listed. Without any clock nobody can say when."""
        seats = self._listings.seats()
        if seats is not None and (now := max(self.now, self._listings.clock)):
            known = {leg.agent for draft in self._calls.values() for leg in draft.talks()}
            self._agents.listed(seats, Edge(now, "queue_status"), known)
