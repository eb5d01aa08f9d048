"""lookup: asks the CRM."""

from typing import Annotated, Any, ClassVar

from msgspec import Meta

from cctoolkit.model.guard import CrmAnswer, Edge
from cctoolkit.model.step import Step
from cctoolkit.model.words import Duration, Identifier, Section


class LookupNext(Section, frozen=True, kw_only=True):
    """Where the call goes for each answer of the CRM."""

    found: Annotated[Identifier, Meta(description="The CRM knows the customer; the card is filled in.")]
    not_found: Annotated[Identifier, Meta(description="The CRM does not know the customer.")]
    failed: Annotated[
        Identifier | None, Meta(description="No answer within `limit`, or an error; as not_found when not given.")
    ] = None


class Lookup(Step, frozen=True, kw_only=True, tag="lookup"):
    """Asks the project's CRM who calls, by the caller's number or by digits the caller entered."""

    rendered = False
    example: ClassVar[dict[str, Any]] = {
        "type": "lookup",
        "digits": "account-number",
        "limit": "3s",
        "next": {"found": "vip-or-not", "not_found": "orders", "failed": "orders"},
    }

    digits: Annotated[
        Identifier | None,
        Meta(description="The collect step whose digits are looked up; the caller's number when not given."),
    ] = None
    limit: Annotated[Duration, Meta(description="How long the caller waits for the CRM at most.")] = "3s"
    next: Annotated[LookupNext, Meta(description="Where the call goes.")]

    def edges(self) -> tuple[Edge, ...]:
        """Found, not found, failed."""
        return (
            Edge(CrmAnswer("found"), self.next.found),
            Edge(CrmAnswer("not-found"), self.next.not_found),
            Edge(CrmAnswer("failed"), self.next.failed or self.next.not_found),
        )
