"""The dialplan as Asterisk holds it: priorities counted out, so that text and memory compare line by line.

Source: pbx/pbx_config.c of Asterisk 22 (`n`, `same`, labels) and `ShowDialPlan`, whose events give context,
extension, priority, label, application and data.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct

from cctoolkit.errors import SpecError
from cctoolkit.state.conf import parse
from cctoolkit.state.settings import Setting

_PRIORITY = re.compile(r"(n|[0-9]+)(?:\(([^)]+)\))?")
_CALL = re.compile(r"([A-Za-z0-9_]+)\((.*)\)")


class Line(Struct, frozen=True, order=True, gc=False):
    """One priority of one extension."""

    context: str
    extension: str
    priority: int
    label: str
    application: str
    data: str

    def setting(self) -> Setting:
        """Return the line as a setting; what it says includes the label, since jumps use it."""
        mark = f"({self.label})" if self.label else ""
        says = f"{mark}{self.application}({self.data})"
        return Setting("dialplan", self.context, f"{self.extension},{self.priority}", says)


@lru_cache(maxsize=64)
def lines(text: str, file: str) -> tuple[Line, ...]:
    """Return the lines of rendered dialplan text; raise SpecError for a line Asterisk would skip.

    Remembered: the nodes of a fleet share most of their files, and each is asked for several times.
    """
    return tuple(_read(text, file))


def _read(text: str, file: str) -> Iterator[Line]:
    for section in parse(text, file):
        # Asterisk counts `n` on from the line before, in whatever extension of the context that stood
        # (lastpri).
        extension, priority = "", 0
        for option, value in section.lines:
            rest = value
            if option == "exten":
                extension, _, rest = value.partition(",")
            number, _, call = rest.partition(",")
            found, app = _PRIORITY.fullmatch(number.strip()), _CALL.fullmatch(call.strip())
            counts_on_nothing = found is not None and found[1] == "n" and not priority
            if option not in ("exten", "same") or not found or not app or not extension or counts_on_nothing:
                raise SpecError(f"not a dialplan line: {option} => {value[:60]}", where=f"{file} [{section.name}]")
            priority = priority + 1 if found[1] == "n" else int(found[1])
            yield Line(section.name, extension.strip(), priority, found[2] or "", app[1], app[2])


def gotos(text: str, file: str) -> dict[tuple[str, str], str]:
    """Return (context, extension) -> context of the first Goto that leaves the context: the edges the text
    has.

    What stands behind it is never reached.
    """
    found: dict[tuple[str, str], str] = {}
    for line in lines(text, file):
        parts = line.data.split(",")
        if line.application == "Goto" and len(parts) == 3:
            found.setdefault((line.context, line.extension), parts[0])
    return found
