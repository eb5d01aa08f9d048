"""Reads Asterisk's configuration as Asterisk does: includes, templates, appended sections, block comments.

Source: main/config.c of Asterisk 22. Where `state.conf` refuses what we did not write, this takes whatever is there:
a line that Asterisk would skip is noted and skipped.
"""

import posixpath
import re
from collections.abc import Collection, Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Protocol

from msgspec import Struct

from cctoolkit.errors import CctoolkitError
from cctoolkit.state.conf import uncommented
from cctoolkit.takeover.leftovers import Leftovers, Place
from cctoolkit.takeover.linked import LED_NOWHERE, stand_in

MAX_DEPTH = 10
"""Files in files, as in Asterisk (MAX_INCLUDE_LEVEL)."""
MAX_LINES = 500_000
"""Of one configuration with all it includes, comments too, and the options that templates give and `+=` looks through;
one with more is no switch's.
"""
MAX_LINE = 8_190
"""Characters of a line; Asterisk cuts there."""

_HEAD = re.compile(r"\[([^\]]+)\](?:\(([^)]*)\))?.*")
_DIRECTIVE = re.compile(r"#(include|tryinclude|exec)\s+[\"<]?([^\">]+)[\">]?\s*")


class Folder(Protocol):
    """The files of a configuration folder: their names from its top, and the place it has on the switch."""

    @property
    def names(self) -> Collection[str]:
        """Return the files' names from the top."""

    @property
    def places(self) -> Sequence[str]:
        """Return the paths by which the folder itself may be named in its files."""

    @property
    def closed(self) -> Sequence[str]:
        """Return the folders below it that cannot be opened."""

    def read(self, name: str) -> bytes:
        """Return a file's bytes; raise CctoolkitError when it cannot be read."""


class Option(Struct, frozen=True):
    """One `name = value`, and where it stands."""

    name: str
    value: str
    place: Place


class Section(Struct):
    """A section with its options in order, those of its templates first."""

    name: str
    place: Place
    options: list[Option]
    template: bool = False

    def get(self, name: str, default: str = "") -> str:
        """Return the last value of an option."""
        return next((one.value for one in reversed(self.options) if one.name.lower() == name), default)

    def option(self, name: str) -> Option | None:
        """Return the last option of a name."""
        return next((one for one in reversed(self.options) if one.name.lower() == name), None)

    def all(self, name: str) -> list[Option]:
        """Return every option of a name."""
        return [one for one in self.options if one.name.lower() == name]


def read(folder: Folder, name: str, notes: Leftovers, seen: set[str] | None = None) -> list[Section]:
    """Return the sections of a file and of all it includes, templates too; none when there is no such file. The names
    of the files read are added to `seen`.
    """
    reader = _Reader(folder, notes, seen if seen is not None else set())
    if name in folder.names or stand_in(name, folder.names):
        reader.file(name, ())
    return reader.sections


class _Reader:
    """One configuration being read: the section a line belongs to outlives the file it began in."""

    def __init__(self, folder: Folder, notes: Leftovers, seen: set[str]) -> None:
        self.folder = folder
        self.notes = notes
        self.seen = seen
        self.sections: list[Section] = []
        self._by_name: dict[str, list[Section]] = {}
        self._into: Section | None = None
        self._lines = 0

    def file(self, name: str, chain: tuple[str, ...]) -> None:
        """Read one file."""
        self.seen.add(name)
        # To open one costs as much as some lines do.
        if not self._spend(Place(name), 50):
            return
        for number, line in self._code(name):
            self._line(line, Place(name, number), (*chain, name))

    def _spend(self, place: Place, lines: int) -> bool:
        """Count lines, and say whether there are not too many yet."""
        self._lines += lines
        if self._lines > MAX_LINES:
            what = "more than half a million lines"
            self.notes.add(place, what, "no switch has so many: the rest is not read", "import a part of it")
        return self._lines <= MAX_LINES

    def _code(self, name: str) -> Iterator[tuple[int, str]]:
        """Yield the lines of a file that say anything, without comments."""
        depth = 0
        # Not splitlines: in Latin-1 and in Unicode there are signs that end a line for Python and not for Asterisk.
        for number, raw in enumerate(self._text(name).split("\n"), 1):
            if not self._spend(Place(name, number), 1 + len(raw) // MAX_LINE):
                return
            line, rest = "", raw[:MAX_LINE]
            while rest:
                if depth:
                    depth, rest = _skip(rest, depth)
                    continue
                kept, block = uncommented(rest)
                line += kept
                depth, rest = (0, "") if block is None else (1, block)
            if line.strip():
                yield number, line.strip()
        if depth:
            self.notes.add(Place(name), "a block comment is not closed", "all behind it is not read", "close it by --;")

    def _text(self, name: str) -> str:
        try:
            raw = self.folder.read(name)
        except CctoolkitError as error:
            text = stand_in(name, self.folder.names)
            why, by_hand = LED_NOWHERE if text else ("the file is not read", error.next_step or "make it readable")
            self.notes.add(Place(name), error.what, why, by_hand)
            return text
        try:
            return raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            self.notes.add(
                Place(name), "is not UTF-8", "it was read as Latin-1, so names in it may be wrong", "look at the names"
            )
            return raw.decode("latin-1")

    def _line(self, line: str, place: Place, chain: tuple[str, ...]) -> None:
        head, directive = _HEAD.fullmatch(line), _DIRECTIVE.fullmatch(line)
        name, sign, value = line.partition("=")
        if directive:
            self._directive(directive[1], directive[2].strip(), place, chain)
        elif head:
            self._begin(head[1].strip(), head[2] or "", place)
        elif not sign or self._into is None or line.startswith("#"):
            self.notes.add(place, "a line Asterisk would not read", "it is no section, option or #include", "mend it")
        else:
            name = name.strip()
            if name.endswith("+"):
                name = name[:-1].strip()
                if not self._spend(place, len(self._into.options)):
                    return
                value = (self._into.get(name.lower()) + value.strip())[:MAX_LINE]
            self._into.options.append(Option(name, value.removeprefix(">").strip(), place))

    def _begin(self, name: str, extra: str, place: Place) -> None:
        marks = [mark.strip() for mark in extra.split(",") if mark.strip()]
        if "+" in (mark[:1] for mark in marks) and (known := self._by_name.get(name)):
            if not self._spend(place, len(known)):
                return
            wanted = next(mark[1:] for mark in marks if mark.startswith("+"))
            option, _, value = wanted.partition("=")
            fitting = [one for one in known if not option or one.get(option) == value]
            self._into = (fitting or known)[-1]
            return
        section = Section(name, place, [], template="!" in marks)
        for base in marks:
            if base == "!" or base.startswith("+"):
                continue
            if base not in self._by_name:
                self.notes.add(
                    place,
                    f"the template [{base}] is not there",
                    "what it would say is not known",
                    "write the options into the section",
                )
                continue
            given = self._by_name[base][0].options
            section.options += given if self._spend(place, len(given)) else []
        self.sections.append(section)
        self._by_name.setdefault(name, []).append(section)
        self._into = section

    def _directive(self, word: str, target: str, place: Place, chain: tuple[str, ...]) -> None:
        if word == "exec":
            why = "a program writes these lines when Asterisk reads them"
            self.notes.add(place, "#exec", why, "run it, put its output in its place, and import again")
            return
        wanted = self._inside(target)
        if wanted is None:
            what = f"#{word} of a file outside the folder"
            self.notes.add(place, what, "only the folder is read", "copy it into the folder, and import again")
            return
        found = [wanted] if wanted in self.folder.names else self._globbed(wanted)
        if not found and word == "include" and not set(wanted) & set("*?["):
            what = f"#include of {wanted}, which is not there"
            self.notes.add(place, what, "Asterisk would refuse the whole configuration", "put the file there")
        for name in found:
            if name in chain or len(chain) >= MAX_DEPTH:
                self.notes.add(
                    place,
                    f"#{word} of {name} once more",
                    "a file includes itself, or too deep",
                    "take the #include out",
                )
                continue
            self.file(name, chain)

    def _inside(self, target: str) -> str | None:
        """Return a path from the folder's top; None when it leads out of it."""
        if target.startswith("/"):
            top = next((one for one in self.folder.places if target.startswith(one.rstrip("/") + "/")), None)
            if top is None:
                return None
            target = target[len(top.rstrip("/")) + 1 :]
        path = posixpath.normpath(target)
        return None if path.startswith("..") else path

    def _globbed(self, pattern: str) -> list[str]:
        if not set(pattern) & set("*?["):
            return []
        depth = pattern.count("/")
        return [name for name in sorted(self.folder.names) if name.count("/") == depth and fnmatchcase(name, pattern)]


def _skip(text: str, depth: int) -> tuple[int, str]:
    """Go on in a block comment to where its depth changes: comments nest."""
    end, begin = text.find("--;"), text.find(";--")
    if 0 <= begin < (end if end >= 0 else len(text)) and not text.startswith(";---", begin):
        return depth + 1, text[begin + 3 :]
    return (depth - 1, text[end + 3 :]) if end >= 0 else (depth, "")
