"""Reads Asterisk's configuration text as Asterisk does, as far as files of ours go.

Source: main/config.c of Asterisk 22: `[name]`, `[name](+)`, `key = value`, `key => value`, `#include`, `;` comments,
`same =>` in extensions.conf. Anything else is an error: our files hold nothing else, so it was edited by hand.
"""

import re

from msgspec import Struct

from cctoolkit.errors import SpecError
from cctoolkit.state.settings import Setting

_SECTION = re.compile(r"\[([^\]]+)\](\([^)]*\))?")


class Section(Struct, frozen=True):
    """A section's name, what stood in brackets behind it, and its (option, value) lines in order."""

    name: str
    extra: str
    lines: tuple[tuple[str, str], ...]


def parse(text: str, file: str) -> tuple[Section, ...]:
    """Return the sections in order; raise SpecError with file and line for a line that is none of the known forms."""
    sections: list[tuple[str, str, list[tuple[str, str]]]] = []
    for number, raw in enumerate(text.split("\n"), start=1):
        line = _uncomment(raw).strip()
        head = _SECTION.fullmatch(line)
        if not line or line.startswith("#include"):
            continue
        if head:
            sections.append((head[1], head[2] or "", []))
            continue
        option, sign, value = line.partition("=")
        if not sign or not sections:
            raise SpecError(f"a line Asterisk would not read: {line[:60]!r}", where=f"{file}:{number}:1")
        sections[-1][2].append((option.strip(), value.removeprefix(">").strip()))
    return tuple(Section(name, extra, tuple(lines)) for name, extra, lines in sections)


def _uncomment(line: str) -> str:
    """Cut a comment; `\\;` is a semicolon. Source: main/config.c, comment_buffer handling."""
    position = 0
    while (position := line.find(";", position)) >= 0:
        if position == 0 or line[position - 1] != "\\":
            return line[:position]
        position += 1
    return line


def settings(text: str, file: str) -> list[Setting]:
    """Return a file's settings; the object's name is the section, with its `type` where it has one (pjsip.conf)."""
    found: list[Setting] = []
    for section in parse(text, file):
        options = [option for option, _ in section.lines]
        kind = next((value for option, value in section.lines if option == "type"), "")
        name = f"{section.name} {kind}" if kind else section.name
        counts: dict[str, int] = {}
        for option, value in section.lines:
            counts[option] = counts.get(option, 0) + 1
            repeated = options.count(option) > 1 or option in ("exten", "same")
            found.append(Setting(file, name, f"{option} {counts[option]:04d}" if repeated else option, value))
    return found
