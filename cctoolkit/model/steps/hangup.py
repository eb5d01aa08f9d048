"""hangup: ends the call with a cause."""

from typing import Annotated, Any, ClassVar

from msgspec import Meta

from cctoolkit.model.step import Step


class Hangup(Step, frozen=True, kw_only=True, tag="hangup"):
    """Ends the call; an unanswered call is refused with the cause."""

    example: ClassVar[dict[str, Any]] = {"type": "hangup", "cause": 16}

    cause: Annotated[int, Meta(ge=1, le=127, description="ITU-T Q.850 cause; 16 normal, 17 busy, 34 no channel.")] = 16

    def ends(self) -> tuple[str, ...]:
        """One end."""
        return ("hangup",)
