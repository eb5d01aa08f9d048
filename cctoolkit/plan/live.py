"""What is live on a node at one moment: callers who wait, agents who are logged in, calls that are up."""

from msgspec import Struct


class Seat(Struct, frozen=True, order=True):
    """One member of one queue, ours or not. `agent` and `paused` are those of `changes.Member`; `static` whether a
    file says it; `rings` whether its phone can.
    """

    queue: str
    agent: str
    paused: str | None = None
    static: bool = False
    rings: bool = True


class Call(Struct, frozen=True, order=True):
    """One call that is up. `id` is "" when it did not come in by a number of ours: an agent who dials a feature code.

    `step` where it is in its generation; `waits_in` the queue it waits in; `comes_back` whether the dialplan goes on
    when who it talks to hangs up; `places` every (context, extension) a channel of it is in; `over` its endpoints.
    """

    id: str
    project: str = ""
    generation: str = ""
    step: str = ""
    waits_in: str = ""
    comes_back: bool = True
    places: tuple[tuple[str, str], ...] = ()
    over: tuple[str, ...] = ()


class Live(Struct, frozen=True):
    """All of it."""

    seats: tuple[Seat, ...] = ()
    calls: tuple[Call, ...] = ()
    waiting: dict[str, int] = {}
    """Callers by queue, as app_queue counts them: some may not be calls of ours."""
    strategies: dict[str, str] = {}
    """What each queue does now, whatever its file says."""

    def in_queue(self, queue: str) -> list[Seat]:
        """Return who is logged in there."""
        return [seat for seat in self.seats if seat.queue == queue]
