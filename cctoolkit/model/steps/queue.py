"""queue: waits for an agent."""

from typing import Annotated

from msgspec import Meta

from cctoolkit.model.guard import Edge, QueueExit
from cctoolkit.model.step import Step
from cctoolkit.model.words import Duration, Identifier, Section


class QueueNext(Section, frozen=True, kw_only=True):
    """Where the call goes when it leaves the queue without an agent."""

    timeout: Annotated[Identifier, Meta(description="Waited as long as `wait` says.")]
    full: Annotated[Identifier | None, Meta(description="The queue was full; as timeout when not given.")] = None
    no_agents: Annotated[Identifier | None, Meta(description="Nobody to wait for; as timeout when not given.")] = None


class Queue(Step, frozen=True, kw_only=True, tag="queue"):
    """Puts the caller into a queue; the call ends when an agent has talked, or when the caller gives up."""

    needs_answer = True

    queue: Identifier
    wait: Annotated[Duration, Meta(description="How long a caller waits at most.")] = "5m"
    next: QueueNext

    def edges(self) -> tuple[Edge, ...]:
        """Timeout, full, no agents."""
        return (
            Edge(QueueExit("timeout"), self.next.timeout),
            Edge(QueueExit("full"), self.next.full or self.next.timeout),
            Edge(QueueExit("no-agents"), self.next.no_agents or self.next.timeout),
        )

    def ends(self) -> tuple[str, ...]:
        """Answered by an agent, or abandoned by the caller."""
        return ("answered", "abandoned")

    def refers(self) -> tuple[tuple[str, str], ...]:
        """Return the queue."""
        return (("queues", self.queue),)
