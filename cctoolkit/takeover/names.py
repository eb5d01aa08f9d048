"""Names of a spec made of names of a switch, each once."""

import re
import unicodedata

from cctoolkit.model.words import NAME

LONGEST = 40
_ALONE = re.compile(NAME)


def slug(text: str, before: str = "x") -> str:
    """Return a name's letters and digits as a spec has them, behind `before` where it begins with no letter."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    found = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if not _ALONE.fullmatch(found):
        found = f"{before}-{found}".strip("-")
    return found[:LONGEST].strip("-")


class Names:
    """Gives names that are not taken yet; what asks again under the same key has the same name. None is longer than
    `longest`: the switch's own names are made of a project's id and these.
    """

    def __init__(self, longest: int = LONGEST) -> None:
        self.longest = longest
        self._of: dict[object, str] = {}
        self._taken: set[str] = set()

    def of(self, key: object, text: str, before: str = "x") -> str:
        """Return the name of a key, made of `text` when it has none yet."""
        if key not in self._of:
            self._of[key] = self._free(slug(text, before)[: self.longest].strip("-"))
        return self._of[key]

    def _free(self, wanted: str) -> str:
        name, number = wanted, 1
        while name in self._taken:
            number += 1
            name = f"{wanted[: self.longest - len(str(number)) - 1].strip('-')}-{number}"
        self._taken.add(name)
        return name
