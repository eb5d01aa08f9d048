"""Who is in the queues: what agents do there, and what the switch lists when it is asked.

Source: QueueMemberAdded, QueueMemberPause, QueueMemberStatus, AgentLogin, QueueStatusComplete of docs.asterisk.org
(Asterisk 22, AMI Events).
"""

from msgspec import field

from cctoolkit.ami.messages import Message
from cctoolkit.capture.agents import AgentStates
from cctoolkit.capture.deeds import NO_QUEUE, Names, What, are_told, is_plain
from cctoolkit.capture.listings import Listings
from cctoolkit.capture.occasions import Occasions
from cctoolkit.capture.seats import interface, name, pooled, seat, wrapuptime_of
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
    def names(self) -> Names:
        """Which member has which interface, as the events told it."""
        return self._agents.names

    @property
    def asked(self) -> int:
        """The switch's clock when it last answered a ping."""
        return self._listings.clock

    def _on_queuememberadded(self, event: Message, at: Edge) -> None:
        self._does(event, "joined", at)
        if event.get("Paused") == "1":
            self._does(event, "paused", at)

    def _on_queuememberremoved(self, event: Message, at: Edge) -> None:
        self._does(event, "left", at)

    def _on_queuememberpause(self, event: Message, at: Edge) -> None:
        self._does(event, "paused" if event.get("Paused") == "1" else "unpaused", at)

    _on_queuememberpaused = _on_queuememberpause
    """As it was called until Asterisk 11."""

    def _does(self, event: Message, what: What, at: Edge) -> None:
        agent, queue = self._member(event)
        self._agents.heard(agent, queue, what, at, event.get("PausedReason") or event.get("Reason"))
        self._agents.wrapuptime(agent, queue, wrapuptime_of(event, queue))

    def _member(self, event: Message) -> tuple[str, str]:
        agent, queue = name(event), event.get("Queue")
        if is_plain(queue):
            # A project's switch logs names, and its test calls have members without end.
            self._agents.names.learn(queue, interface(event), agent)
            if login := pooled(event):
                self._agents.names.learn(NO_QUEUE, login, agent)
        return agent, queue

    def _on_queuememberstatus(self, event: Message, at: Edge) -> None:
        """A device changed its state; of whom nothing was told it tells that they are there."""
        queue = event.get("Queue")
        if not is_plain(queue):
            return
        agent = name(event)
        if not self._agents.knows(agent, queue):
            self._member(event)
            if are_told(agent, queue):
                self._agents.noticed(agent, seat(event, queue), at)
        self._agents.wrapuptime(agent, queue, wrapuptime_of(event, queue))

    def _on_agentlogin(self, event: Message, at: Edge) -> None:
        """AgentLogin, of chan_agent until Asterisk 11: it is no queue's; those who have the agent ring them then."""
        self._agents.heard(self._agents.names.of(NO_QUEUE, event.get("Agent")), NO_QUEUE, "joined", at)

    def _on_agentlogoff(self, event: Message, at: Edge) -> None:
        self._agents.heard(self._agents.names.of(NO_QUEUE, event.get("Agent")), NO_QUEUE, "left", at)

    _on_agentcallbacklogin, _on_agentcallbacklogoff = _on_agentlogin, _on_agentlogoff

    def _on_queuemember(self, event: Message, _at: Edge) -> None:
        self._member(event)
        self._listings.entry(event)

    def _on_queuestatuscomplete(self, _event: Message, _at: Edge) -> None:
        """All members of all queues have been listed. Without any clock nobody can say when."""
        seats = self._listings.seats()
        if seats is not None and (now := max(self.now, self._listings.clock)):
            known = {leg.agent for draft in self._calls.values() for leg in draft.talks()}
            self._agents.listed(seats, Edge(now, "queue_status"), known)
