"""How long the numbers of persons, and records of their calls, are kept."""

from typing import Annotated, Literal

from msgspec import Meta

from cctoolkit.model.words import Section


class Privacy(Section, frozen=True, kw_only=True):
    """What is kept of callers: their numbers, and those that were dialled for them, in call records; not the numbers of
    the line itself, nor extensions.
    """

    numbers: Annotated[
        Literal["keep", "mask", "drop"],
        Meta(description="What is made of numbers in time: nothing, +7916•••••12, or nothing is left of them."),
    ] = "keep"
    numbers_days: Annotated[
        int, Meta(ge=1, le=3650, description="How many days numbers are kept; then they are masked or dropped.")
    ] = 90
    records_days: Annotated[
        Annotated[int, Meta(ge=1, le=36_500)] | None,
        Meta(description="How many days call records are kept at all; for ever when not given."),
    ] = None
