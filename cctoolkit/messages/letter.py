"""The letter of a message: pure, from what is known of it to the bytes a relay gets.

Nothing a caller chose stands in it but digits and plus signs; what goes into headers is one line, encoded by the
standard library. Sources: RFC 5322, RFC 2047, RFC 3834 (Auto-Submitted).
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from zoneinfo import ZoneInfo

import phonenumbers
from msgspec import Struct
from msgspec.structs import replace

from cctoolkit.document.words import en, pl, ru

_WORDS: Mapping[str, Mapping[str, str]] = {"ru": ru.WORDS, "pl": pl.WORDS, "en": en.WORDS}


class Content(Struct, frozen=True):
    """What a letter says. `caller` and `number` are digits, with or without +, or "" when not known, and without it
    written as in `country`; `whole` is False for a recording that the switch's end cut off. `edition` counts the times
    a message is sent as a whole new letter.
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
    country: str | None = None
    edition: int = 1


def compose(content: Content, sender: str, to: tuple[str, ...], wav: bytes, now: datetime) -> bytes:
    """Return the letter, ready for SMTP; the same edition of a message always has the same Message-ID."""
    # Of a title only what is one line: also U+0085 and U+2028 break a header.
    content = replace(content, title=" ".join(content.title.split()))
    words = _WORDS[content.language]
    letter = EmailMessage(policy=SMTP)
    letter["From"] = sender
    letter["To"] = ", ".join(to)
    letter["Subject"] = words["message.subject"].format(
        title=content.title, caller=_caller(content, words), duration=_clock(content.seconds)
    )
    letter["Date"] = format_datetime(now.astimezone(UTC))
    letter["Message-ID"] = f"<{_name(content)}@{sender.rpartition('@')[2]}>"
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content("\n".join(_lines(content, words)), cte="base64")
    letter.add_attachment(wav, maintype="audio", subtype="x-wav", filename=f"{content.message}.wav")
    return letter.as_bytes()


def _name(content: Content) -> str:
    return content.message if content.edition == 1 else f"{content.message}.{content.edition}"


def _lines(content: Content, words: Mapping[str, str]) -> list[str]:
    local = content.at.astimezone(ZoneInfo(content.time_zone))
    facts = {
        "column.caller": _caller(content, words),
        "column.number": _phone(content.number, content.country),
        "column.time": f"{local:%d.%m.%Y %H:%M:%S} ({content.time_zone})",
        "message.duration": _clock(content.seconds),
        "message.call": content.call,
    }
    lines = [content.title, "", *(f"{words[key]}: {fact}" for key, fact in facts.items() if fact), ""]
    return [*lines, words["message.attached" if content.whole else "message.cut_off"], ""]


def _caller(content: Content, words: Mapping[str, str]) -> str:
    return _phone(content.caller, content.country) or words["caller.withheld" if content.whole else "message.unknown"]


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"


def _phone(digits: str, country: str | None) -> str:
    """Return a number in the groups its country writes where it is a whole one, else its digits: a country's code that
    was not written is not guessed.
    """
    try:
        parsed = phonenumbers.parse(digits, country)
    except phonenumbers.NumberParseException:
        return digits
    if not phonenumbers.is_valid_number(parsed):
        return digits
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
