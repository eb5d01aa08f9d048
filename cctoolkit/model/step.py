"""What every step type is: options, outcomes, the edges they compile to, and what it refers to."""

from typing import Any, ClassVar

from cctoolkit.model.guard import Edge
from cctoolkit.model.words import Section, Sound


class Step(Section, frozen=True, kw_only=True, tag_field="type"):
    """A vertex of the flow. Subclasses live one a file in `model/steps/` and are found by being there."""

    needs_answer: ClassVar[bool] = False
    """Whether the caller must be able to hear and press keys: then the call is answered on entering."""

    rendered: ClassVar[bool] = True
    """Whether there is a dialplan for this type; one without is validated, proved and traced all the same."""

    example: ClassVar[dict[str, Any]] = {}
    """A whole step as a spec has it: it stands in the schema, and a test holds it against schema and rules."""

    def edges(self) -> tuple[Edge, ...]:
        """Return the ways to other steps, in a fixed order."""
        return ()

    def tries(self) -> int:
        """Return how often the caller may try; silence and wrong keys count together."""
        return 1

    def waits(self) -> int:
        """Return how often the caller may be kept for the durations among its options."""
        return self.tries()

    def elsewhere(self) -> tuple[str, ...]:
        """Return its options that are durations nobody waits for on the line."""
        return ()

    def sets(self) -> tuple[tuple[str, str], ...]:
        """Return what the step changes about the call: ("language", "pl"), ("priority", "10") or
        ("card.<field>", value).
        """
        return ()

    def unrendered(self) -> str:
        """Return what of the step has no dialplan yet, such as "by field"; "" when all of it has."""
        return "" if self.rendered else str(self.__struct_config__.tag)

    def ends(self) -> tuple[str, ...]:
        """Return the ways in which a call ends in this step, such as "answered" or "hangup"."""
        return ()

    def sounds(self) -> tuple[Sound, ...]:
        """Return the prompts that must be on the node."""
        return ()

    def tolls(self) -> str:
        """Return the outside number it dials though the spec does not say that this is meant; nothing when it is."""
        return ""

    def refers(self) -> tuple[tuple[str, str], ...]:
        """Return (section, name) for everything of the project this step needs, such as ("calendars",
        "office").
        """
        return ()
