"""What a plain scalar means. Source: YAML 1.2.2, chapter 10.3 (core schema), narrowed as `builder` says."""

import re

_INT = re.compile(r"-?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+([eE][-+]?[0-9]+)?")
_WORDS: dict[str, object] = {"": None, "~": None, "null": None, "true": True, "false": False}
# Longer ones stay text, and are then refused as text where a number is wanted: no number of a spec is so
# large.
_MAX_DIGITS = 18


def resolve(text: str) -> object:
    """Give a plain scalar its value: null, true, false, a decimal number, else the text itself."""
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text) if len(text) <= _MAX_DIGITS else text
    return float(text) if _FLOAT.fullmatch(text) else text
