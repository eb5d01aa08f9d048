"""The cure of a wrong value, where it can be told from the value and what its schema wants."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from cctoolkit.spec.problem import foreign_letter, show
from cctoolkit.spec.repair import repaired

_BOOLEANS = {"yes": "true", "on": "true", "true": "true", "no": "false", "off": "false", "false": "false"}
# What a pattern of free text begins with: no control character, so no end of a line.
_ONE_LINE = r"[^\x00-\x1f"
# What must not be said of a section that could not be read wholly: the rest may be there.
ABSENT = ("required", "minProperties", "minItems")


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    # Patterns are ECMA-262's (JSON Schema core, 6.4), where $ is the very end; Python's matches before a last
    # newline too, and a name with a newline would end its line of the dialplan.
    return re.compile(re.sub(r"(?<!\\)\$$", r"\\Z", pattern))


def matches(pattern: str, text: str) -> bool:
    """Tell whether a text is of the form a schema's pattern says."""
    return _compiled(pattern).search(text) is not None


def of_type(value: object, types: list[str], schema: Mapping[str, Any]) -> str:
    """Return the cure of a value of the wrong type, when it is a slip of quoting or of lists."""
    if isinstance(value, str):
        return _text_hint(value, types, schema)
    if "string" in types and isinstance(value, int | float):
        return _of_bare(value, schema)
    if isinstance(value, int | float):
        return _of_number(value, types) or _as_mapping(types, schema)
    if "array" in types and isinstance(value, dict):
        return 'begin each item with "- "'
    if "object" in types and isinstance(value, list):
        return 'write "name:" and what belongs to it, without "- "'
    return ""


def _of_bare(value: float, schema: Mapping[str, Any]) -> str:
    """Return what a number is where text is wanted: a time of day such as 8.30 has lost its last digit."""
    plain = show(value)
    for text in (plain, f"{value:.2f}" if isinstance(value, float) else plain):
        if meant := of_form(text, schema):
            return meant
    fits = "pattern" not in schema or matches(schema["pattern"], plain)
    return f'write it in quotes: "{plain}"' if fits else ""


def _as_mapping(types: list[str], schema: Mapping[str, Any]) -> str:
    """Return how a mapping is begun, where one is wanted: with the keys it must have, else the first it may have."""
    keys = schema.get("required") or [*schema.get("properties", {})][:2]
    return f"write it as a mapping: {{{', '.join(f'{key}: …' for key in keys)}}}" if "object" in types and keys else ""


def _of_number(value: float, types: list[str]) -> str:
    if "boolean" in types and value in (0, 1):
        return f"write {str(bool(value)).lower()}"
    whole = "integer" in types and isinstance(value, float) and value.is_integer() and abs(value) < 10**9
    return f"write {value:.0f}" if whole else ""


def of_empty(types: list[str], schema: Mapping[str, Any]) -> str:
    """Return how a section without content is written, where it may be."""
    if not schema or any(schema.get(keyword) for keyword in ABSENT):
        return ""
    return f"write {'[]' if 'array' in types else '{}'}, or leave the section out"


def _text_hint(value: str, types: list[str], schema: Mapping[str, Any]) -> str:
    if "array" in types:
        return f"write it as a list: [{show(value)}]"
    if mapping := _as_mapping(types, schema):
        return mapping
    if "boolean" in types:
        meant = _BOOLEANS.get(value.lower(), "")
        return f"write {meant}" + (" without quotes" if meant == value else "") if meant else ""
    return _number_hint(value, types)


def _number_hint(value: str, types: list[str]) -> str:
    if "number" in types and (percent := re.fullmatch(r"([0-9]{1,3}(?:[.,][0-9]{1,3})?) ?%", value)):
        return f"write it as a share of one: {float(percent[1].replace(',', '.')) / 100:g}"
    if "integer" in types and (percent := re.fullmatch(r"([0-9]{1,3}) ?%", value)):
        return f"write {percent[1]}"
    if "number" in types and re.fullmatch(r"[0-9]{1,3},[0-9]{1,6}", value):
        return f"write {value.replace(',', '.')}"
    form = "-?[0-9]{1,9}" + (r"(\.[0-9]{1,9})?" if "number" in types else "")
    return "write it without quotes" if {"integer", "number"}.intersection(types) and re.fullmatch(form, value) else ""


def of_range(value: object, kind: str, limit: object, schema: Mapping[str, Any]) -> str:
    """Return the cure of a number beyond its limit, when a share was written for percent or percent for a share."""
    if not isinstance(value, int | float):
        return ""
    if kind == "maximum" and limit == 1 and value <= 100:
        return f"write it as a share of one: {float(str(value)) / 100:g}"
    shared = kind == "minimum" and limit == 1 and schema.get("maximum") in (99, 100) and 0.005 < value < 1
    return f"write it in percent: {value * 100:.0f}" if shared else ""


def of_form(value: object, schema: Mapping[str, Any]) -> str:
    """Return the cure of a text of the wrong form."""
    text = str(value)
    if "x-unit" in schema and re.fullmatch(r"[0-9]{1,9}", text):
        return f'write it with its unit: "{text}{schema["x-unit"]}"'
    if schema.get("x-secret"):
        return "a spec says where the secret is found, never the secret itself"
    if schema.get("format") == "date" and matches(str(schema.get("pattern")), text):
        return "the calendar has no such day"
    if "\n" in text and _ONE_LINE in str(schema.get("pattern")):
        return "write it in one line"
    meant = repaired(text, schema, matches)
    return " ".join(part for part in (f'did you mean "{meant}"?' if meant else "", foreign_letter(text)) if part)
