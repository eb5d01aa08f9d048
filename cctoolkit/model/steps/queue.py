"""queue: waits for an agent."""

from typing import Annotated, Any, ClassVar

from msgspec import Meta, field

from cctoolkit.model.guard import Edge, QueueExit, QueueKey
from cctoolkit.model.step import Step
from cctoolkit.model.words import Duration, Identifier, Key, Section


class QueueNext(Section, frozen=True, kw_only=True):
    """Where the call goes when it leaves the queue otherwise than by an agent's or the caller's hanging up."""

    timeout: Annotated[Identifier, Meta(description="Waited as long as `wait` says.")]
    full: Annotated[Identifier | None, Meta(description="The queue was full; as timeout when not given.")] = None
    no_agents: Annotated[Identifier | None, Meta(description="Nobody to wait for; as timeout when not given.")] = None
    continued: Annotated[
        Identifier | None, Meta(description="After the agent has hung up; the call ends there when not given.")
    ] = None


class Queue(Step, frozen=True, kw_only=True, tag="queue"):
    """Puts the caller into a queue; the call ends when an agent has talked, or when the caller gives up."""

    needs_answer = True
    example: ClassVar[dict[str, Any]] = {
        "type": "queue",
        "queue": "orders",
        "wait": "5m",
        "keys": {"0": "leave-message"},
        "next": {"timeout": "leave-message", "full": "goodbye", "no_agents": "goodbye", "continued": "how-was-it"},
    }

    queue: Annotated[Identifier, Meta(description="The queue to wait in.")]
    wait: Annotated[Duration, Meta(description="How long a caller waits at most.")] = "5m"
    keys: Annotated[
        dict[Key, Identifier], Meta(description="Where a key pressed while waiting leads; others do nothing.")
    ] = field(default_factory=dict)
    next: QueueNext

    def edges(self) -> tuple[Edge, ...]:
        """Each key, timeout, full, no agents, and continued where it leads anywhere."""
        continued = (Edge(QueueExit("continued"), self.next.continued),) if self.next.continued else ()
        return (
            *(Edge(QueueKey(key), target) for key, target in sorted(self.keys.items())),
            Edge(QueueExit("timeout"), self.next.timeout),
            Edge(QueueExit("full"), self.next.full or self.next.timeout),
            Edge(QueueExit("no-agents"), self.next.no_agents or self.next.timeout),
            *continued,
        )

    def ends(self) -> tuple[str, ...]:
        """Answered by an agent (unless the call then continues), or abandoned by the caller."""
        return ("abandoned",) if self.next.continued else ("answered", "abandoned")

    def refers(self) -> tuple[tuple[str, str], ...]:
        """Return the queue."""
        return (("queues", self.queue),)
