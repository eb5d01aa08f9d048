"""Phone numbers: what people write, E.164, and the forms in which carriers deliver a call.

Source: ITU-T E.164; numbering plans by the phonenumbers library, always with a region.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal

import phonenumbers

_SHORTEST_NUMBER = 7
"""Extensions have up to six digits; local numbers of the largest plans have seven without their area."""

_NOWHERE = "ZZ"
"""To phonenumbers no region: only numbers in E.164 can be read there."""

NumberClass = Literal["toll-free", "shared", "geographic"]


def e164(text: str, country: str) -> str | None:
    """Return `+78001002030` for "8 (800) 100-20-30" and RU, or None when it can be no number there."""
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    possible = phonenumbers.is_possible_number_with_reason(number) == phonenumbers.ValidationResult.IS_POSSIBLE
    if not possible or _miscounted(text, number, country):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _miscounted(text: str, number: phonenumbers.PhoneNumber, country: str) -> bool:
    """Tell whether a digit is missing or too many: the trunk prefix was taken for the number's first digit, as in
    8 (800) 100-20-3, or its first digit for the trunk prefix, as in +7 812 640-20-311.
    """
    prefix = phonenumbers.ndd_prefix_for_region(country, True)
    if prefix is None or phonenumbers.is_valid_number(number):
        return False
    national = phonenumbers.national_significant_number(number)
    cut = text.startswith("+") and digits(text) != f"+{number.country_code}{national}"
    return national.startswith(prefix) or cut


def countries() -> frozenset[str]:
    """Return the ISO 3166 countries whose numbering plan is known."""
    return frozenset(phonenumbers.SUPPORTED_REGIONS)


def belongs(full: str, country: str) -> bool:
    """Tell whether an E.164 number has the country's calling code (Russia and Kazakhstan share one)."""
    code = phonenumbers.country_code_for_region(country)
    return phonenumbers.parse(full).country_code == code


_CLASSES: dict[int, NumberClass] = {
    phonenumbers.PhoneNumberType.TOLL_FREE: "toll-free",
    phonenumbers.PhoneNumberType.SHARED_COST: "shared",
    phonenumbers.PhoneNumberType.FIXED_LINE: "geographic",
    phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE: "geographic",
    phonenumbers.PhoneNumberType.MOBILE: "geographic",
}


def class_of(full: str) -> NumberClass | None:
    """Return who pays for calls to an E.164 number by its country's plan; None where the plan does not say."""
    return _CLASSES.get(phonenumbers.number_type(phonenumbers.parse(full)))


def assigned(full: str) -> bool:
    """Tell whether a numbering plan knows an E.164 number."""
    return phonenumbers.is_valid_number(phonenumbers.parse(full))


def premium(dialled: str, countries_: Iterable[str]) -> bool:
    """Tell whether what is dialled is a premium-rate number: in E.164, or as it is dialled in one of the countries."""
    return outside(dialled) and any(_premium(dialled, country) for country in (_NOWHERE, *countries_))


def _premium(dialled: str, country: str) -> bool:
    try:
        number = phonenumbers.parse(dialled, country)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.PREMIUM_RATE


def beginning(digits_: str, country: str) -> str:
    """Return how a number's beginning, as it is dialled in a country, begins in E.164: "+7499" for 8499 and RU."""
    code = str(phonenumbers.country_code_for_region(country))
    if digits_.startswith(("00", code)):
        return f"+{digits_.removeprefix('00')}"
    # Where there is no trunk prefix any more, people still write the zero that was one.
    return f"+{code}{digits_.removeprefix(phonenumbers.ndd_prefix_for_region(country, True) or '0')}"


@lru_cache(maxsize=4096)
def forms(text: str, country: str) -> tuple[str, ...]:
    """Return how the number may stand in a SIP INVITE: with +, without, and as dialled in the country."""
    full = e164(text, country)
    if full is None:
        return ()
    national = phonenumbers.format_number(phonenumbers.parse(full), phonenumbers.PhoneNumberFormat.NATIONAL)
    return tuple(dict.fromkeys((full, full[1:], digits(national))))


def written(text: str, country: str) -> str:
    """Return a number as people of the country write it: "8 (800) 100-20-30" when it was written without the country's
    code, "+48 22 123 45 67" with it; a text that is no number there as it is.
    """
    full = e164(text, country)
    if full is None:
        return text
    style = phonenumbers.PhoneNumberFormat
    kind = style.INTERNATIONAL if text.startswith("+") else style.NATIONAL
    shown = phonenumbers.format_number(phonenumbers.parse(full), kind)
    return shown if e164(shown, country) == full else text


def outside(dialled: str) -> bool:
    """Tell whether what is dialled is a number of the public network: no extension of a PBX has seven digits."""
    return dialled.startswith("+") or len(dialled) >= _SHORTEST_NUMBER


def digits(text: str) -> str:
    """Return only the digits and a leading plus."""
    return re.sub(r"[^0-9]", "", text) if not text.startswith("+") else "+" + re.sub(r"[^0-9]", "", text)
