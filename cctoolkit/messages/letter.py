"""The letter of a message: pure, from what is known of it to the bytes a relay gets.

Nothing a caller chose stands in it but digits; what goes into headers is encoded by the standard library, which refuses
line breaks. Sources: RFC 5322, RFC 2047, RFC 3834 (Auto-Submitted).
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from zoneinfo import ZoneInfo

import phonenumbers
from msgspec import Struct

from cctoolkit.document.words import en, pl, ru

_WORDS: Mapping[str, Mapping[str, str]] = {"ru": ru.WORDS, "pl": pl.WORDS, "en": en.WORDS}


class Content(Struct, frozen=True):
    """What a letter says. `caller` and `number` are digits, with or without +, or "" when not known; `whole` is
    False for a recording that the switch's end cut off.
    """

    message: str
    call: str
    title: str
    caller: str
    number: str
    at: datetime
    seconds: float
    whole: bool
    language: str
    time_zone: str


def compose(content: Content, sender: str, to: tuple[str, ...], wav: bytes, now: datetime) -> bytes:
    """Return the letter, ready for SMTP; the same message always has the same Message-ID."""
    words = _WORDS[content.language]
    letter = EmailMessage(policy=SMTP)
    letter["From"] = sender
    letter["To"] = ", ".join(to)
    letter["Subject"] = words["message.subject"].format(
        title=content.title, caller=_caller(content, words), duration=_clock(content.seconds)
    )
    letter["Date"] = format_datetime(now.astimezone(UTC))
    letter["Message-ID"] = f"<{content.message}@{sender.rpartition('@')[2]}>"
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content("\n".join(_lines(content, words)), cte="base64")
    letter.add_attachment(wav, maintype="audio", subtype="x-wav", filename=f"{content.message}.wav")
    return letter.as_bytes()


def _lines(content: Content, words: Mapping[str, str]) -> list[str]:
    local = content.at.astimezone(ZoneInfo(content.time_zone))
    facts = {
        "column.caller": _caller(content, words),
        "column.number": _phone(content.number),
        "column.time": f"{local:%d.%m.%Y %H:%M:%S} ({content.time_zone})",
        "message.duration": _clock(content.seconds),
        "message.call": content.call,
    }
    lines = [content.title, "", *(f"{words[key]}: {fact}" for key, fact in facts.items() if fact), ""]
    return [*lines, words["message.attached" if content.whole else "message.cut_off"], ""]


def _caller(content: Content, words: Mapping[str, str]) -> str:
    return _phone(content.caller) or words["caller.withheld" if content.whole else "message.unknown"]


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"


def _phone(digits: str) -> str:
    """Return a number in the groups its country writes where it is a whole one, else its digits."""
    if not digits:
        return ""
    for text in (digits, f"+{digits.lstrip('+')}"):
        try:
            parsed = phonenumbers.parse(text)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(parsed):
            return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    return digits
