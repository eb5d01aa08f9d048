"""What a change does to what is live, by name, worst last; and one finding of that."""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct, field


class Class(StrEnum):
    """The class of a change; its value is what `--accept` takes."""

    no_effect = "no-effect"
    hot = "hot"
    ignored = "ignored-until-restart"
    restart = "needs-restart"
    wipes = "wipes-pause-reasons"
    drops = "drops-log-ins"
    moves = "moves-running-calls"
    strands = "strands-waiting-callers"

    @property
    def words(self) -> str:
        """Return how it is said."""
        return _WORDS.get(self, self.value.replace("-", " "))

    @property
    def dangerous(self) -> bool:
        """Say whether `apply` refuses it unless it is accepted."""
        return self in DANGEROUS


_WORDS = {Class.drops: "drops log-ins"}

DANGEROUS = (Class.restart, Class.wipes, Class.drops, Class.moves, Class.strands)


class Impact(Struct, frozen=True):
    """What becomes of one object, and of whom.

    `class_` by the rule `rule`; `says` what that means; `live` how many are touched now, such as {"waiting": 7};
    `which` names them where that helps, such as the reasons of pauses.
    """

    side: str
    kind: str
    name: str
    class_: Class = field(name="class")
    rule: str
    says: str
    live: Mapping[str, int] = {}
    which: tuple[str, ...] = ()

    @property
    def counted(self) -> str:
        """Return `7 waiting, 23 logged in, 4 paused (lunch, training)`; "" when nothing is live."""
        shown = ", ".join(f"{number} {_noun(what, number)}" for what, number in self.live.items() if number)
        return f"{shown} ({', '.join(self.which)})" if shown and self.which else shown


def _noun(what: str, number: int) -> str:
    """Return "call up" of one and "calls up" of more; what is no noun stays as it is."""
    return what.replace("calls", "call") if number == 1 else what


class Accepted(Struct, frozen=True):
    """The dangers that may happen: classes somebody named, and log-ins in queues that were drained, where no call comes
    any more.
    """

    classes: frozenset[Class] = frozenset()
    drained: frozenset[str] = frozenset()

    def covers(self, one: Impact) -> bool:
        """Say whether this may happen."""
        drained = one.class_ is Class.drops and one.kind == "queue" and one.name in self.drained
        return drained or one.class_ in self.classes


NOTHING = Accepted()
EVERYTHING = Accepted(frozenset(Class))


def dangers(impacts: tuple[Impact, ...], accepted: Accepted = NOTHING) -> tuple[Impact, ...]:
    """Return those that `apply` refuses, in the order of the plan."""
    return tuple(one for one in impacts if one.class_.dangerous and not accepted.covers(one))
