"""Phone numbers: what people write, E.164, and the forms in which carriers deliver a call.

Source: ITU-T E.164; numbering plans by the phonenumbers library, always with a region.
"""

import re

import phonenumbers


def e164(text: str, country: str) -> str | None:
    """Return `+78001002030` for "8 (800) 100-20-30" and RU, or None when it can be no number there."""
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def forms(text: str, country: str) -> tuple[str, ...]:
    """Return how the number may stand in a SIP INVITE: with +, without it, and as dialled inside the country."""
    full = e164(text, country)
    if full is None:
        return ()
    national = phonenumbers.format_number(phonenumbers.parse(full), phonenumbers.PhoneNumberFormat.NATIONAL)
    return tuple(dict.fromkeys((full, full[1:], digits(national))))


def digits(text: str) -> str:
    """Return only the digits and a leading plus."""
    return re.sub(r"[^0-9]", "", text) if not text.startswith("+") else "+" + re.sub(r"[^0-9]", "", text)
