"""The small types that specs are written in; each carries its pattern and its meaning in words."""

import re
from typing import Annotated, Literal

from msgspec import Meta, Struct

NAME = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
Identifier = Annotated[
    str,
    Meta(
        pattern=NAME,
        max_length=40,
        description="A name: small Latin letters, digits and single hyphens.",
        examples=["orders", "vip-queue"],
        extra_json_schema={"x-expected": "small Latin letters, digits and single hyphens, a letter first, at most 40"},
    ),
]

_SPAN = "([0-9]{1,2}h)?([0-9]{1,4}m)?([0-9]{1,5}s)?$"

Duration = Annotated[
    str,
    Meta(
        pattern=f"^(?=[0-9hms]*[1-9]){_SPAN}",
        description="A time span in hours, minutes and seconds, longer than nothing.",
        examples=["20s", "1m30s", "2h"],
        extra_json_schema={
            "x-expected": 'a duration with its unit, longer than 0s, such as "20s", "1m30s" or "2h"',
            "x-unit": "s",
        },
    ),
]

DurationOrZero = Annotated[
    str,
    Meta(
        pattern=f"^(?=[0-9]){_SPAN}",
        description="A time span in hours, minutes and seconds; 0s is none.",
        examples=["0s", "20s", "1m30s"],
        extra_json_schema={
            "x-expected": 'a duration with its unit, such as "0s", "20s" or "1m30s"',
            "x-unit": "s",
        },
    ),
]

TimeRange = Annotated[
    str,
    Meta(
        pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$",
        description="From the first minute up to, not including, the second; 24:00 is the day's end.",
        examples=["09:00-18:00"],
        extra_json_schema={"x-expected": 'hours and minutes such as "09:00-18:00"'},
    ),
]

Days = Annotated[
    str,
    Meta(
        pattern=r"^(mon|tue|wed|thu|fri|sat|sun)(-(mon|tue|wed|thu|fri|sat|sun))?$",
        description="A weekday or a range of them.",
        examples=["mon-fri", "sat"],
        extra_json_schema={"x-expected": "mon, tue, wed, thu, fri, sat, sun or a range such as mon-fri"},
    ),
]

Date = Annotated[
    str,
    Meta(
        pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$",
        description="A day.",
        examples=["2026-12-31"],
        extra_json_schema={"x-expected": 'a date such as "2026-12-31"', "format": "date"},
    ),
]

Country = Annotated[
    str,
    Meta(
        pattern="^[A-Z]{2}$",
        description="ISO 3166 country the number is written for.",
        examples=["RU", "PL"],
        extra_json_schema={"x-expected": "two capital letters, such as RU or PL"},
    ),
]

PhoneText = Annotated[
    str,
    Meta(
        pattern=r"^[+(0-9][0-9 ()./-]{2,30}$",
        description="A phone number as people write it, in quotes.",
        examples=["8 (800) 100-20-30", "+7 495 123-45-67"],
        extra_json_schema={"x-expected": 'a phone number in quotes, such as "8 (800) 100-20-30"'},
    ),
]

Sound = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$",
        max_length=120,
        description="A sound file on the node, without its ending, below the sounds folder of the language.",
        examples=["vm-goodbye", "northwind/welcome"],
        extra_json_schema={"x-expected": "a sound file's name without its ending, such as northwind/welcome"},
    ),
]

Title = Annotated[
    str,
    Meta(
        pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]+$",
        max_length=120,
        description="Free text of one line.",
        examples=["Горячая линия"],
        extra_json_schema={"x-expected": "one line of text, not empty, at most 120 characters"},
    ),
]

PlainText = Annotated[
    str,
    Meta(
        pattern=r"^[^\x00-\x1f\x7f\"\\;${}]+$",
        max_length=80,
        description="One line of text that the switch may keep or compare.",
        examples=["gold", "возврат"],
        extra_json_schema={"x-expected": 'one line of text, not empty, without ", \\, ;, $, { and }'},
    ),
]

Key = Annotated[
    str,
    Meta(
        pattern=r"^[0-9*#]$",
        description="A key of the phone.",
        examples=["1", "#"],
        extra_json_schema={"x-expected": 'one key in quotes: "0" to "9", "*" or "#"'},
    ),
]

SystemPath = Annotated[
    str,
    Meta(pattern=r"^/[^\x00-\x1f\x7f]*$", max_length=240, description="A path on the node.",
         examples=["/etc/asterisk"], extra_json_schema={"x-expected": "an absolute path, such as /etc/asterisk"}),
]  # fmt: skip

SecretText = Annotated[
    str,
    Meta(
        pattern=r"^(env:[A-Za-z_][A-Za-z0-9_]*|file:[^<>\n]+)$",
        description="Where a secret is found; never the secret.",
        examples=["env:CARRIER_PASSWORD", "file:secrets/carrier"],
        extra_json_schema={"x-expected": "env:NAME or file:PATH", "x-secret": True},
    ),
]

Url = Annotated[
    str,
    Meta(
        pattern=r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~/?&=%#-]*)?$",
        max_length=300,
        description="An address of the web, without a user or password in it.",
        examples=["https://northwind.bitrix24.ru/rest/"],
        extra_json_schema={"x-expected": "an address such as https://crm.example/api, without a user or password"},
    ),
]

TimeOfDay = Annotated[
    str,
    Meta(
        pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$",
        description="A time of day.",
        examples=["08:00"],
        extra_json_schema={"x-expected": "hours and minutes such as 08:00"},
    ),
]

Level = Annotated[int, Meta(ge=1, le=5, description="How well: 1 has begun, 5 teaches others.", examples=[3])]

Address = Annotated[
    str,
    Meta(
        pattern=r"^([0-9]{1,3}(\.[0-9]{1,3}){3}|[0-9a-fA-F:]+:[0-9a-fA-F:]*)$", description="An IP address.",
        examples=["10.20.0.11"], extra_json_schema={"x-expected": "an IP address"},
    ),
]  # fmt: skip

LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"

Host = Annotated[
    str,
    Meta(
        pattern=rf"^({LABEL}(\.{LABEL})*|[0-9a-fA-F:]+:[0-9a-fA-F:]*)$", max_length=253,
        description="A host's name or IP address.", examples=["relay.centre.example", "127.0.0.1"],
        extra_json_schema={"x-expected": "a host's name or an IP address"},
    ),
]  # fmt: skip

_ATOM = "[A-Za-z0-9_+-]+"

MailAddress = Annotated[
    str,
    Meta(
        # Of what RFC 5321 allows the part that needs no quoting anywhere.
        pattern=rf"^(?=[^@]{{1,64}}@){_ATOM}(\.{_ATOM})*@{LABEL}(\.{LABEL})+$", max_length=254,
        description="An e-mail address, bare.", examples=["hotline@centre.example"],
        extra_json_schema={"x-expected": "a bare e-mail address, such as hotline@centre.example"},
    ),
]  # fmt: skip

Codec = Literal["alaw", "ulaw", "g722", "opus"]
Language = Literal["ru", "pl", "en"]
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Section(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The base of everything written in a spec: immutable, by name, nothing unknown."""


def seconds(duration: str) -> int:
    """Return a Duration in whole seconds; raise ValueError for any other text."""
    found = re.fullmatch(r"(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?", duration)
    if not found or not duration:
        raise ValueError(duration)
    hours, minutes, rest = (int(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + rest


def minutes_of_day(text: str) -> int:
    """Return "HH:MM" as minutes since midnight (24:00 is 1440)."""
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def span(time_range: str) -> tuple[int, int]:
    """Return a TimeRange as (first minute, minute after the last) of the day."""
    start, end = time_range.split("-")
    return minutes_of_day(start), minutes_of_day(end)


def weekdays(days: str) -> tuple[int, ...]:
    """Return Days as ISO weekdays 1 (Monday) to 7; a range may run over the week's end."""
    first, _, last = days.partition("-")
    start, end = DAYS.index(first), DAYS.index(last or first)
    return tuple((start + n) % 7 + 1 for n in range((end - start) % 7 + 1))
