"""One AMI block as a value: headers in the order they came, looked up whatever their case.

The shape of a block is that of Asterisk's "AMI v2 Specification":
https://docs.asterisk.org/Configuration/Interfaces/Asterisk-Manager-Interface-AMI/AMI-v2-Specification/
"""

from functools import cached_property

import msgspec


class Message(msgspec.Struct, frozen=True, dict=True):
    """An event or a response: `lines` as they came, without their ends.

    They are taken apart when somebody first asks: of an unfiltered stream most events are told by their name
    alone to be of no interest.
    """

    lines: tuple[str, ...]

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
        # Most who ask do so once or twice and write the name as Asterisk does: no dict of all headers for them.
        head = name + ": "
        for line in self.lines:
            if line.startswith(head):
                return line[len(head) :]
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
        return self.lines[0][7:] if self.lines and self.lines[0].startswith("Event: ") else ""

    @property
    def response(self) -> str:
        """Success, Error, Goodbye and the like, or "" for an event."""
        return self.lines[0][10:] if self.lines and self.lines[0].startswith("Response: ") else ""

    @property
    def action_id(self) -> str:
        """The ActionID of the action this belongs to, or ""."""
        for line in self.lines:
            if line.startswith("ActionID: "):
                return line[10:]
        return ""

    @property
    def event_list(self) -> str:
        """What an event of a list says of it: Complete or Cancelled on the last one, or ""."""
        for line in self.lines:
            if line.startswith("EventList: "):
                return line[11:]
        return ""

    @property
    def timestamp_us(self) -> int | None:
        """Microseconds since 1970 (UTC) from the Timestamp header (timestampevents=yes), or None."""
        seconds, _, fraction = self.get("Timestamp").partition(".")
        if not seconds or not (seconds + fraction).isdecimal():
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
