"""hours: asks a calendar."""

from typing import Annotated, Any, ClassVar

from msgspec import Meta

from cctoolkit.model.guard import Edge, InHours
from cctoolkit.model.step import Step
from cctoolkit.model.words import Identifier, Section


class HoursNext(Section, frozen=True, kw_only=True):
    """Where the call goes for each answer of the calendar, or of a supervisor who overrides it."""

    open: Annotated[Identifier, Meta(description="Within the hours.")]
    closed: Annotated[Identifier, Meta(description="Outside the hours.")]
    holiday: Annotated[
        Identifier | None, Meta(description="On a closed date of the calendar; as closed when not given.")
    ] = None
    override: Annotated[
        Identifier | None,
        Meta(description="While a supervisor says emergency; as closed when not given.", examples=["emergency"]),
    ] = None


class Hours(Step, frozen=True, kw_only=True, tag="hours"):
    """Asks a calendar and goes the way of its answer; makes no sound and does not answer the call."""

    example: ClassVar[dict[str, Any]] = {
        "type": "hours",
        "calendar": "office",
        "next": {"open": "subject", "closed": "night", "holiday": "night"},
    }

    calendar: Annotated[Identifier, Meta(description="The calendar that is asked.")]
    next: HoursNext

    def edges(self) -> tuple[Edge, ...]:
        """Open, closed, holiday, override."""
        return (
            Edge(InHours(self.calendar, "open"), self.next.open),
            Edge(InHours(self.calendar, "closed"), self.next.closed),
            Edge(InHours(self.calendar, "holiday"), self.next.holiday or self.next.closed),
            Edge(InHours(self.calendar, "override"), self.next.override or self.next.closed),
        )

    def refers(self) -> tuple[tuple[str, str], ...]:
        """Return the calendar."""
        return (("calendars", self.calendar),)
