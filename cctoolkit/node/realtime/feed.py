"""Says whether a release's files read the same as rows of the store as they would as text. Pure.

The view `loaded` of store.sql is simpler than Asterisk's own reader: what only that one understands is refused before
it is staged. Source: main/config.c and res/res_config_sqlite3.c of Asterisk 22.
"""

from collections.abc import Container, Iterable, Mapping
from itertools import pairwise

from cctoolkit.errors import OperatorError, SpecError
from cctoolkit.state import conf

FED = ("extensions.conf", "queues.conf", "pjsip.conf")
CURRENT = "cctoolkit/current/"
EXTENDS = "(+)"

Rows = list[tuple[str, str, str]]


def extended(texts: Mapping[str, str], fresh: Container[str]) -> Rows:
    """Return what a release adds to sections of the node's own files, as (section, option, value): no table can do
    that, so it stands in a file that was prepared.

    Raise OperatorError when one of its `fresh` files would be read otherwise than it is written.
    """
    found: Rows = []
    for path in _reached(texts):
        if path in fresh or EXTENDS in texts[path]:
            sections = _judged(path, texts[path])
            found += [(s.name, *line) for s in sections if s.extra for line in s.lines]
    return found


def _judged(path: str, text: str) -> tuple[conf.Section, ...]:
    try:
        sections = conf.parse(text, path)
    except SpecError as error:
        raise _refused(path, error.what) from error
    if strange := [section.name for section in sections if section.extra not in ("", EXTENDS)]:
        raise _refused(path, f"section {strange[0]} inherits")
    if twice := [a.name for a, b in pairwise(sections) if a.name == b.name and path != "pjsip.conf"]:
        raise _refused(path, f"section {twice[0]} stands twice")
    mine = {(s.name, *line) for s in sections if not s.extra for line in s.lines}
    if different := sorted(mine ^ {*_rows(text)}):
        # Not the line itself: in pjsip.conf it may hold a password.
        raise _refused(path, f"option {different[0][1]} of section {different[0][0]} would read otherwise")
    return sections


def _reached(texts: Mapping[str, str]) -> list[str]:
    found = [path for path in FED if path in texts]
    for path in found:
        for included in conf.includes(texts[path]):
            name = included.removeprefix(CURRENT)
            if name == included or name not in texts:
                raise _refused(path, f"it includes {included}")
            if name not in found:
                found.append(name)
    return found


def _rows(text: str) -> Iterable[tuple[str, str, str]]:
    """Yield the rows the view makes of a text."""
    head = ""
    for line in text.split("\n"):
        raw = line.strip(" ")
        if raw.startswith("["):
            head = raw
        elif head.endswith("]") and "=" in raw[1:] and raw[0] not in ";#":
            name, _, value = raw.partition("=")
            yield head[1:].partition("]")[0], name.strip(" "), value.removeprefix(">").strip(" ").replace("\\;", ";")


def _refused(path: str, why: str) -> OperatorError:
    return OperatorError(
        f"AMI cannot carry this file: {why}", where=path,
        expected="sections, options and includes as this toolkit writes them",
        next_step="reach this node by ssh, or write the file without it; nothing was changed",
    )  # fmt: skip
