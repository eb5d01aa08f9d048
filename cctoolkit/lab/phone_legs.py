"""What each agent's phone lived through, from the street's own log: calls that rang it, holds, and whom it asked and
sent its caller to.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
from msgspec.structs import replace

from cctoolkit.lab.session import shown
from cctoolkit.lab.witness import USER_EVENT, WitnessEvent

NEAR = timedelta(seconds=0.05)
"""What lies nearer together than this may have crossed on the wire: who came first is each side's own truth."""


class Held(msgspec.Struct, frozen=True):
    """The phone put its caller on hold, and took them back (None: the call ended first)."""

    start: datetime
    end: datetime | None = None


class Sent(msgspec.Struct, frozen=True):
    """The phone sent its caller on to a number; `asked`: to somebody it was talking to by a second call."""

    number: str
    at: datetime
    asked: bool = False


class PhoneLeg(msgspec.Struct, frozen=True):
    """A call on an agent's phone, from the `number` and the `name` it shows. `hung_up`: the agent did it. `asked` are
    the legs of phones that it called beside, its caller on hold.
    """

    agent: str
    rang: datetime
    number: str = ""
    answered: datetime | None = None
    ended: datetime | None = None
    hung_up: bool = False
    holds: tuple[Held, ...] = ()
    name: str = ""
    sent: Sent | None = None
    asked: tuple["PhoneLeg", ...] = ()

    @property
    def let_go(self) -> bool:
        """Say whether it answered when the other side had just given it up."""
        if self.answered is None or self.ended is None or self.hung_up or self.sent:
            return False
        return self.ended - self.answered <= NEAR


def legs(of: Mapping[str, Sequence[WitnessEvent]]) -> list[PhoneLeg]:
    """Return every call that rang a phone, in their order; `of` are the events of each channel."""
    found = sorted((_leg(own) for own in of.values() if own[0].rings_phone), key=lambda leg: leg.rang)
    beside = [_leg(own) for own in of.values() if own[0].endpoint.startswith("phone-") and not own[0].rings_phone]
    return [replace(leg, asked=tuple(_asked(leg, beside, found))) for leg in found]


def _asked(leg: PhoneLeg, beside: Sequence[PhoneLeg], rung: Sequence[PhoneLeg]) -> Iterator[PhoneLeg]:
    """A phone whose caller is on hold, or has just hung up, and that calls somebody: it rings by the agent's name."""
    for call in beside:
        over = leg.ended + NEAR if leg.ended else call.rang
        if call.agent == leg.agent and any(hold.start <= call.rang <= (hold.end or over) for hold in leg.holds):
            until = call.ended or call.rang
            yield from (one for one in rung if one.name == leg.agent and call.rang <= one.rang <= until)


def _leg(own: Sequence[WitnessEvent]) -> PhoneLeg:
    first = own[0]
    return PhoneLeg(
        first.endpoint.removeprefix("phone-"),
        first.at,
        shown(first.caller_number),
        at(own, "ANSWER"),
        at(own, "HANGUP"),
        bool(said(own, "hung_up")),
        tuple(_holds(own)),
        first.caller_name,
        next((Sent(e.extra, e.at, bool(said(own, "asks"))) for e in said(own, "refers")), None),
    )


def _holds(own: Sequence[WitnessEvent]) -> Iterator[Held]:
    ends = said(own, "unheld")
    for index, event in enumerate(said(own, "held")):
        yield Held(event.at, ends[index].at if index < len(ends) else None)


def at(events: Sequence[WitnessEvent], kind: str) -> datetime | None:
    """Return when the first event of a kind was."""
    return next((event.at for event in events if event.kind == kind), None)


def said(events: Sequence[WitnessEvent], name: str) -> list[WitnessEvent]:
    """Return the events of our own dialplan that have this name."""
    return [event for event in events if event.kind == USER_EVENT and event.name == name]
