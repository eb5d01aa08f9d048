"""switch: one of several ways, by what is known of the call."""

from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta

from cctoolkit.model.guard import Edge, Guard, Match, Otherwise, Share
from cctoolkit.model.step import Step
from cctoolkit.model.words import Identifier, PlainText, Section


class Case(Section, frozen=True, kw_only=True):
    """One case: `values` or, of a switch by share, `percent`."""

    values: Annotated[
        tuple[PlainText, ...],
        Meta(
            description="Any of these: by caller, how the number begins in E.164, or anonymous; by number, a number of "
            "the project; by language, ru, pl or en; by field, what the card says. None where a switch is by share."
        ),
    ] = ()
    percent: Annotated[
        Annotated[int, Meta(ge=1, le=100)] | None,
        Meta(description="The share of calls; only, and always, where a switch is by share."),
    ] = None
    next: Annotated[Identifier, Meta(description="Where calls of this case go.")]


class SwitchNext(Section, frozen=True, kw_only=True):
    """Where the call goes when no case holds."""

    otherwise: Annotated[Identifier, Meta(description="No case holds.")]


class Switch(Step, frozen=True, kw_only=True, tag="switch"):
    """Goes the way of the first case that holds; makes no sound and does not answer the call."""

    example: ClassVar[dict[str, Any]] = {
        "type": "switch",
        "by": "caller",
        "cases": {
            "moscow": {"values": ["+7495", "+7499"], "next": "orders"},
            "withheld": {"values": ["anonymous"], "next": "goodbye"},
        },
        "next": {"otherwise": "support"},
    }

    by: Annotated[
        Literal["caller", "number", "language", "field", "share"],
        Meta(description="What is asked: who calls, which number was dialled, the language, a card field, or chance."),
    ]
    field: Annotated[Identifier | None, Meta(description="The card's field, where a switch is by field.")] = None
    cases: Annotated[
        dict[Identifier, Case],
        Meta(min_length=1, max_length=50, description="Cases by name, asked in order; shares add up to at most 100."),
    ]
    next: Annotated[SwitchNext, Meta(description="Where the call goes when no case holds.")]

    def edges(self) -> tuple[Edge, ...]:
        """Each case in order, then otherwise."""
        cases = (Edge(self._guard(name, case), case.next) for name, case in self.cases.items())
        return (*cases, Edge(Otherwise(), self.next.otherwise))

    def _guard(self, name: str, case: Case) -> Guard:
        if self.by == "share":
            return Share(name, case.percent or 0)
        return Match(name, self.by, case.values, self.field or "")

    def unrendered(self) -> str:
        """Card fields come from the CRM, which calls cannot ask yet."""
        return "switch by field" if self.by == "field" else super().unrendered()
