"""Reads Asterisk's configuration text as Asterisk does, as far as files of ours go.

Source: main/config.c of Asterisk 22: `[name]`, `[name](+)`, `key = value`, `key => value`, `#include`, `;`
comments, `same =>` in extensions.conf. Anything else is an error: our files hold nothing else, so it was
edited by hand.
"""

import re

from msgspec import Struct

from cctoolkit.errors import SpecError
from cctoolkit.state.settings import Setting

_SECTION = re.compile(r"\[([^\]]+)\](\([^)]*\))?")
_INCLUDE = re.compile(r'#include\s+"([^"]+)"')


class Section(Struct, frozen=True):
    """A section's name, what stood in brackets behind it, and its (option, value) lines in order."""

    name: str
    extra: str
    lines: tuple[tuple[str, str], ...]


def parse(text: str, file: str) -> tuple[Section, ...]:
    """Return the sections in order; raise SpecError with file and line for a line that is none of the
    known forms.
    """
    sections: list[tuple[str, str, list[tuple[str, str]]]] = []
    for number, raw in enumerate(text.split("\n"), start=1):
        # A big node's files have tens of thousands of lines: each is asked only for what its signs say it may be.
        line = (_uncomment(raw, f"{file}:{number}:1") if ";" in raw else raw).strip()
        if not line or (line[0] == "#" and _INCLUDE.fullmatch(line)):
            continue
        if line[0] == "[" and (head := _SECTION.fullmatch(line)):
            sections.append((head[1], head[2] or "", []))
            continue
        option, sign, value = line.partition("=")
        if not sign or not sections or line.startswith("#"):
            # The line itself is not shown: in pjsip.conf it may hold a password.
            raise SpecError(
                "a line Asterisk would not read", where=f"{file}:{number}:1",
                expected="[section], option = value, #include or a comment",
            )  # fmt: skip
        sections[-1][2].append((option.strip(), value.removeprefix(">").strip()))
    return tuple(Section(name, extra, tuple(lines)) for name, extra, lines in sections)


def includes(text: str) -> tuple[str, ...]:
    """Return the paths a file includes, in order."""
    found = (_INCLUDE.fullmatch(line.strip()) for line in text.split("\n"))
    return tuple(match[1] for match in found if match)


def _uncomment(line: str, where: str) -> str:
    """Cut a comment off a line of ours, which opens no block."""
    kept, block = uncommented(line)
    if block is not None:
        raise SpecError("a block comment, which swallows what follows", where=where, expected="no `;--`")
    return kept


def uncommented(line: str) -> tuple[str, str | None]:
    """Return a line without its comment, and what stands behind `;--`, which opens a block; None where nothing does.
    `\\;` is a semicolon. Source: main/config.c, config_text_file_load.
    """
    position = 0
    while (position := line.find(";", position)) >= 0:
        if position and line[position - 1] == "\\":
            line = line[: position - 1] + line[position:]
            continue
        if line[position:].startswith(";--") and not line[position:].startswith(";---"):
            return line[:position], line[position + 3 :]
        return line[:position], None
    return line, None


def settings(text: str, file: str) -> list[Setting]:
    """Return a file's settings; the object's name is the section, with its `type` where it has one
    (pjsip.conf).
    """
    found: list[Setting] = []
    for section in parse(text, file):
        options = [option for option, _ in section.lines]
        kind = next((value for option, value in section.lines if option == "type"), "")
        name = f"{section.name} {kind}" if kind else section.name
        counts: dict[str, int] = {}
        for option, value in section.lines:
            counts[option] = counts.get(option, 0) + 1
            repeated = options.count(option) > 1
            found.append(Setting(file, name, f"{option} {counts[option]:04d}" if repeated else option, value))
    return found
