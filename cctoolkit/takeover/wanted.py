"""What an import is asked for."""

from collections.abc import Mapping, Sequence
from datetime import date

from msgspec import Struct

from cctoolkit import marks


class Wanted(Struct, kw_only=True, frozen=True):
    """`projects` are ids with the numbers each takes, all of the rest where none is named; `today` is the day from
    which dates are written out. What is empty is taken from the switch, or noted.
    """

    projects: Mapping[str, Sequence[str]]
    site: str
    today: date
    country: str = ""
    language: str = ""
    time_zone: str = ""
    contexts: Sequence[str] = ()
    certified: str = ""


def longest_name(wanted: Wanted) -> int:
    """Return how long names of steps and queues may be: with a project's id they are names of the switch."""
    longest = max(map(len, wanted.projects))
    context = len(marks.context("", "0" * 8, ""))
    queue = len(f".{marks.SHADOW}{marks.TWINS[-1]}")
    return marks.MAX_NAME - longest - max(context, queue)
