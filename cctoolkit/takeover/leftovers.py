"""What could not be expressed: each with its place, why, and what a person can do.

Nothing of a line's arguments is ever quoted: passwords and PINs stand in them.
"""

from msgspec import Struct

MOST = 5_000


class Place(Struct, frozen=True, order=True):
    """A line of a file of the folder; 0 is the file as a whole."""

    file: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


class Leftover(Struct, frozen=True, order=True):
    """One thing a spec does not say, or says otherwise: where, what, why, and what to do by hand."""

    place: Place
    what: str
    why: str
    by_hand: str


class Leftovers:
    """Gathers what is left over, each once, in the order of files and lines."""

    def __init__(self) -> None:
        self._found: dict[Leftover, None] = {}
        self._more = 0

    def add(self, place: Place, what: str, why: str, by_hand: str) -> None:
        """Note one; of very many the count alone is kept."""
        one = Leftover(place, _plain(what), _plain(why), _plain(by_hand))
        if one in self._found:
            return
        if len(self._found) < MOST:
            self._found[one] = None
        else:
            self._more += 1

    def all(self) -> tuple[Leftover, ...]:
        """Return them in order."""
        found = sorted(self._found)
        if self._more:
            found.append(Leftover(Place("…"), f"{self._more} more", f"{MOST} are listed", "mend those listed first"))
        return tuple(found)


def _plain(text: str) -> str:
    """Names in it come from files that anybody may have written: no control characters reach a terminal."""
    return "".join(sign if sign.isprintable() else "?" for sign in text)[:400]
