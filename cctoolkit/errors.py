"""The error tree: one root, one family for each party who must act.

An error says what is wrong, where, what was expected and what to do next. The one door that catches
`CctoolkitError` is `cctoolkit.__main__`; it prints `str(error)` and exits with `error.exit_code`.
"""

from typing import ClassVar


class CctoolkitError(Exception):
    """The root. Arguments are whole phrases for a person.

    `where` is `file:line:column`, or a node and an action; `expected` completes "expected …";
    `next_step` is what the reader can do now.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, where: str = "", expected: str = "", next_step: str = "") -> None:
        self.what = what
        self.where = where
        self.expected = expected
        self.next_step = next_step
        super().__init__(what)

    def __str__(self) -> str:
        head = f"{self.where}: {self.what}" if self.where else self.what
        if self.expected:
            head += f"; expected {self.expected}"
        return f"{head}\n  next: {self.next_step}" if self.next_step else head


def told(error: CctoolkitError) -> str:
    """Return an error with the notes that were added on its way, in lines."""
    return "\n".join([str(error), *(f"  {note}" for note in getattr(error, "__notes__", ()))])


class SpecError(CctoolkitError):
    """The author of a spec must act: it does not validate, or names what is not there."""

    exit_code = 3


class UsageError(CctoolkitError):
    """Whoever typed the command must act: an option or argument is wrong."""

    exit_code = 3


class OperatorError(CctoolkitError):
    """The operator must act: a folder, a permission, a missing program, a refused plan."""


class StoreAway(OperatorError):
    """A database, of call records or of the switch, does not answer: nothing is lost by waiting for it."""


class Busy(OperatorError):
    """Somebody else is at work there: wait, and do it again."""


class Refused(OperatorError):
    """The toolkit would have to destroy something it does not own, and did nothing."""


class SwitchError(CctoolkitError):
    """The switch answered, and did not do what was asked; what was done was put back."""


class SwitchUnreachable(SwitchError):
    """The switch does not answer, or does not let us in."""

    exit_code = 4


class ToolkitBug(CctoolkitError):
    """The developers must act: something the toolkit itself produced does not hold together."""
