"""collect: digits."""

from typing import Annotated, Any, ClassVar

from msgspec import Meta

from cctoolkit.model.guard import BadInput, CheckDigit, Collected, Edge, NoInput
from cctoolkit.model.step import Step
from cctoolkit.model.words import Duration, Identifier, Section, Sound

MOST_DIGITS = 32


class CollectNext(Section, frozen=True, kw_only=True):
    """Where the call goes with the digits, and when the attempts are used up."""

    done: Annotated[Identifier, Meta(description="The caller entered digits that can be right.")]
    timeout: Annotated[Identifier, Meta(description="The last attempt ended in silence.")]
    invalid: Annotated[
        Identifier | None, Meta(description="The last attempt was wrong; as timeout when not given.")
    ] = None


class Collect(Step, frozen=True, kw_only=True, tag="collect"):
    """Plays prompts and takes digits, such as a customer's number; # ends them early.

    Silence and wrong digits use up the same attempts; the last of them decides the way out.
    """

    needs_answer = True
    example: ClassVar[dict[str, Any]] = {
        "type": "collect",
        "prompts": ["northwind/enter-account"],
        "shortest": 8,
        "longest": 10,
        "wait": "5s",
        "attempts": 3,
        "wrong": ["northwind/wrong-account"],
        "next": {"done": "known-customer", "timeout": "orders", "invalid": "orders"},
    }

    prompts: Annotated[tuple[Sound, ...], Meta(min_length=1, description="What to enter; any key stops them.")]
    shortest: Annotated[int, Meta(ge=1, le=MOST_DIGITS, description="Digits at least.")] = 1
    longest: Annotated[
        int, Meta(ge=1, le=MOST_DIGITS, description="Digits at most; the caller need not press # after so many.")
    ]
    check: Annotated[
        CheckDigit, Meta(description="How the last digit is checked: luhn is that of cards and many account numbers.")
    ] = "none"
    wait: Annotated[Duration, Meta(description="How long to wait for each digit.")] = "5s"
    attempts: Annotated[int, Meta(ge=1, le=9, description="How often to ask; silence and mistakes count together.")] = 3
    wrong: Annotated[tuple[Sound, ...], Meta(description="Played after an attempt that was wrong.")] = ()
    next: Annotated[CollectNext, Meta(description="Where the call goes.")]

    def edges(self) -> tuple[Edge, ...]:
        """Done, timeout, invalid."""
        return (
            Edge(Collected(self.shortest, self.longest, self.check), self.next.done),
            Edge(NoInput(), self.next.timeout),
            Edge(BadInput(), self.next.invalid or self.next.timeout),
        )

    def tries(self) -> int:
        """Return how often it asks."""
        return self.attempts

    def waits(self) -> int:
        """Each digit of each attempt may be waited for."""
        return self.attempts * self.longest

    def sounds(self) -> tuple[Sound, ...]:
        """Return what it asks and what it says after a mistake."""
        return (*self.prompts, *self.wrong)
