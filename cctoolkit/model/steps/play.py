"""play: a prompt."""

from typing import Annotated, Any, ClassVar

from msgspec import Meta

from cctoolkit.model.guard import Always, Edge
from cctoolkit.model.step import Step
from cctoolkit.model.words import Identifier, Section, Sound


class PlayNext(Section, frozen=True, kw_only=True):
    """Where the call goes after the prompt."""

    done: Annotated[Identifier, Meta(description="The next step.")]


class Play(Step, frozen=True, kw_only=True, tag="play"):
    """Plays one or more prompts to the end, then goes on."""

    needs_answer = True
    example: ClassVar[dict[str, Any]] = {"type": "play", "prompts": ["northwind/welcome"], "next": {"done": "subject"}}

    prompts: Annotated[tuple[Sound, ...], Meta(min_length=1, description="Played one after another.")]
    next: PlayNext

    def edges(self) -> tuple[Edge, ...]:
        """One way: done."""
        return (Edge(Always(), self.next.done),)

    def sounds(self) -> tuple[Sound, ...]:
        """Return the prompts."""
        return self.prompts
