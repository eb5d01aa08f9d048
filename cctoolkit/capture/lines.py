"""The lines of a queue_log: `time|call|queue|agent|event|data…`."""

from collections.abc import Callable, Iterator

from msgspec import Struct

SECOND = 1_000_000
_MOST_DIGITS = 11


class Line(Struct, frozen=True):
    """One line; `at` is its whole second in microseconds."""

    at: int
    call: str
    queue: str
    agent: str
    event: str
    fields: tuple[str, ...]

    def data(self, index: int) -> str:
        """Return data field `index`, from 1; "" when it is not there."""
        return self.fields[4 + index] if len(self.fields) > 4 + index else ""


def parse(text: str, reads: Callable[[str], Line | None] | None = None) -> Iterator[Line]:
    """Yield the lines of a queue_log, or of what `reads` makes lines of; what is none (a torn tail, foreign text) is
    passed over.
    """
    # Not splitlines(): a caller's number may hold U+2028 and the like, and must not begin a line of its own.
    for row in text.split("\n"):
        if line := (reads or line_of)(row):
            yield line


def line_of(row: str) -> Line | None:
    """Return the line that a row of the file is, None when it is none."""
    fields = tuple(row.removesuffix("\r").split("|"))
    when = fields[0]
    if len(fields) >= 5 and when.isascii() and when.isdecimal() and len(when) <= _MOST_DIGITS:
        return Line(int(when) * SECOND, fields[1], fields[2], fields[3], fields[4], fields)
    return None
