"""What each caller did and lived through, from the street's own log alone: the node has no word in it.

A phone's leg belongs to the call whose number it shows: traffic gives each caller a number of its own. An anonymous
caller's leg is found by time, where time allows only one. A phone that rings after an agent has sent the caller on is
where they were sent.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec
from msgspec.structs import replace

from cctoolkit.lab import phone_legs
from cctoolkit.lab.phone_legs import NEAR, PhoneLeg, at, said
from cctoolkit.lab.session import shown
from cctoolkit.lab.witness import WitnessEvent

Who = Literal["caller", "agent", "node", ""]
Lived = Literal["answered", "gave up", "sent away", "not answered", "not placed", "unfinished"]
"""By an agent; the caller hung up without one; the node did; it never answered; no call came about; it is still on."""


class Press(msgspec.Struct, frozen=True):
    """A key: from `begin` to `end` (None: the call ended meanwhile), by the caller's clock, gaps included."""

    key: str
    begin: datetime
    end: datetime | None = None


class Note(msgspec.Struct, frozen=True):
    """One caller's call. `number` was dialled, `caller` are the digits sent ("": anonymous); `legs_known` is false
    where phones may have rung for this call or for another anonymous one. `beyond`: the legs of those it was sent to.
    """

    call: str
    number: str = ""
    caller: str = ""
    dialled: datetime | None = None
    answered: datetime | None = None
    ended: datetime | None = None
    cause: int | None = None
    hung_up: bool = False
    presses: tuple[Press, ...] = ()
    legs: tuple[PhoneLeg, ...] = ()
    legs_known: bool = True
    beyond: tuple[PhoneLeg, ...] = ()

    @property
    def agent(self) -> str:
        """Who answered, "" when nobody did."""
        return next((leg.agent for leg in self.legs if leg.answered), "")

    @property
    def heard(self) -> tuple[PhoneLeg, ...]:
        """The legs of all whom the caller may have talked to, wherever the call was sent."""
        return (*self.legs, *self.beyond, *(one for leg in self.legs if leg.sent for one in leg.asked))

    @property
    def lived(self) -> Lived:
        """What became of the call, as its caller knows."""
        if self.dialled is None:
            return "not placed"
        if self.ended is None:
            return "unfinished"
        if self.agent:
            return "answered"
        if self.answered is None:
            return "not answered"
        return "gave up" if self.hung_up else "sent away"

    @property
    def hung_up_by(self) -> Who:
        """Who ended it: what the street did itself it has noted; else it was the node."""
        if self.ended is None:
            return ""
        # The caller's end may reach the street a moment before its own word on who caused it.
        until = self.ended if self.hung_up else self.ended + NEAR
        if any(leg.hung_up and leg.ended and leg.ended <= until for leg in self.heard):
            return "agent"
        return "caller" if self.hung_up else "node"

    @property
    def crossed(self) -> bool:
        """Say whether caller and agent acted so close together that the node may have seen it the other way round."""
        if not self.hung_up or self.ended is None:
            return False
        acts = [
            act
            for leg in self.heard
            for act in (leg.answered, leg.ended if leg.hung_up else None, leg.sent.at if leg.sent else None)
        ]
        return any(act and abs(act - self.ended) <= NEAR for act in acts)


class Dial(msgspec.Struct, frozen=True):
    """An agent's phone dialled a feature code, and when the node answered it."""

    agent: str
    code: str
    answered: datetime


def notes(events: Sequence[WitnessEvent], calls: Collection[str]) -> list[Note]:
    """Return a note for each of these calls, in their order."""
    of = _grouped(events)
    found = [_note(call, of.get(call, ()), of.get(f"{call};2", ())) for call in calls]
    return _with_legs(found, phone_legs.legs(of))


def dials(events: Sequence[WitnessEvent]) -> list[Dial]:
    """Return every feature code that the node answered."""
    return [
        Dial(event.endpoint.removeprefix("phone-"), event.dialled, event.at)
        for event in events
        if event.kind == "ANSWER" and event.endpoint.startswith("phone-") and not event.rings_phone
    ]


def write(path: Path, found: Iterable[Note]) -> None:
    """Write notes as JSON lines."""
    path.write_bytes(b"".join(msgspec.json.encode(note) + b"\n" for note in found))


def read(path: Path) -> list[Note]:
    """Read what `write` wrote."""
    return [msgspec.json.decode(line, type=Note) for line in path.read_bytes().splitlines()]


def _grouped(events: Sequence[WitnessEvent]) -> dict[str, list[WitnessEvent]]:
    of: dict[str, list[WitnessEvent]] = {}
    for event in events:
        of.setdefault(event.uniqueid, []).append(event)
    return of


def _note(call: str, own: Sequence[WitnessEvent], far: Sequence[WitnessEvent]) -> Note:
    """`far` is the second half of a caller who says what Originate cannot: there stands the number."""
    numbers = [shown(event.caller_number) for event in far or own]
    return Note(
        call,
        number=next((event.dialled for event in own if event.dialled), ""),
        caller=next(filter(None, numbers), ""),
        dialled=at(own, "CHAN_START"),
        answered=at(own, "ANSWER"),
        ended=at(own, "HANGUP"),
        cause=next((event.cause for event in own if event.kind == "HANGUP"), None),
        hung_up=bool(said(own, "hung_up")),
        presses=tuple(_presses(own)),
    )


def _presses(own: Sequence[WitnessEvent]) -> Iterator[Press]:
    ends = said(own, "pressed")
    for index, event in enumerate(said(own, "pressing")):
        yield Press(event.extra, event.at, ends[index].at if index < len(ends) else None)


def _with_legs(found: Sequence[Note], legs: Sequence[PhoneLeg]) -> list[Note]:
    mine: dict[str, list[PhoneLeg]] = {note.call: [] for note in found}
    unsure: set[str] = set()
    by_number = {note.caller: note for note in found if note.caller}
    anonymous = [note for note in found if not note.caller]
    for leg in legs:
        named = by_number.get(leg.number)
        could = [named] if named else [note for note in anonymous if not leg.number and _spans(note, leg)]
        # Not even a common end tells them apart: a call may go on after its agent has hung up.
        if len(could) == 1:
            mine[could[0].call].append(leg)
        else:
            unsure.update(note.call for note in could)
    return [_split(replace(note, legs=tuple(mine[note.call]), legs_known=note.call not in unsure)) for note in found]


def _split(note: Note) -> Note:
    sent = min((leg.sent.at for leg in note.legs if leg.sent), default=None)
    if sent is None:
        return note
    beyond = tuple(leg for leg in note.legs if leg.rang >= sent)
    return replace(note, legs=tuple(leg for leg in note.legs if leg not in beyond), beyond=beyond)


def _spans(note: Note, leg: PhoneLeg) -> bool:
    """Say whether the phone can have rung for this call: it was on, from the beginning of the leg to its end."""
    if note.answered is None or leg.rang < note.answered:
        return False
    return note.ended is None or (leg.ended or leg.rang) <= note.ended + NEAR
