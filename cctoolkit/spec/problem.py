"""A problem in a spec, as a value: one broken place hides no other, and all are reported in one run."""

import difflib
from collections.abc import Iterable, Sequence

import msgspec

from cctoolkit.errors import SpecError


class Mark(msgspec.Struct, frozen=True, order=True):
    """A place in a file; line and column count from 1, as editors do."""

    line: int = 1
    column: int = 1


class Problem(msgspec.Struct, frozen=True):
    """One mistake: `code` names the rule, `message` what is wrong, `expected` and `hint` the cure."""

    code: str
    message: str
    file: str
    mark: Mark = Mark()
    expected: str = ""
    hint: str = ""

    def __str__(self) -> str:
        text = f"{self.file}:{self.mark.line}:{self.mark.column}: {self.message} [{self.code}]"
        if self.expected:
            text += f"\n    expected: {self.expected}"
        return f"{text}\n    hint: {self.hint}" if self.hint else text


class SpecInvalid(SpecError):
    """Specs that do not validate; carries every problem found, in the order of the files."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(f"{len(self.problems)} problem{'s' if len(self.problems) != 1 else ''} in the spec")

    def __str__(self) -> str:
        return "\n".join([*map(str, self.problems), self.what])


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `did you mean "x"?` for the nearest known word, or "" when none is near."""
    near = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f'did you mean "{near[0]}"?' if near else ""
