"""Edits of configuration somebody else wrote: a line goes in or changes, every other byte stays.

Source: main/config.c of Asterisk 22: sections `[name]`, templates `[name](!)`, additions `[name](+)`, `;` comments,
block comments `;-- … --;`, `#include`.
"""

import re
from collections.abc import Iterator, Mapping

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
        if depth and line.option == "#include" and line.value in files and not line.value.startswith(OURS):
            rows[line.number] = inlined(files, line.value, depth - 1)
    return "\n".join(rows)


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
    said = f"{option} = {new}"
    here = [line for line in lines(text) if line.section == section]
    old = next((line.number for line in here if line.option.lower() == option.lower()), None)
    head = next((line.number for line in here if not line.option), None)
    if old is not None:
        rows[old] = said
    elif head is not None:
        rows.insert(head + 1, said)
    else:
        return append(text, f"[{section}]\n{said}\n")
    return "\n".join(rows)


def append(text: str, more: str) -> str:
    """Return the text with `more` behind it, a blank line between."""
    ended = text if not text or text.endswith("\n") else text + "\n"
    return f"{ended}\n{more}" if ended else more
