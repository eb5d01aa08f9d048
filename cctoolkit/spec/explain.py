"""From what a JSON Schema validator complains about to what the author did wrong.

Schemas say more than the standard's words: `x-expected` is the form in words, `x-unit` the unit a bare number
lacks, `x-refused` gives the reason why a known name is not allowed, `x-secret` keeps a value out of messages.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, cast

from jsonschema.exceptions import ValidationError
from msgspec.structs import replace

from cctoolkit.spec.builder import Route
from cctoolkit.spec.hints import ABSENT, of_empty, of_form, of_range, of_type
from cctoolkit.spec.problem import Problem, did_you_mean, nearest, one_of, show
from cctoolkit.spec.source import Document

_TYPES = {
    "string": "text", "integer": "a whole number", "number": "a number", "boolean": "true or false",
    "array": "a list", "object": "a mapping", "null": "nothing",
}  # fmt: skip
_NAMES = {
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "a mapping",
}
_LIMITS = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "minItems": "at least {} of them",
    "maxItems": "at most {}",
    "minLength": "at least {} character",
    "maxLength": "at most {} characters",
    "minProperties": "at least {} of them",
    "maxProperties": "at most {} of them",
    "uniqueItems": "each only once",
}
# A value that breaks several rules is reported by the first of these.
_ORDER = ("type", "enum", "const", "pattern", "format")


def explain(
    errors: Iterable[ValidationError], document: Document, base: Route, sections: Collection[str]
) -> Iterator[Problem]:
    """Yield the problems behind errors about the value at `base`, one a value and one a key.

    `sections` are those of the document: one that stands too far to the right is an unknown key.
    """
    seen: set[tuple[Route, bool]] = set()
    for error in sorted(_opened(errors), key=_rank):
        path = (*base, *error.absolute_path)
        if len(path) == 1 and path[0] in document.unread and error.validator in ABSENT:
            continue
        if error.validator == "additionalProperties":
            yield from _unknown_keys(error, document, path, sections)
        elif error.validator == "required":
            # The validator makes one error for each missing key; one is enough to name them all.
            if (path, True) not in seen:
                seen.add((path, True))
                yield from _missing_keys(error, document, path)
        else:
            named = "propertyNames" in error.absolute_schema_path
            place = ((*path, cast(str, error.instance)) if named else path, named)
            if place not in seen:
                seen.add(place)
                yield _value(_best(error), document, *place)


def _opened(errors: Iterable[ValidationError]) -> Iterator[ValidationError]:
    """Yield the errors inside an optional mapping or list for the one that says that no alternative fits."""
    for error in errors:
        inner = _of_kind(error) if isinstance(error.instance, dict | list) else []
        if inner:
            yield from _opened(inner)
        else:
            yield error


def _of_kind(error: ValidationError) -> list[ValidationError]:
    """Return the errors of the first alternative that is of the value's own type."""
    if error.validator not in ("anyOf", "oneOf"):
        return []
    branches: dict[int | str, list[ValidationError]] = {}
    for one in error.context or ():
        branches.setdefault(one.relative_schema_path[0], []).append(one)
    own = (b for b in branches.values() if not any(e.validator == "type" and not e.relative_path for e in b))
    return next(own, [])


def _rank(error: ValidationError) -> int:
    return _ORDER.index(error.validator) if error.validator in _ORDER else len(_ORDER)


def _best(error: ValidationError) -> ValidationError:
    """Return the complaint of the alternative the author meant: the one of the value's own type."""
    while error.validator in ("anyOf", "oneOf") and error.context:
        error = max(error.context, key=lambda e: e.validator != "type")
    return error


def _schema(error: ValidationError) -> Mapping[str, Any]:
    return error.schema if isinstance(error.schema, Mapping) else {}


def _limit(error: ValidationError) -> Any:  # noqa: ANN401 - a keyword's value has any type
    value: Any = error.validator_value
    return value


def _unknown_keys(
    error: ValidationError, document: Document, path: Route, sections: Collection[str]
) -> Iterator[Problem]:
    schema = _schema(error)
    refused: Mapping[str, str] = schema.get("x-refused", {})
    known = schema.get("properties", {})
    for key in cast(dict[str, Any], error.instance):
        if key in refused:
            mark = document.mark((*path, key), key=True)
            yield Problem("schema-refused-key", f'"{key}" cannot be set here', document.file, mark, hint=refused[key])
        elif key not in known:
            problem = unknown(document, (*path, key), known, "key")
            moved = f'"{key}" is a section: it begins at the very left of its line'
            yield replace(problem, hint=moved) if key in sections else problem


def unknown(document: Document, path: Route, known: Iterable[str], what: str) -> Problem:
    """Return the problem of a key or section nobody knows; the last part of `path` is its name."""
    key, words = str(path[-1]), list(known)
    hint = did_you_mean(key, words)
    if key == "<<":
        hint = "YAML 1.2 has no merge key; an alias may stand for a whole value"
    mark = document.mark(path, key=True)
    return Problem(f"schema-unknown-{what}", f"{show(key)} is not a known {what} here", document.file, mark,
                   one_of(words), hint)  # fmt: skip


def missing(wanted: Iterable[str], written: Iterable[str], known: Iterable[str]) -> list[str]:
    """Return the names that are missing; those only misspelt are reported as unknown, not here."""
    words = list(known)
    there = set(written)
    # Nobody misspells more than these; a mapping of thousands of unknown keys is something else.
    misspelt = {nearest(key, words) for key in islice(there.difference(words), 20)}
    return [name for name in wanted if name not in there and name not in misspelt]


def _missing_keys(error: ValidationError, document: Document, path: Route) -> Iterator[Problem]:
    for key in missing(_limit(error), cast(dict[str, Any], error.instance), _schema(error).get("properties", {})):
        mark = document.mark(path, key=True)
        yield Problem("schema-required", f'"{key}" is missing', document.file, mark, hint=f'write "{key}: …" here')


def choice(document: Document, path: Route, value: object, known: Iterable[str]) -> Problem:
    """Return the problem of a value that is none of those possible."""
    words = [str(word) for word in known]
    name = next(str(part) for part in reversed(path) if isinstance(part, str))
    return Problem("schema-choice", f'{show(value)} is not a choice of "{name}"', document.file,
                   document.mark(path), one_of(words), did_you_mean(str(value), words))  # fmt: skip


def _value(error: ValidationError, document: Document, path: Route, named: bool) -> Problem:
    """Explain a wrong type, choice, form or range of one value, or the wrong form of a key."""
    schema, kind = _schema(error), str(error.validator)
    if kind == "enum":
        return choice(document, path, error.instance, _limit(error))
    mark = document.mark(path, key=named)
    expected = str(schema.get("x-expected", ""))
    what = "the value" if schema.get("x-secret") else show(error.instance)
    if kind == "type":
        return wrong_type(document, path, error.instance, _limit(error), schema)
    if kind in ("pattern", "format"):
        return Problem("schema-format", f"{what} is not of the right form", document.file, mark,
                       expected or str(_limit(error)), of_form(error.instance, schema))  # fmt: skip
    expected = _LIMITS.get(kind, kind + " {}").format(_limit(error))
    hint = of_range(error.instance, kind, _limit(error), schema)
    return Problem("schema-range", f"{what} is out of range", document.file, mark, expected, hint)


def wrong_type(
    document: Document, path: Route, value: object, wanted: str | list[str], schema: Mapping[str, Any]
) -> Problem:
    """Return the problem of a value of the wrong type, with the cure when it is a slip of quoting."""
    types = [wanted] if isinstance(wanted, str) else wanted
    secret = schema.get("x-secret")
    what = "the value" if secret else show(value)
    expected = schema.get("x-expected") or " or ".join(_TYPES[t] for t in types)
    hint = "" if secret else of_type(value, types, schema)
    if value is None and len(path) == 1:
        hint = of_empty(types, schema)
    name = _NAMES.get(type(value), "empty")
    message = f"{what} is {name}" if value is not None else "there is nothing here"
    if isinstance(value, dict | list):
        message = f"{name} stands here"
    return Problem("schema-type", message, document.file, document.mark(path), expected, hint)
