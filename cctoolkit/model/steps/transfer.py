"""transfer: the client's PBX or a number behind it."""

from typing import Annotated, Any, ClassVar

from msgspec import Meta

from cctoolkit.model import phone
from cctoolkit.model.guard import Edge, TransferResult
from cctoolkit.model.step import Step
from cctoolkit.model.words import Duration, Identifier, Section

Dialled = Annotated[
    str,
    Meta(
        pattern=r"^\+?[0-9]{2,15}$",
        description="What is dialled, written out: a caller never chooses it.",
        examples=["1000", "+74951234567"],
        extra_json_schema={"x-expected": 'a number in quotes, such as "1000"'},
    ),
]


class TransferNext(Section, frozen=True, kw_only=True):
    """Where the call goes when nobody takes it."""

    busy: Annotated[Identifier, Meta(description="Whoever is called is busy.")]
    no_answer: Annotated[Identifier | None, Meta(description="As busy when not given.")] = None
    failed: Annotated[Identifier | None, Meta(description="The trunk is down or full; as busy when not given.")] = None


class Transfer(Step, frozen=True, kw_only=True, tag="transfer"):
    """Calls a number over one of the project's trunks and connects the caller; the call ends when they have talked."""

    needs_answer = True
    example: ClassVar[dict[str, Any]] = {
        "type": "transfer",
        "trunk": "client-pbx",
        "number": "1000",
        "ring": "30s",
        "next": {"busy": "orders", "no_answer": "orders", "failed": "goodbye"},
    }

    trunk: Annotated[Identifier, Meta(description="The trunk it is dialled over.")]
    number: Dialled
    ring: Annotated[Duration, Meta(description="How long it rings.")] = "30s"
    outside: Annotated[
        bool, Meta(description="Whether a number outside the client's PBX is meant: such calls cost. `prove` asks.")
    ] = False
    next: TransferNext

    def edges(self) -> tuple[Edge, ...]:
        """Busy, no answer, failed."""
        return (
            Edge(TransferResult("busy"), self.next.busy),
            Edge(TransferResult("no-answer"), self.next.no_answer or self.next.busy),
            Edge(TransferResult("failed"), self.next.failed or self.next.busy),
        )

    def ends(self) -> tuple[str, ...]:
        """Somebody took it."""
        return ("transferred",)

    def tolls(self) -> str:
        """Return the number when it is no extension and not meant to be outside."""
        return self.number if phone.outside(self.number) and not self.outside else ""

    def refers(self) -> tuple[tuple[str, str], ...]:
        """Return the trunk."""
        return (("trunks", self.trunk),)
