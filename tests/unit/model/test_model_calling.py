"""How who calls is written in full, by the forms alone; that Asterisk reads them so is pinned live."""

import re

import pytest

from cctoolkit.model import phone
from cctoolkit.model.calling import forms


def full(sent: str, country: str) -> list[str]:
    """Return what each form that fits makes of the digits."""
    return [
        form.put + sent[form.skip :]
        for form in forms(country)
        if re.fullmatch(form.pattern.replace("X", "[0-9]").replace("Z", "[1-9]"), sent)
    ]


@pytest.mark.parametrize(
    ("sent", "country", "number"),
    [
        ("84951234567", "RU", "+74951234567"),
        ("4951234567", "RU", "+74951234567"),
        ("74951234567", "RU", "+74951234567"),
        ("9161234567", "RU", "+79161234567"),
        ("88001002030", "RU", "+78001002030"),
        ("8104951234567", "RU", "+4951234567"),
        ("87071234567", "RU", "+77071234567"),
        ("221234567", "PL", "+48221234567"),
        ("48221234567", "PL", "+48221234567"),
        ("0074951234567", "PL", "+74951234567"),
        ("030123456", "DE", "+4930123456"),
        ("015112345678", "DE", "+4915112345678"),
        ("2125551234", "US", "+12125551234"),
        ("12125551234", "US", "+12125551234"),
    ],
)
def test_what_is_certain_is_written_in_full(sent, country, number):
    """National and international forms become E.164, as `trace` reads them."""
    assert full(sent, country) == [number]
    assert phone.e164(sent, country) == number


@pytest.mark.parametrize(
    ("sent", "country"),
    [
        ("7495123456", "RU"),  # the code, and a digit too few
        ("2071234567", "RU"),  # no number of Russia begins so
        ("1234567", "RU"),
        ("100", "RU"),
        ("442071234567", "RU"),
        ("4930123456", "DE"),  # with or without the code
        ("810495", "RU"),
        ("0000000000", "RU"),
        ("12345", "PL"),
        ("8" * 40, "RU"),
    ],
)
def test_what_is_not_stays(sent, country):
    """Digits that could be two numbers, or none, fit no form."""
    assert full(sent, country) == []


def test_forms_of_every_country():
    """No digits fit two forms, in any country's plan; each form has digits that fit it."""
    for country in sorted(phone.countries()):
        for form in forms(country):
            before, first, rest = re.fullmatch(
                r"([0-9]*)\[([1-9]+)\](X+)", form.pattern.replace("Z", "[123456789]")
            ).groups()
            for digit in first:
                assert len(full(before + digit + "2" * len(rest), country)) == 1, (country, form, digit)
