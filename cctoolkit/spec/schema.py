"""Holds data against JSON Schema (2020-12) and says what is wrong in the author's words.

The schemas in `schemas/` are generated from the structs of `model`. A section is validated by its own schema, a step
by the schema of its `type`, chosen before validation, so that a typo in a menu is reported as just that.
"""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from cctoolkit import resources
from cctoolkit.spec.problem import Problem, did_you_mean
from cctoolkit.spec.source import Document, Path_

_TYPES = {
    "string": "text", "integer": "a whole number", "number": "a number", "boolean": "true or false",
    "array": "a list", "object": "a mapping", "null": "nothing",
}  # fmt: skip


@cache
def validator(name: str) -> Draft202012Validator:
    """Return the compiled validator of `schemas/<name>.schema.json`."""
    schema = json.loads((resources.schemas() / f"{name}.schema.json").read_text(encoding="utf-8"))
    return Draft202012Validator(schema, format_checker=FormatChecker())


@cache
def names(folder: str) -> tuple[str, ...]:
    """Return the sections of a kind of document ("project", "site"), or the step types ("steps")."""
    return tuple(sorted(p.name.removesuffix(".schema.json") for p in Path(resources.schemas() / folder).glob("*.json")))


@cache
def required(kind: str) -> frozenset[str]:
    """Return the sections a document of this kind must have."""
    return frozenset(validator(kind).schema.get("required", ()))


def check(document: Document, kind: str) -> list[Problem]:
    """Validate a whole document of `kind` ("project" or "site"); return every problem, in the file's order."""
    if not isinstance(document.data, dict):
        return [Problem("schema-type", f"the file holds {_name(document.data)}", document.file, expected="a mapping")]
    found = [*_missing(document, kind)]
    for section in document.data:
        if section not in names(kind):
            found.append(_unknown(document, (section,), section, names(kind), "section"))
        elif (kind, section) == ("project", "flow"):
            found += _flow(document)
        else:
            found += _against(f"{kind}/{section}", document, (section,))
    return sorted(found, key=lambda p: p.mark)


def _missing(document: Document, kind: str) -> Iterator[Problem]:
    for section in sorted(required(kind) - set(document.data)):
        yield Problem("schema-required", f'the section "{section}" is missing', document.file, document.mark(()))


def _flow(document: Document) -> list[Problem]:
    flow = document.data["flow"]
    if not isinstance(flow, dict) or not flow:
        return [Problem("schema-type", "the flow has no steps", document.file, document.mark(("flow",)),
                        expected="a mapping of step names to steps")]  # fmt: skip
    found = []
    for name, step in flow.items():
        kind = step.get("type") if isinstance(step, dict) else None
        path: Path_ = ("flow", name)
        if isinstance(kind, str) and kind in names("steps"):
            found += _against(f"steps/{kind}", document, path)
        elif kind is None:
            found.append(Problem("schema-required", f'the step "{name}" has no "type"', document.file,
                                 document.mark(path, key=True), expected=_list(names("steps"))))  # fmt: skip
        else:
            found.append(_not_among(document, (*path, "type"), kind, names("steps"), "type"))
    return found


def _against(schema: str, document: Document, path: Path_) -> list[Problem]:
    value: Any = document.data
    for part in path:
        value = value[part]
    errors = validator(schema).iter_errors(value)
    return [problem for error in errors for problem in _explain(error, document, path)]


def _explain(error: ValidationError, document: Document, base: Path_) -> Iterator[Problem]:
    path: Path_ = (*base, *error.absolute_path)
    if error.validator in ("anyOf", "oneOf") and error.context:
        # The branch that got furthest is the one the author meant.
        best = max(error.context, key=lambda e: (len(e.absolute_path), e.validator != "type"))
        yield from _explain(best, document, base)
    elif error.validator == "additionalProperties":
        known = list(error.schema.get("properties", ()))
        for key in sorted(set(error.instance) - set(known)):
            yield _unknown(document, (*path, key), key, known, "key")
    elif error.validator == "required":
        missing = [key for key in error.validator_value if key not in error.instance]
        for key in missing:
            yield Problem("schema-required", f'"{key}" is missing', document.file, document.mark(path, key=True))
    elif error.validator == "enum":
        yield _not_among(document, path, error.instance, error.validator_value, str(path[-1]))
    else:
        yield _plain(error, document, path)


def _plain(error: ValidationError, document: Document, path: Path_) -> Problem:
    """A wrong type, pattern or range; `x-expected` in the schema says in words what was meant."""
    where = "propertyNames" in error.absolute_schema_path
    mark = document.mark((*path, error.instance) if where else path, key=where)
    expected = error.schema.get("x-expected", "")
    what = _short(error.instance)
    if error.validator == "type":
        expected = expected or " or ".join(_TYPES[t] for t in _as_list(error.validator_value))
        hint = f'write it in quotes: "{error.instance}"' if _is_number_for_text(error) else ""
        return Problem("schema-type", f"{what} is {_name(error.instance)}", document.file, mark, expected, hint)
    if error.validator in ("pattern", "format"):
        return Problem("schema-format", f"{what} is not of the right form", document.file, mark, expected or str(error.validator_value))
    return Problem(f"schema-{error.validator.lower()}", error.message[:200], document.file, mark, expected)


def _is_number_for_text(error: ValidationError) -> bool:
    return "string" in _as_list(error.validator_value) and isinstance(error.instance, int | float)


def _unknown(document: Document, path: Path_, key: str, known: list[str] | tuple[str, ...], what: str) -> Problem:
    return Problem(f"schema-unknown-{what}", f'"{key}" is not a known {what} here', document.file,
                   document.mark(path, key=True), expected=_list(known), hint=did_you_mean(key, known))  # fmt: skip


def _not_among(document: Document, path: Path_, value: object, known: list[str] | tuple[str, ...], option: str) -> Problem:
    return Problem("schema-choice", f'{_short(value)} is not a choice of "{option}"', document.file, document.mark(path),
                   expected=_list(known), hint=did_you_mean(str(value), map(str, known)))  # fmt: skip


def _as_list(value: object) -> list[str]:
    return value if isinstance(value, list) else [str(value)]


def _list(known: list[str] | tuple[str, ...]) -> str:
    return "one of " + ", ".join(map(str, sorted(known, key=str)))


def _short(value: object) -> str:
    text = f'"{value}"' if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "…"


def _name(value: object) -> str:
    kinds = {bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list", dict: "a mapping"}
    return kinds.get(type(value), "empty")
