"""voicemail.conf: the boxes, who gets their messages by mail, how long a message may be; passwords are passed over.

Source: voicemail.conf.sample of Asterisk 22: `box => password,name,e-mail,pager,options`.
"""

import re
from collections.abc import Mapping
from typing import get_args

from msgspec import Struct, field

from cctoolkit.model.steps.voicemail import LONGEST_MAILED_SECONDS
from cctoolkit.model.words import MailAddress
from cctoolkit.takeover.leftovers import Leftovers
from cctoolkit.takeover.reader import Section
from cctoolkit.takeover.values import whole

_MOST_MAIL = 254
_MAIL = re.compile(get_args(MailAddress)[1].pattern)


class Box(Struct, frozen=True):
    """A mailbox: its number, and its mail address or ""."""

    name: str
    mail: str = ""


class Voicemail(Struct):
    """The boxes by (number, context), the sender of letters, and limits in seconds, 0 where nobody set them."""

    boxes: dict[tuple[str, str], Box] = field(default_factory=dict)
    sender: str = ""
    longest: int = 0
    shortest: int = 0
    silence: int = 0

    def find(self, said: str) -> list[Box | None]:
        """Return the boxes of VoiceMail's argument, box@context&box@context, each of which gets the message; None for
        one that is not there.
        """
        parted = (one.strip().partition("@") for one in said.split("&"))
        return [self.boxes.get((number, context or "default")) for number, _, context in parted]

    def limits(self, *, mailed: bool) -> Mapping[str, str]:
        """Return what voicemail.conf sets, as a step has it; where messages are mailed no longer than a relay takes."""
        most = LONGEST_MAILED_SECONDS if mailed else 99_999
        found = {"shortest": self.shortest, "longest": min(self.longest, most), "silence": self.silence}
        return {name: f"{worth}s" for name, worth in found.items() if worth}


def read(sections: list[Section], notes: Leftovers) -> Voicemail:
    """Read the boxes of every context."""
    found = Voicemail()
    for section in sections:
        if section.template or section.name == "zonemessages":
            continue
        if section.name == "general":
            found.sender = section.get("serveremail") if _MAIL.fullmatch(section.get("serveremail")) else ""
            found.longest, found.shortest = (
                _first(section, "maxsecs", "maxmessage"),
                _first(section, "minsecs", "minmessage"),
            )
            found.silence = _first(section, "maxsilence")
            continue
        for option in section.options:
            if not option.name.isdigit():
                continue
            parts = [part.strip() for part in option.value.split(",")]
            mail = parts[2] if len(parts) > 2 else ""
            if mail and not (_MAIL.fullmatch(mail) and len(mail) <= _MOST_MAIL):
                notes.add(
                    option.place,
                    f"mailbox {option.name}: its e-mail address",
                    "a spec has bare addresses, one each",
                    "write mail: in the voicemail step",
                )
                mail = ""
            found.boxes.setdefault((option.name, section.name), Box(option.name, mail))
    return found


def _first(section: Section, *names: str) -> int:
    return whole(next((section.get(name) for name in names if section.get(name)), "")) or 0
