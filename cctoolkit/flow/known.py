"""What is known of a call on its way: who calls, which number was dialled, the language, and the card's fields."""

from collections.abc import Mapping

from msgspec import Struct

from cctoolkit.model.guard import Match

NOBODY = "+0000000000"
"""A caller about whom no case says anything: no country's numbers begin with 0 (ITU-T E.164, 6.2.1)."""

ANONYMOUS = "anonymous"
"""Stands for a withheld number where a case asks who calls."""

CARD = "card."
"""Begins the names of what a `set` step writes on the card."""


class Known(Struct):
    """What `set` and `lookup` steps change is changed here; `record` is what the CRM has of the caller."""

    caller: str
    number: str
    language: str
    record: Mapping[str, str]
    card: Mapping[str, str] = {}

    def change(self, sets: tuple[tuple[str, str], ...]) -> None:
        """Take over what a step sets; the priority decides nothing here."""
        for name, value in sets:
            if name == "language":
                self.language = value
            elif name.startswith(CARD):
                self.card = {**self.card, name.removeprefix(CARD): value}

    def found(self) -> None:
        """Fill the card in anew: the CRM knows the caller."""
        self.card = dict(self.record)

    def value(self, guard: Match) -> str:
        """Return what the guard asks about; "" is unknown, or a caller's number withheld."""
        if guard.subject == "field":
            return self.card.get(guard.field, "")
        return {"caller": self.caller, "number": self.number, "language": self.language}[guard.subject]


def matches(guard: Match, value: str) -> bool:
    """Tell whether one of a case's values is `value`, or begins it where the caller's number is asked."""
    if guard.subject != "caller":
        return value in guard.values
    return any(value.startswith(begin) if value else begin == ANONYMOUS for begin in guard.values)
