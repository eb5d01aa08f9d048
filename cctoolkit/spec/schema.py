"""Holds data against JSON Schema (2020-12) and says what is wrong in the author's words.

The schemas in `schemas/` are generated from the structs of `model`. A section is validated by its own schema,
a step by the schema of its `type`, chosen before validation, so that a typo in a menu is reported as just
that.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, cast

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend

from cctoolkit import resources
from cctoolkit.spec.builder import Route
from cctoolkit.spec.explain import choice, explain, missing, unknown, wrong_type
from cctoolkit.spec.hints import matches
from cctoolkit.spec.problem import MAX_PROBLEMS, Problem, bounded, nearest, one_of
from cctoolkit.spec.source import Document

_TYPE = "type"
_INNER = "additionalProperties"
_KINDS: dict[str, type] = {"object": dict, "array": list}


def _pattern(_: Validator, pattern: str, instance: object, __: Mapping[str, Any]) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not matches(pattern, instance):
        yield ValidationError("is not of the right form")


def _whole_number(_: object, instance: object) -> bool:
    # To JSON Schema 5.0 is an integer too; to the structs it is none where text may stand as well.
    return type(instance) is int


_Checker = cast(
    type[Draft202012Validator],
    extend(  # type: ignore[no-untyped-call]
        Draft202012Validator,
        {"pattern": _pattern},
        type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _whole_number),
    ),
)


@cache
def validator(name: str) -> Draft202012Validator:
    """Return the compiled validator of `schemas/<name>.schema.json`."""
    schema = json.loads((resources.schemas() / f"{name}.schema.json").read_text(encoding="utf-8"))
    return _Checker(schema, format_checker=FormatChecker())


@cache
def names(folder: str) -> tuple[str, ...]:
    """Return the sections of a kind of document ("project", "site"), or the step types ("steps")."""
    return tuple(sorted(p.name.removesuffix(".schema.json") for p in Path(resources.schemas() / folder).glob("*.json")))


@cache
def _whole(name: str) -> Mapping[str, Any]:
    return cast(Mapping[str, Any], validator(name).schema)


def _outermost(name: str) -> Mapping[str, Any]:
    """Return the schema of a section itself where its file only refers to it."""
    schema = _whole(name)
    inner = schema.get("$defs", {}).get(str(schema.get("$ref")).removeprefix("#/$defs/"))
    return cast(Mapping[str, Any], inner) if inner else schema


@cache
def sections(kind: str) -> tuple[str, ...]:
    """Return the sections a kind of document may have; a library has those of a project that hold things by name."""
    if kind != "library":
        return names(kind)
    return tuple(name for name in names("project") if isinstance(_whole(f"project/{name}").get(_INNER), dict))


def check(document: Document, kind: str) -> list[Problem]:
    """Validate a document of `kind` ("project", "library" or "site"); return every problem, in the files' order."""
    if wrong := shape(document, kind):
        return wrong
    document.misnamed = frozenset(_misnamed(document, kind))
    return bounded(_check(document, kind))


def _misnamed(document: Document, kind: str) -> Iterator[str]:
    """Yield the keys of sections that hold things by name which are no names."""
    for section, content in document.data.items():
        if section in sections(kind) and isinstance(content, dict):
            pattern = _outermost(f"{_home(kind)}/{section}").get("propertyNames", {}).get("pattern")
            yield from (name for name in content if pattern and not matches(pattern, name))


def shape(document: Document, kind: str) -> list[Problem]:
    """Return the problem of a document that has no sections at all."""
    if document.data is None:
        return [Problem("file-empty", "the file is empty", document.file, expected=", ".join(sections(kind)))]
    if not isinstance(document.data, dict):
        return [wrong_type(document, (), document.data, "object", {})]
    return []


def misplaced(document: Document, kind: str) -> frozenset[str]:
    """Return the sections whose content nobody can know: misspelt, too far to the right, or a list for a mapping."""
    known, absent, found = names(kind), set(names(kind)).difference(document.data), set[str]()
    strangers = 0
    for section, content in document.data.items():
        if section not in known:
            strangers += 1
            found |= absent.intersection([nearest(section, known)] if strangers <= len(known) else [])
            continue
        schema = _outermost(f"{kind}/{section}")
        wanted = _KINDS.get(str(schema.get(_TYPE)))
        if wanted and not isinstance(content, wanted):
            found.add(section)
        elif isinstance(content, dict) and schema.get(_INNER) is False:
            found |= absent.intersection(content)
    return frozenset(found)


def _check(document: Document, kind: str) -> Iterator[Problem]:
    if kind != "library":
        required = _whole(kind).get("x-required") or _whole(kind)["required"]
        for section in missing(sorted(set(required) - document.unread), document.data, names(kind)):
            yield Problem("schema-required", f'the section "{section}" is missing', document.file, document.mark(()))
    for section in document.data:
        if section in sections(kind):
            yield from check_section(document, kind, section)
        else:
            yield unknown(document, (section,), sections(kind), "section")


def check_section(document: Document, kind: str, section: str) -> Iterator[Problem]:
    """Validate one section of a document."""
    if kind != "site" and section == "flow":
        yield from _flow(document)
    else:
        yield from _against(validator(f"{_home(kind)}/{section}"), document, (section,))


def _home(kind: str) -> str:
    return "site" if kind == "site" else "project"


def _flow(document: Document) -> Iterator[Problem]:
    flow, schema = document.data["flow"], _whole("project/flow")
    # The shape of the whole: names of steps and how many; each step by the schema of its own type.
    shape = {key: schema[key] for key in ("type", "minProperties", "maxProperties", "propertyNames")}
    yield from _against(validator("project/flow").evolve(schema=shape), document, ("flow",))
    if isinstance(flow, dict) and len(flow) <= schema["maxProperties"]:
        for name, step in flow.items():
            yield from _step(document, ("flow", name), step)


def _step(document: Document, path: Route, step: object) -> Iterator[Problem]:
    types = names("steps")
    if not isinstance(step, dict):
        yield wrong_type(document, path, step, "object", {"x-expected": 'a mapping with a "type"'})
    elif _TYPE not in step:
        written = [key for key in step if nearest(key, [_TYPE])]
        place = (*path, *written[:1])
        mark = document.mark(place, key=True)
        yield Problem("schema-required", f'the step "{path[-1]}" has no "type"', document.file, mark,
                      one_of(types), 'did you mean "type"?' if written else "")  # fmt: skip
    elif step[_TYPE] in types:
        yield from _against(validator(f"steps/{step[_TYPE]}"), document, path)
    elif isinstance(step[_TYPE], str):
        yield choice(document, (*path, _TYPE), step[_TYPE], types)
    else:
        yield wrong_type(document, (*path, _TYPE), step[_TYPE], "string", {"x-expected": one_of(types)})


def _against(checker: Validator, document: Document, path: Route) -> Iterator[Problem]:
    value: Any = document.data
    for part in path:
        value = value[part]
    known = names("site" if "site" in document.data else "project")
    errors = (error for error in checker.iter_errors(value) if not _follows(error, document))
    yield from explain(islice(errors, MAX_PROBLEMS), document, path, known)


def _follows(error: ValidationError, document: Document) -> bool:
    """Tell whether a text refers to a name that is itself reported where it stands."""
    refers = error.validator in ("pattern", "anyOf") and "propertyNames" not in error.absolute_schema_path
    return refers and isinstance(error.instance, str) and error.instance in document.misnamed
