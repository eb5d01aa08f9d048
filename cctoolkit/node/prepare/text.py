"""Edits of configuration somebody else wrote: a line goes in or changes, every other byte stays.

Source: main/config.c of Asterisk 22: sections `[name]`, templates `[name](!)`, additions `[name](+)`, `;` comments,
block comments `;-- … --;`, `#include`.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import PurePosixPath

from msgspec import Struct

OURS = "cctoolkit/"
"""Where our own files lie, below the configuration folder."""

_SECTION = re.compile(r"\[([^\]]+)\]\s*(?:\(([^)]*)\))?")
_INCLUDE = re.compile(r"#(?:try)?include\s+[\"<]?([^\">]+?)[\">]?")


class Line(Struct, frozen=True):
    """A line that says something: its number from 0, the section it stands in, and option and value; the head of a
    section has option "", an #include option "#include" and its path as value.
    """

    number: int
    section: str
    option: str
    value: str


def lines(text: str) -> Iterator[Line]:
    """Yield what a file says, comments and templates left out."""
    section, template, comment = "", False, False
    for number, raw in enumerate(text.split("\n")):
        said, comment = _said(raw, comment)
        if head := _SECTION.match(said):
            section, template = head[1].strip(), "!" in (head[2] or "")
            option, value = "", ""
        elif found := _INCLUDE.fullmatch(said):
            option, value = "#include", found[1]
        else:
            option, sign, value = said.partition("=")
            if not sign:
                continue
        if not template:
            yield Line(number, section.lower(), option.strip(), value.removeprefix(">").strip())


def _said(raw: str, comment: bool) -> tuple[str, bool]:
    """Return a line without its comments, and whether a block comment goes on behind it."""
    if comment:
        end = raw.find("--;")
        return ("", True) if end < 0 else _said(raw[end + 3 :], comment=False)
    position = 0
    while (position := raw.find(";", position)) >= 0:
        if position and raw[position - 1] == "\\":
            position += 1
            continue
        if raw[position:].startswith(";--") and not raw[position:].startswith(";---"):
            rest, goes_on = _said(raw[position + 3 :], comment=True)
            return (raw[:position] + rest).strip(), goes_on
        return raw[:position].strip(), False
    return raw.strip(), False


def inlined(files: Mapping[str, str], file: str, depth: int = 5) -> str:
    """Return a file with those it includes in the places where it does, as far as they are known and not ours."""
    rows = files.get(file, "").split("\n")
    for line in list(lines("\n".join(rows))):
        theirs = depth and line.option == "#include" and not line.value.startswith(OURS)
        if theirs and (known := meant(line.value, files)):
            rows[line.number] = "\n".join(inlined(files, one, depth - 1) for one in known)
    return "\n".join(rows)


def is_pattern(path: str) -> bool:
    """Say whether an included path stands for several files."""
    return bool(set(path) & set("*?["))


def meant(path: str, files: Collection[str]) -> list[str]:
    """Return those of `files` that an #include takes in, in Asterisk's order; a star stands for no slash."""
    if not is_pattern(path):
        return [path] if path in files else []
    depth = len(PurePosixPath(path).parts)
    found = (PurePosixPath(file) for file in sorted(files))
    return [str(file) for file in found if len(file.parts) == depth and file.match(path)]


def has_section(text: str, section: str) -> bool:
    """Say whether the file has this section."""
    return any(line.section == section and not line.option for line in lines(text))


def value(text: str, section: str, option: str) -> str | None:
    """Return what an option says; of two lines the first, which is the one Asterisk's lookups find."""
    wanted = option.lower()
    return next((one.value for one in lines(text) if one.section == section and one.option.lower() == wanted), None)


def includes(text: str) -> list[str]:
    """Return the paths a file includes."""
    return [line.value for line in lines(text) if line.option == "#include"]


def put(text: str, section: str, option: str, new: str) -> str:
    """Return the text in which the option says `new`: in its old place, else first in its section, else at the end."""
    rows = text.split("\n")
    here = [line for line in lines(text) if line.section == section]
    old = next((line.number for line in here if line.option.lower() == option.lower()), None)
    if old is None:
        return add(text, section, f"{option} = {new}")
    rows[old] = f"{option} = {new}"
    return "\n".join(rows)


def add(text: str, section: str, said: str) -> str:
    """Return the text with one line more: first in its section, which comes at the end where there is none."""
    rows = text.split("\n")
    head = next((line.number for line in lines(text) if line.section == section and not line.option), None)
    if head is None:
        return append(text, f"[{section}]\n{said}\n")
    rows.insert(head + 1, said)
    return "\n".join(rows)


def without(text: str, numbers: Iterable[int]) -> str:
    """Return the text without these lines."""
    gone = set(numbers)
    return "\n".join(row for number, row in enumerate(text.split("\n")) if number not in gone)


def append(text: str, more: str) -> str:
    """Return the text with `more` behind it, a blank line between."""
    ended = text if not text or text.endswith("\n") else text + "\n"
    return f"{ended}\n{more}" if ended else more
