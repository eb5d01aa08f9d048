"""How a flow is said to a client: the words of pictures, one table a language; every table has the same keys.

Plain tables and no babel: a picture needs no more than the core of the toolkit. What has no words of its own is said
by its name in the spec, so that a new step type or outcome is never a picture that cannot be drawn.
"""

from collections.abc import Mapping

from cctoolkit.flow.words import en, pl, ru
from cctoolkit.model.words import Language, seconds

TABLES: Mapping[str, Mapping[str, str]] = {"ru": ru.WORDS, "pl": pl.WORDS, "en": en.WORDS}


class FlowWords:
    """One language's words; `has` tells whether there are any for a key."""

    def __init__(self, language: Language) -> None:
        self._table = TABLES[language]

    def has(self, key: str) -> bool:
        """Tell whether the language has words for the key."""
        return key in self._table

    def word(self, key: str, **values: str) -> str:
        """Return the words for a key that every table has, with the values put in."""
        return self._table[key].format(**values)

    def named(self, group: str, name: str) -> str:
        """Return the words of a group for a name of the spec, or the name, made readable."""
        return self._table.get(f"{group}.{name}", name.replace("-", " ").replace("_", " "))

    def duration(self, text: str) -> str:
        """Return a Duration of a spec, `1m30s`, as people say it."""
        minutes, rest = divmod(seconds(text), 60)
        hours, minutes = divmod(minutes, 60)
        parts = [(hours, "unit.h"), (minutes, "unit.m"), (rest, "unit.s")]
        said = [f"{n}\N{NO-BREAK SPACE}{self.word(unit)}" for n, unit in parts if n]
        return " ".join(said) or f"0\N{NO-BREAK SPACE}{self.word('unit.s')}"

    def day(self, weekday: int) -> str:
        """Return the short name of an ISO weekday."""
        return self.word("days").split()[weekday - 1]
