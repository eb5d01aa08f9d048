"""Extensions that are patterns, and which of several Asterisk takes.

Source: main/pbx.c of Asterisk 22 (ext_cmp, extension_match_core).
"""

from collections.abc import Collection

_SETS = {"X": "0123456789", "Z": "123456789", "N": "23456789"}


def _parts(pattern: str) -> list[str]:
    """Return a pattern's places, each the characters it allows; "." and "!" stand for themselves."""
    parts: list[str] = []
    text = pattern[1:]
    position = 0
    while position < len(text):
        sign = text[position]
        if sign == "[" and (end := text.find("]", position)) > 0:
            parts.append(_ranged(text[position + 1 : end]))
            position = end
        elif sign in ".!":
            parts.append(sign)
        elif sign != "-":
            parts.append(_SETS.get(sign.upper(), sign))
        position += 1
    return parts


def _ranged(text: str) -> str:
    found = ""
    while text:
        if len(text) >= 3 and text[1] == "-":
            found += "".join(map(chr, range(ord(text[0]), min(ord(text[2]), ord(text[0]) + 128) + 1)))
            text = text[3:]
        else:
            found, text = found + text[0], text[1:]
    return found


def matches(name: str, dialled: str) -> bool:
    """Tell whether an extension, perhaps a pattern, is what was dialled; hyphens do not count in a pattern."""
    if not name.startswith("_"):
        return name == dialled
    rest = dialled.replace("-", "")
    for part in _parts(name):
        if part == "!":
            return True
        if part == ".":
            return len(rest) > 0
        if not rest or rest[0] not in part:
            return False
        rest = rest[1:]
    return not rest


def best(extensions: Collection[str], dialled: str) -> str | None:
    """Return the extension Asterisk takes for what was dialled: a name before a pattern, of patterns the narrowest."""
    if dialled in extensions and not dialled.startswith("_"):
        return dialled
    fitting = [name for name in extensions if name.startswith("_") and matches(name, dialled)]
    return min(fitting, key=_width, default=None)


def _width(pattern: str) -> list[int]:
    wide = {".": 1_000, "!": 2_000}
    return [wide.get(part) or len(part) for part in _parts(pattern)]
