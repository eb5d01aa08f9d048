"""A problem in a spec, as a value: one broken place hides no other, and all are reported in one run."""

import difflib
import heapq
import json
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from itertools import islice
from typing import Literal

import msgspec

from cctoolkit.errors import SpecError, ToolkitBug
from cctoolkit.spec.codes import CODES, WARNINGS

MAX_PROBLEMS = 200
"""Reported of one file by one kind of check; nobody reads more, and a hostile file costs no more."""

_SHOWN = 60
# Comparing words takes time: of hundreds of names only the most alike are looked at closely.
_CANDIDATES = 8
# Cyrillic letters that look like Latin ones: a keyboard left in the other layout.
LOOK_ALIKE = str.maketrans("асеорхукАСЕОРХУКВНМТіј", "aceopxykACEOPXYKBHMTij")


class Mark(msgspec.Struct, frozen=True, order=True):
    """A place in a file; line and column count from 1, as editors do.

    `file` is set where a document consists of several and the place is not in its first one.
    """

    line: int = 1
    column: int = 1
    file: str = ""


class Problem(msgspec.Struct, frozen=True):
    """One mistake: `code` names the rule, `message` what is wrong, `expected` and `hint` the cure.

    `file` is the file the mark is in: a mark that knows its own file wins, so that rules need not care how a
    document is split.
    """

    code: str
    message: str
    file: str
    mark: Mark = Mark()
    expected: str = ""
    hint: str = ""

    def __post_init__(self) -> None:
        if self.code not in CODES:
            raise ToolkitBug(f"the code {self.code!r} is not declared", next_step="write it into spec/codes.py")
        if self.mark.file:
            msgspec.structs.force_setattr(self, "file", self.mark.file)

    @property
    def place(self) -> tuple[str, Mark]:
        """Return the file and the mark, to sort by."""
        return self.file, self.mark

    @property
    def level(self) -> Literal["error", "warning"]:
        """Return how bad it is."""
        return level(self.code)

    def __str__(self) -> str:
        kind = "warning: " if self.level == "warning" else ""
        text = f"{self.file}:{self.mark.line}:{self.mark.column}: {kind}{self.message} [{self.code}]"
        lines = [text, f"    expected: {self.expected}" if self.expected else ""]
        lines.append(f"    hint: {self.hint}" if self.hint else "")
        return "\n".join(printable(line) for line in lines if line)


class InvalidSpecError(SpecError):
    """Specs that do not validate; carries every problem found, in the order of the files."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        wrong = len(errors(self.problems))
        super().__init__(f"{wrong} problem{'s' if wrong != 1 else ''} in the spec")

    def __str__(self) -> str:
        return "\n".join([*map(str, self.problems), self.what])


def level(code: str) -> Literal["error", "warning"]:
    """Return how bad problems of a code are."""
    return "warning" if code in WARNINGS else "error"


def errors(problems: Iterable[Problem]) -> list[Problem]:
    """Return the problems that make a spec invalid."""
    return [problem for problem in problems if problem.level == "error"]


def printable(text: str) -> str:
    """Escape what a terminal would obey or hide, such as ESC and marks of writing direction."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


def show(value: object) -> str:
    """Return a value as it may stand in a message: quoted when text, never long."""
    if isinstance(value, dict | list):
        kind = "mapping" if isinstance(value, dict) else "list"
        return f"this {kind}" if value else f"the empty {kind}"
    if value is None:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def nearest(word: str, known: Collection[str]) -> str | None:
    """Return the known word nearest to one that is not, or None when none is near."""
    written = {name.casefold(): name for name in sorted(known, reverse=True)}
    latin = word.translate(LOOK_ALIKE).strip().casefold()
    alike = heapq.nlargest(_CANDIDATES, sorted(written), key=lambda name: _ends_alike(latin, name))
    near = difflib.get_close_matches(latin, alike, n=1, cutoff=0.6)
    return written[near[0]] if near else None


def _ends_alike(one: str, other: str) -> int:
    """Count the letters two words have in common at their beginning and at their end."""
    before = _common(one, other)
    return before + _common(one[:before:-1], other[:before:-1])


def _common(one: str, other: str) -> int:
    """Count the letters two words begin with, by halves: of hundreds of long names each is held against each."""
    least, most = 0, min(len(one), len(other))
    while least < most:
        middle = (least + most + 1) // 2
        if one[:middle] == other[:middle]:
            least = middle
        else:
            most = middle - 1
    return least


def foreign_letter(word: str) -> str:
    """Return a sentence about the first letter that is not Latin, or "" when there is none."""
    found = next((c for c in word if not c.isascii()), None)
    return f'"{found}" is {unicodedata.name(found, "a foreign letter")}' if found else ""


def did_you_mean(word: str, known: Collection[str]) -> str:
    """Return `did you mean "x"?` for the nearest known word, or "" when none is near."""
    near = nearest(word, known)
    return " ".join(part for part in (f'did you mean "{near}"?' if near else "", foreign_letter(word)) if part)


def one_of(known: Iterable[str]) -> str:
    """Return "one of a, b, c" in order, or "" when there is nothing to choose from."""
    words = ", ".join(sorted(known))
    return f"one of {words}" if words else ""


def bounded(problems: Iterable[Problem]) -> list[Problem]:
    """Return the problems in the files' order, at most `MAX_PROBLEMS` of them; the last one says that more
    follow.
    """
    found = list(islice(problems, MAX_PROBLEMS + 1))
    cut = found[:MAX_PROBLEMS] != found
    found = sorted(found[:MAX_PROBLEMS], key=lambda p: p.place)
    if cut:
        last = found[-1]
        found.append(Problem("too-many-problems", f"more than {MAX_PROBLEMS} problems", last.file, last.mark,
                             hint="mend these first"))  # fmt: skip
    return found
