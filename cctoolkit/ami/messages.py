"""One AMI block as a value: headers in the order they came, looked up whatever their case.

The shape of a block is that of Asterisk's "AMI v2 Specification":
https://docs.asterisk.org/Configuration/Interfaces/Asterisk-Manager-Interface-AMI/AMI-v2-Specification/
"""

from functools import cached_property
from typing import Self

import msgspec

_MOST_DIGITS = 15


class Message(msgspec.Struct, frozen=True, dict=True):
    """An event or a response: `text` as it came, without the end of its last line.

    It is taken apart when somebody first asks: of an unfiltered stream most events are told by their name alone to be
    of no interest.
    """

    text: str

    @classmethod
    def of(cls, *lines: str) -> Self:
        """Return the message of these lines, without their ends."""
        return cls("\r\n".join(lines))

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """Its lines, without their ends."""
        return tuple(self.text.split("\r\n")) if self.text else ()

    @cached_property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """(name, value) pairs in wire order, duplicates kept; a line that is no header under the name ""."""
        pairs = []
        for line in self.lines:
            name, found, value = line.partition(": ")
            pairs.append((name, value) if found else _odd(line))
        return tuple(pairs)

    @cached_property
    def _first(self) -> dict[str, str]:
        # Not built from `headers`: most who ask for one header never need the pairs.
        # The first of two equal names wins: what a hostile value slips in behind ours changes nothing.
        first = {}
        for line in reversed(self.lines):
            name, found, value = line.partition(": ")
            if not found:
                name, value = _odd(line)
            first[name.lower()] = value
        return first

    def get(self, name: str, default: str = "") -> str:
        """Return the first value under `name`, as it is written or else in any case, or `default`."""
        # Most who ask do so once or twice and write the name as Asterisk does: no dict of all headers for them, nor for
        # who asks for what is not there. Four are asked for of an event of use: no call more than there must be.
        text = self.text
        if text[:1] == name[:1] and text.startswith(name + ": "):
            start = len(name) + 2
        else:
            start = text.find(f"\r\n{name}: ")
            if start < 0:
                return self._in_any_case(name, default)
            start += len(name) + 4
        end = text.find("\r\n", start)
        return text[start:] if end < 0 else text[start:end]

    def _in_any_case(self, name: str, default: str) -> str:
        lower = self.text.lower()
        if f"\r\n{name.lower()}:" not in lower and not lower.startswith(name.lower()):
            return default
        return self._first.get(name.lower(), default)

    def all(self, name: str) -> tuple[str, ...]:
        """Return every value under `name` in order: Variable, ChanVariable and Output come repeatedly."""
        wanted = name.lower()
        return tuple(value for header, value in self.headers if header.lower() == wanted)

    # "Event" or "Response" opens a block. Further down it is payload: OriginateResponse, an event, says
    # "Response: Success" about the call.

    @property
    def event(self) -> str:
        """The event's name, or "" for a response."""
        text = self.text
        if not text.startswith("Event: "):
            return ""
        end = text.find("\r\n")
        return text[7:] if end < 0 else text[7:end]

    @property
    def response(self) -> str:
        """Success, Error, Goodbye and the like, or "" for an event."""
        return self.get("Response") if self.text.startswith("Response: ") else ""

    @property
    def action_id(self) -> str:
        """The ActionID of the action this belongs to, or ""."""
        return self.get("ActionID")

    @property
    def event_list(self) -> str:
        """What an event of a list says of it: Complete or Cancelled on the last one, or ""."""
        return self.get("EventList")

    @property
    def timestamp_us(self) -> int | None:
        """Microseconds since 1970 (UTC) from the Timestamp header (timestampevents=yes), or None."""
        text = self.get("Timestamp")
        # As Asterisk writes it: ten digits and six. It is asked of every event of use.
        if len(text) == 17 and text[10] == "." and (digits := text[:10] + text[11:]).isdecimal():
            return int(digits)
        seconds, _, fraction = text.partition(".")
        # More digits than any moment has are not worth the time it takes to read them.
        if not seconds or len(seconds) > _MOST_DIGITS or not (seconds + fraction[:6]).isdecimal():
            return None
        return int(seconds) * 1_000_000 + int(fraction[:6].ljust(6, "0"))

    @property
    def timestamp(self) -> float | None:
        """Seconds since 1970 (UTC), or None; `timestamp_us` is the exact one."""
        moment = self.timestamp_us
        return None if moment is None else moment / 1_000_000

    def __repr__(self) -> str:
        return "<Message " + ", ".join(f"{name}: {value!r}" for name, value in self.headers) + ">"


def _odd(line: str) -> tuple[str, str]:
    return (line[:-1], "") if line.endswith(":") else ("", line)
