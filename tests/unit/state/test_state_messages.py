"""messages.conf read back: what somebody edited is refused whole, before a letter or a password leaves by it."""

import pytest

from cctoolkit.errors import SpecError
from cctoolkit.state.messages import MessageSettings, RelaySettings, Rule, read

TEXT = """[relay]
from = messages@centre.example
host = relay.centre.example
port = 587
tls = starttls
user = messages
password from = env:RELAY

[line.night]
mail = a@centre.example, b@centre.example
keep_days = 30
language = pl
time_zone = Europe/Warsaw
"""


def test_all_of_it_is_read():
    """Relay and rule, each value of its own kind."""
    relay = RelaySettings("messages@centre.example", "relay.centre.example", 587, "starttls", "messages", "env:RELAY")
    rule = Rule(("a@centre.example", "b@centre.example"), 30, "pl", "Europe/Warsaw")
    assert read(TEXT) == MessageSettings(relay, {"line.night": rule})


@pytest.mark.parametrize(
    ("was", "edited", "section"),
    [
        ("tls = starttls", "tls = startls", "relay"),  # the password would go out in clear
        ("port = 587", "port = smtp", "relay"),
        ("from = messages@centre.example\n", "", "relay"),
        ("language = pl", "language = de", "line.night"),
        ("time_zone = Europe/Warsaw", "time_zone = Europe/Nowhere", "line.night"),
        ("time_zone = Europe/Warsaw", "time_zone = ../../etc/passwd", "line.night"),
        ("keep_days = 30", "keep_days = long", "line.night"),
    ],
)
def test_what_it_cannot_say_is_refused(was, edited, section):
    """The error names the section; without it the sender would end at the first message, or do something else."""
    assert was in TEXT
    with pytest.raises(SpecError, match=rf"\[{section}\] is not whole"):
        read(TEXT.replace(was, edited))
