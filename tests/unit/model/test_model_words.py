"""The small words of a spec: durations, days, ranges, numbers."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cctoolkit.model import phone
from cctoolkit.model.words import Title, seconds, span, weekdays


@given(st.integers(0, 99), st.integers(0, 9999), st.integers(0, 99999))
def test_seconds(hours, minutes, rest):
    """A duration is the sum of its parts."""
    assert seconds(f"{hours}h{minutes}m{rest}s") == hours * 3600 + minutes * 60 + rest


@pytest.mark.parametrize("end", ["\n", "\r", "\x0b", "\x7f", "\x85", "\x9f", "\u2028", "\u2029"])
def test_a_title_is_one_line(end):
    """Nothing that any reader takes for the end of a line, or for a command, is in a title."""
    assert msgspec.convert("Горячая линия «Б», 24\u00a0ч", Title)
    with pytest.raises(msgspec.ValidationError, match="matching regex"):
        msgspec.convert(f"x{end}y", Title)


@pytest.mark.parametrize("text", ["", "20", "1d", "s", "٣s", "-1s"])
def test_no_duration(text):
    """Anything else is a ValueError."""
    with pytest.raises(ValueError, match=f"^{text}$"):
        seconds(text)


@pytest.mark.parametrize(
    ("days", "numbers"), [("mon", (1,)), ("mon-fri", (1, 2, 3, 4, 5)), ("sat-mon", (6, 7, 1)), ("sun-sun", (7,))]
)
def test_weekdays(days, numbers):
    """A range of days may run over the week's end."""
    assert weekdays(days) == numbers


def test_span():
    """24:00 is the minute after the day's last."""
    assert span("09:05-24:00") == (545, 1440)


@pytest.mark.parametrize(
    ("text", "country", "full"),
    [
        ("8 (800) 100-20-30", "RU", "+78001002030"), ("+7 800 100 20 30", "RU", "+78001002030"),
        ("8001002030", "RU", "+78001002030"), ("22 123 45 67", "PL", "+48221234567"), ("+48 22 123 45 67", "RU", "+48221234567"),
        ("8 (800) 100-20-3", "RU", None), ("100-20-30", "RU", None), ("112", "PL", None), ("((((", "RU", None), ("800", "ZZ", None),
        ("+7 812 640-20-311", "RU", None), ("+7 8 800 100-20-30", "RU", "+78001002030"), ("+44 (0) 20 7946 0018", "GB", "+442079460018"),
    ],
)  # fmt: skip
def test_e164(text, country, full):
    """What people write becomes E.164, or nothing when a digit is missing or too many."""
    assert phone.e164(text, country) == full


@pytest.mark.parametrize(
    ("dialled", "countries", "costs"),
    [
        ("+48701234567", (), True), ("701234567", (), False), ("701234567", ("RU", "PL"), True), ("701234567", ("RU",), False),
        ("88091234567", ("RU",), True), ("78091234567", ("RU",), True), ("0048701234567", ("PL",), True),
        ("809123", ("RU",), False), ("88001002030", ("RU",), False), ("84951112233", ("RU", "PL"), False),
    ],
)  # fmt: skip
def test_premium(dialled, countries, costs):
    """A premium-rate number is known in E.164, and as it is dialled in a country; an extension is none."""
    assert phone.premium(dialled, countries) == costs


@pytest.mark.parametrize(
    ("digits", "country", "begins"),
    [
        ("8499", "RU", "+7499"),
        ("7499", "RU", "+7499"),
        ("499", "RU", "+7499"),
        ("022", "PL", "+4822"),
        ("00420", "PL", "+420"),
    ],
)
def test_beginning(digits, country, begins):
    """The beginning of a number, as it is dialled in a country, in full."""
    assert phone.beginning(digits, country) == begins


def test_forms():
    """Carriers deliver a number with +, without it, or as dialled in the country."""
    assert phone.forms("8 (800) 100-20-30", "RU") == ("+78001002030", "78001002030", "88001002030")
    assert phone.forms("nothing", "RU") == ()
