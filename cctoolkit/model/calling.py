"""How carriers of a country write who calls, where that can only be one number: as dialled there, or without plus.

What could be two numbers is in no form, and stays as it came. Source: ITU-T E.164; numbering plans by the phonenumbers
library: national and international prefix, lengths, first digits.
"""

import re
from functools import cache

import phonenumbers
from msgspec import Struct

_SHORTEST, _LONGEST = 8, 15
"""Digits of an E.164 number with its country's code; shorter ones are of islands, whose callers stay as they came."""


class Form(Struct, frozen=True):
    """Digits that fit `pattern` (Asterisk's, without its underscore) are the number `put` and what follows `skip`."""

    pattern: str
    skip: int
    put: str


@cache
def forms(country: str) -> tuple[Form, ...]:
    """Return the forms of a country (ISO 3166), none of which takes another's numbers for its own."""
    plan = phonenumbers.PhoneMetadata.metadata_for_region(country)
    if plan is None:
        return ()
    code = str(plan.country_code)
    found: dict[str, Form] = {}
    for form in (*_national(plan, code), *_international(plan)):
        if "[]" not in form.pattern:
            found.setdefault(form.pattern, form)
    return tuple(found.values())


def _national(plan: phonenumbers.PhoneMetadata, code: str) -> list[Form]:
    """Numbers of one length are known with the trunk prefix, without it, and with the country's code; of others, only
    those behind a 0, with which no E.164 number begins.
    """
    prefix = plan.national_prefix or ""
    mobile, fixed = (desc.possible_length if desc else () for desc in (plan.mobile, plan.fixed_line))
    lengths = {*mobile, *fixed}
    size = max(lengths, default=0)
    if mobile != (size,):
        return [
            Form(_digits("0", n, plan), 1, f"+{code}") for n in sorted(lengths) if prefix == "0" and n + 1 >= _SHORTEST
        ]
    found = [Form(_digits(code, size, plan), 0, "+")]
    if prefix:
        found.append(Form(_digits(prefix, size, plan), len(prefix), f"+{code}"))
    # A number with the code and a digit too few is no number of the plan.
    return [*found, Form(_digits("", size, plan, but=code if len(code) == 1 else ""), 0, f"+{code}")]


def _digits(prefix: str, size: int, plan: phonenumbers.PhoneMetadata, but: str = "") -> str:
    """Return a pattern: the prefix, a digit with which numbers of the plan begin, and the rest of `size` digits."""
    known = re.compile(plan.general_desc.national_number_pattern or "" if plan.general_desc else "")
    begins = "".join(first for first in "123456789" if first != but
              and any(known.fullmatch(f"{first}{second}{'2' * (size - 2)}") for second in "0123456789"))  # fmt: skip
    return f"{prefix}{'Z' if begins == '123456789' else f'[{begins}]'}{'X' * (size - 1)}"


def _international(plan: phonenumbers.PhoneMetadata) -> list[Form]:
    """A foreign number as dialled: the international prefix and E.164."""
    prefix = plan.international_prefix or ""
    if not prefix.isdecimal():
        return []
    return [Form(f"{prefix}Z{'X' * (n - 1)}", len(prefix), "+") for n in range(_SHORTEST, _LONGEST + 1)]
