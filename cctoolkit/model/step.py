"""What every step type is: options, outcomes, the edges they compile to, and what it refers to."""

from typing import ClassVar

from cctoolkit.model.guard import Edge
from cctoolkit.model.words import Section, Sound


class Step(Section, frozen=True, kw_only=True, tag_field="type"):
    """A vertex of the flow. Subclasses live one a file in `model/steps/` and are found by being there."""

    needs_answer: ClassVar[bool] = False
    """Whether the caller must be able to hear and press keys: then the call is answered on entering."""

    def edges(self) -> tuple[Edge, ...]:
        """Return the ways to other steps, in a fixed order."""
        return ()

    def tries(self) -> int:
        """Return how often the caller may try; silence and wrong keys count together."""
        return 1

    def ends(self) -> tuple[str, ...]:
        """Return the ways in which a call ends in this step, such as "answered" or "hangup"."""
        return ()

    def sounds(self) -> tuple[Sound, ...]:
        """Return the prompts that must be on the node."""
        return ()

    def refers(self) -> tuple[tuple[str, str], ...]:
        """Return (section, name) for everything of the project this step needs, such as ("calendars",
        "office").
        """
        return ()
