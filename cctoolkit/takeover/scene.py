"""What recognising a step needs and leaves behind: the dialplan, what is known besides it, and what a project uses."""

import re
from collections.abc import Mapping, Sequence
from datetime import date

from msgspec import Struct, field

from cctoolkit.takeover.call import Stop
from cctoolkit.takeover.leftovers import Leftovers, Place
from cctoolkit.takeover.names import LONGEST
from cctoolkit.takeover.numbers import Number
from cctoolkit.takeover.queues import Queue
from cctoolkit.takeover.steps import Data, by_hand
from cctoolkit.takeover.voicemail import Voicemail
from cctoolkit.takeover.walk import Walker

Found = tuple[str, Data] | None
"""What a step is to be called, and the step; None where a call goes on as if the line were not there."""

KEYS = "0123456789*#"
_SOUND = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*")
_SOUNDS_AT = re.compile(r"/(?:var/lib|usr/share)/asterisk/sounds/(?:[a-z]{2}(?:_[A-Z]{2})?/)?")
_LONGEST = 120


class Facts(Struct):
    """What is known besides the dialplan."""

    country: str
    language: str
    today: date
    queues: Mapping[str, Queue] = field(default_factory=dict)
    boxes: Voicemail = field(default_factory=Voicemail)
    trunks: Mapping[str, str] = field(default_factory=dict)
    numbers: Sequence[Number] = ()
    zone: str = ""
    longest: int = LONGEST
    owners: Mapping[str, str] = {}
    """The projects that queues belong to which calls of others came to first, by the queues' names on the switch."""


class Scene:
    """One project being read; the calendars, queues and trunks its steps use are kept beside them."""

    def __init__(self, walker: Walker, facts: Facts, notes: Leftovers) -> None:
        self.walker = walker
        self.facts = facts
        self.notes = notes
        self.calendars: dict[str, Data] = {}
        self.queues: dict[str, None] = {}
        self.trunks: dict[str, None] = {}

    def lost(self, stop: Stop, place: Place, why: str) -> Found:
        """Return the step that stands where a call's way is not known."""
        at = stop.call.at
        name = f"by-hand-{at.context}-{at.extension}"
        self.notes.add(
            place, stop.app or "the way on", why, f'a step "by-hand-…" of [{at.context}] hangs up in its place'
        )
        return (name, by_hand(f"{place} {at}"))

    def left_out(self, place: Place, what: str, why: str) -> Found:
        """Note a line a call goes on behind, as if it were not there: it is no step."""
        self.notes.add(place, what, why, "it was left out; calls go on behind it")
        return None

    def sounds(self, worth: str | None, place: Place) -> list[str]:
        """Return prompts joined by & as a spec has them; those it cannot name are noted."""
        if worth is None:
            self.notes.add(place, "a prompt", "which one is known only in a call", "add it")
            return []
        names = [_SOUNDS_AT.sub("", one.strip()) for one in worth.split("&") if one.strip()]
        found = [name for name in names if _SOUND.fullmatch(name) and len(name) <= _LONGEST]
        if len(found) < len(names):
            why = "a spec names sounds of the sounds folder, without ending"
            self.notes.add(place, "a prompt", why, "put it there, and add it")
        return found
