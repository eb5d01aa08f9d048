"""callback: keeps the caller's place, and calls back."""

from typing import Annotated, Any, ClassVar

from msgspec import Meta

from cctoolkit.model.guard import CallbackResult, Edge
from cctoolkit.model.step import Step
from cctoolkit.model.words import Duration, Identifier, Key, Section, Sound


class CallbackNext(Section, frozen=True, kw_only=True):
    """Where the call goes after the offer."""

    taken: Annotated[Identifier, Meta(description="The caller is called back, or is on the list already.")]
    refused: Annotated[
        Identifier, Meta(description="Another key, silence, or a number that cannot be called, such as a withheld one.")
    ]


class Callback(Step, frozen=True, kw_only=True, tag="callback"):
    """Offers to call back when an agent is free; one place for each caller. A call that ends so is no abandon."""

    needs_answer = True
    rendered = False
    example: ClassVar[dict[str, Any]] = {
        "type": "callback",
        "queue": "orders",
        "prompts": ["northwind/press-1-to-be-called"],
        "key": "1",
        "wait": "5s",
        "calls": 3,
        "between": "10m",
        "within": "4h",
        "next": {"taken": "goodbye", "refused": "orders"},
    }

    queue: Annotated[Identifier, Meta(description="The queue whose agents call back, in which the place is kept.")]
    prompts: Annotated[tuple[Sound, ...], Meta(min_length=1, description="The offer.")]
    key: Annotated[Key, Meta(description="The key that takes the offer.")] = "1"
    wait: Annotated[Duration, Meta(description="How long to wait for the key after the prompts.")] = "5s"
    calls: Annotated[int, Meta(ge=1, le=9, description="How often a caller who does not answer is called.")] = 3
    between: Annotated[Duration, Meta(description="How long after a call that was not answered the next one is.")] = (
        "10m"
    )
    within: Annotated[Duration, Meta(description="After so long nobody is called back any more.")] = "4h"
    next: Annotated[CallbackNext, Meta(description="Where the call goes.")]

    def edges(self) -> tuple[Edge, ...]:
        """Taken, refused."""
        return (
            Edge(CallbackResult("taken"), self.next.taken),
            Edge(CallbackResult("refused"), self.next.refused),
        )

    def elsewhere(self) -> tuple[str, ...]:
        """The caller has hung up while these run."""
        return ("between", "within")

    def sounds(self) -> tuple[Sound, ...]:
        """Return the offer."""
        return self.prompts

    def refers(self) -> tuple[tuple[str, str], ...]:
        """Return the queue."""
        return (("queues", self.queue),)
