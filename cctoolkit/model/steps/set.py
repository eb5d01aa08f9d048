"""set: changes what the call carries."""

from typing import Annotated, Any, ClassVar

from msgspec import Meta, field

from cctoolkit.model.guard import Always, Edge
from cctoolkit.model.step import Step
from cctoolkit.model.words import Identifier, Language, PlainText, Section


class SetNext(Section, frozen=True, kw_only=True):
    """Where the call goes then."""

    done: Annotated[Identifier, Meta(description="The next step.")]


class Set(Step, frozen=True, kw_only=True, tag="set"):
    """Sets the language, the priority in queues or fields of the card; makes no sound and does not answer the call."""

    example: ClassVar[dict[str, Any]] = {
        "type": "set",
        "language": "en",
        "priority": 10,
        "card": {"topic": "returns"},
        "next": {"done": "orders"},
    }

    language: Annotated[Language | None, Meta(description="What the caller hears from here on.")] = None
    priority: Annotated[
        Annotated[int, Meta(ge=0, le=99)] | None,
        Meta(description="Whom queues serve first: higher ones; a call's is 0 until it is set."),
    ] = None
    card: Annotated[
        dict[Identifier, PlainText], Meta(max_length=50, description="Values of the card's fields, by field.")
    ] = field(default_factory=dict)
    next: Annotated[SetNext, Meta(description="Where the call goes.")]

    def edges(self) -> tuple[Edge, ...]:
        """One way: done."""
        return (Edge(Always(), self.next.done),)

    def sets(self) -> tuple[tuple[str, str], ...]:
        """Return the language, the priority and the fields."""
        named = (("language", self.language), ("priority", self.priority))
        plain = tuple((name, str(value)) for name, value in named if value is not None)
        return (*plain, *((f"card.{name}", value) for name, value in self.card.items()))
