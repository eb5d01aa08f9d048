"""A call on its way through dialplan: where it is, what it holds, and where a walk stops."""

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from cctoolkit.takeover.dialplan import Line
from cctoolkit.takeover.values import Value

UNDECIDED = "what decides it is known only in a call"
ENDLESS = "a call goes round there for ever"


class At(Struct, frozen=True, order=True):
    """A place in the dialplan; `extension` is as it is written, perhaps a pattern."""

    context: str
    extension: str
    priority: int


class Call(Struct, frozen=True):
    """A call at a place: the extension dialled there, what its variables hold, where its subroutines come back to."""

    at: At
    dialled: str
    held: Mapping[str, Value] = {}
    back: tuple["Call", ...] = ()

    def to(self, at: At, dialled: str | None = None) -> "Call":
        """Return the call at another place."""
        return replace(self, at=at, dialled=self.dialled if dialled is None else dialled)

    @property
    def next(self) -> "Call":
        """Return the call at the next priority."""
        return self.to(replace(self.at, priority=self.at.priority + 1))

    @property
    def returns(self) -> tuple[tuple[At, str], ...]:
        """Return where its subroutines come back to."""
        return tuple((one.at, one.dialled) for one in self.back)

    def holding(self, **held: Value) -> "Call":
        """Return the call with variables set."""
        return replace(self, held={**self.held, **held})


class Stop(Struct, frozen=True):
    """Where a walk stops: a line that does something (`app` with its arguments worked out, None where not known), or
    the end, where there is neither.

    `lost` says why the way on is not known. A line that asks something has its two ways in `then` and `other`; `asks`
    is what it asks.
    """

    call: Call
    line: Line | None = None
    app: str = ""
    args: tuple[Value, ...] = ()
    lost: str = ""
    asks: str = ""
    then: "Call | Stop | None" = None
    other: "Call | Stop | None" = None

    def arg(self, place: int) -> Value:
        """Return an argument, "" where there are fewer."""
        return self.args[place] if place < len(self.args) else ""


def timed(ways: Sequence[tuple[str, Call]], before: Call) -> Call | Stop:
    """Return where a call goes that comes to the first of several places whose times hold; "" holds always."""
    if not ways:
        return Stop(before, lost="outside its times there is no extension for it")
    timing, first = ways[0]
    if not timing:
        return first
    return Stop(before, None, "gotoiftime", asks=timing, then=first, other=timed(ways[1:], before))


def together(first: Stop, second: Stop) -> Stop | None:
    """Return the stop both ways of a condition come to, with what holds either way; None when they differ."""
    one, two = ((s.call.at, s.call.returns, s.line, s.app, s.args, s.asks, s.then, s.other) for s in (first, second))
    if one != two or first.lost or second.lost:
        return None
    a, b = first.call.held, second.call.held
    common = {name: a.get(name, "") if a.get(name, "") == b.get(name, "") else None for name in {**a, **b}}
    return replace(first, call=replace(first.call, held=common))
