"""messages.conf: where callers' messages go, a release's own, so that plan, apply and history know of it.

Asterisk does not read it; `cctoolkit messages send` does.
"""

from collections.abc import Mapping
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from cctoolkit.errors import SpecError
from cctoolkit.state import conf

FILE = "messages.conf"
RELAY = "relay"
"""The section of the relay; a step's section has a dot in its name."""


class Rule(Struct, frozen=True):
    """What becomes of a step's messages: who gets them, how long they stay, in which words they are told."""

    mail: tuple[str, ...]
    keep_days: int
    language: Literal["ru", "pl", "en"]
    time_zone: str


class RelaySettings(Struct, frozen=True):
    """The SMTP server; `password_from` is where its secret is, or ""."""

    sender: str
    host: str
    port: int
    tls: Literal["none", "starttls", "tls"]
    user: str = ""
    password_from: str = ""


class MessageSettings(Struct, frozen=True):
    """All of it; rules by `<project>.<step>`."""

    relay: RelaySettings | None = None
    rules: Mapping[str, Rule] = {}


def section(project: str, step: str) -> str:
    """Return the name of a step's section."""
    return f"{project}.{step}"


def read(text: str, where: str = FILE) -> MessageSettings:
    """Read the file; raise SpecError when it does not say what it should, since somebody edited it."""
    relay, rules = None, {}
    for found in conf.parse(text, where):
        says = dict(found.lines)
        try:
            if found.name == RELAY:
                relay = _relay(says)
            else:
                rules[found.name] = _rule(says)
        except (KeyError, ValueError, msgspec.ValidationError) as error:
            raise SpecError(f"[{found.name}] is not whole: {error}", where=where, next_step="apply again") from error
    return MessageSettings(relay, rules)


def _relay(says: Mapping[str, str]) -> RelaySettings:
    told = {"sender": says["from"], "password_from": says.get("password from", ""), **says}
    return msgspec.convert(told, RelaySettings, strict=False)


def _rule(says: Mapping[str, str]) -> Rule:
    ZoneInfo(says["time_zone"])
    mail = [address.strip() for address in says["mail"].split(",") if address.strip()]
    return msgspec.convert({**says, "mail": mail}, Rule, strict=False)
