"""menu: one key."""

from typing import Annotated, Any, ClassVar

from msgspec import Meta

from cctoolkit.model.guard import BadInput, Edge, NoInput
from cctoolkit.model.guard import Key as KeyPressed
from cctoolkit.model.step import Step
from cctoolkit.model.words import Duration, Identifier, Key, Section, Sound


class MenuNext(Section, frozen=True, kw_only=True):
    """Where the call goes when the attempts are used up."""

    timeout: Annotated[Identifier, Meta(description="The last attempt ended in silence.")]
    invalid: Annotated[Identifier, Meta(description="The last attempt was a key without a meaning.")]


class Menu(Step, frozen=True, kw_only=True, tag="menu"):
    """Plays prompts and takes one key; pressing it stops the prompt (barge-in)."""

    needs_answer = True
    example: ClassVar[dict[str, Any]] = {
        "type": "menu",
        "prompts": ["northwind/press-1-for-orders"],
        "keys": {"1": "orders", "2": "support", "*": "subject"},
        "wait": "5s",
        "attempts": 3,
        "next": {"timeout": "orders", "invalid": "goodbye"},
    }

    prompts: Annotated[tuple[Sound, ...], Meta(min_length=1, description="What the caller may press.")]
    keys: Annotated[dict[Key, Identifier], Meta(min_length=1, description="The step for each key.")]
    wait: Annotated[Duration, Meta(description="How long to wait for a key after the prompts.")] = "5s"
    attempts: Annotated[
        int, Meta(ge=1, le=9, description="How often to ask; silence and wrong keys count together.")
    ] = 3
    next: MenuNext

    def edges(self) -> tuple[Edge, ...]:
        """Each key, then timeout, then invalid."""
        keys = (Edge(KeyPressed(key), target) for key, target in sorted(self.keys.items()))
        return (*keys, Edge(NoInput(), self.next.timeout), Edge(BadInput(), self.next.invalid))

    def tries(self) -> int:
        """Return how often the menu asks."""
        return self.attempts

    def sounds(self) -> tuple[Sound, ...]:
        """Return the prompts."""
        return self.prompts
