"""survey: a score after the call."""

from typing import Annotated, Any, ClassVar

from msgspec import Meta

from cctoolkit.model.guard import Edge, SurveyResult
from cctoolkit.model.step import Step
from cctoolkit.model.words import Duration, Identifier, Section, Sound


class SurveyNext(Section, frozen=True, kw_only=True):
    """Where the call goes after the question."""

    done: Annotated[Identifier, Meta(description="The caller gave a score.")]
    none: Annotated[Identifier | None, Meta(description="The caller gave none; as done when not given.")] = None


class Survey(Step, frozen=True, kw_only=True, tag="survey"):
    """Asks for a score of one key, 1 to `highest`; mostly after a queue's `continued`."""

    needs_answer = True
    rendered = False
    example: ClassVar[dict[str, Any]] = {
        "type": "survey",
        "prompts": ["northwind/how-was-it"],
        "highest": 5,
        "wait": "5s",
        "attempts": 2,
        "thanks": ["northwind/thank-you"],
        "next": {"done": "goodbye", "none": "goodbye"},
    }

    prompts: Annotated[tuple[Sound, ...], Meta(min_length=1, description="The question.")]
    highest: Annotated[int, Meta(ge=2, le=9, description="The best score; 1 is the worst.")] = 5
    wait: Annotated[Duration, Meta(description="How long to wait for the key after the prompts.")] = "5s"
    attempts: Annotated[int, Meta(ge=1, le=9, description="How often to ask.")] = 2
    thanks: Annotated[tuple[Sound, ...], Meta(description="Played after a score.")] = ()
    next: Annotated[SurveyNext, Meta(description="Where the call goes.")]

    def edges(self) -> tuple[Edge, ...]:
        """Done, none."""
        return (
            Edge(SurveyResult("done"), self.next.done),
            Edge(SurveyResult("none"), self.next.none or self.next.done),
        )

    def tries(self) -> int:
        """Return how often it asks."""
        return self.attempts

    def sounds(self) -> tuple[Sound, ...]:
        """Return the question and the thanks."""
        return (*self.prompts, *self.thanks)
