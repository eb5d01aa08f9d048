"""How rules say what they find: names nothing has, names that stand twice, zones that are none."""

import zoneinfo
from collections.abc import Collection, Iterator, Mapping

from cctoolkit.spec.builder import Route
from cctoolkit.spec.problem import Problem, did_you_mean, one_of
from cctoolkit.spec.source import Document


def unknown(
    document: Document, path: Route, what: str, name: str, known: Collection[str], *, key: bool = False
) -> Problem:
    """Return the problem of a name nothing has; its code is `unknown-` and the first word of `what`. With `key` the
    name is the key of `path`, not its value.
    """
    return Problem(
        "unknown-" + what.split(maxsplit=1)[0],
        f'there is no {what} "{name}"',
        document.file,
        document.mark(path, key=key),
        one_of(known) or f"a {what} that is defined",
        did_you_mean(name, known),
    )


def twice(names: Mapping[int, str], document: Document, section: str, key: str) -> Iterator[Problem]:
    """Find names that stand twice in a list; `key` of each item holds the name ("": the item is the name)."""
    seen: dict[str, int] = {}
    for index, name in names.items():
        first = seen.setdefault(name, index)
        if first != index:
            mark = document.mark((section, index, key) if key else (section, index))
            code = f"{section.rstrip('s')}-twice"
            yield Problem(code, f'"{name}" stands twice', document.file, mark,
                          hint=f"the first is in line {document.mark((section, first)).line}")  # fmt: skip


def no_zone(zone: str, document: Document, path: Route) -> Iterator[Problem]:
    """Find a time zone that does not exist."""
    try:
        zoneinfo.ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        yield Problem("unknown-time-zone", f'"{zone}" is no time zone', document.file, document.mark(path),
                      "an IANA name such as Europe/Moscow",
                      did_you_mean(zone, zoneinfo.available_timezones()))  # fmt: skip
